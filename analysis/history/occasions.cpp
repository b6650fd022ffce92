#include "analysis/history/occasions.h"

#include <span>
#include <tuple>

#include "analysis/verdict/noise.h"

namespace flashcore::analysis {
namespace {

bool same_occasion(const HistoryPoint& a, const HistoryPoint& b) {
  if (std::tie(a.commit, a.dirty, a.source_hash) != std::tie(b.commit, b.dirty, b.source_hash)) return false;
  constexpr double kAnyDuration = 1e3;  // it only scales what is zero here
  const Circumstances before{a.conditions, a.card, a.taken_at}, now{b.conditions, b.card, b.taken_at};
  return apart(std::span(&before, 1), std::span(&now, 1), kAnyDuration).spread == 0;
}

}  // namespace

std::vector<Occasion> occasions_of(const std::vector<HistoryPoint>& points,
                                   const std::vector<std::size_t>& places) {
  std::vector<Occasion> all;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i == 0 || !same_occasion(points[places[i - 1]], points[places[i]])) all.push_back({i, i});
    all.back().end = i + 1;
  }
  return all;
}

}  // namespace flashcore::analysis
