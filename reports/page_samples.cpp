#include "reports/page_samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace flashcore::reports {
namespace {

constexpr std::size_t kBudget = 60'000;  // samples of a report: some 400 kB
constexpr std::size_t kFewest = 25;      // under which a distribution is no more to be seen
constexpr std::size_t kMost = 400;

// Nearest rank, as analysis/statistics.h has it.
std::size_t median_rank(std::size_t n) {
  return (n + 1) / 2 - 1;
}

// The ranks that stay: evenly from the least to the median, and evenly from there to the greatest.
std::vector<std::size_t> even_ranks(std::size_t n, std::size_t most) {
  const std::size_t middle = median_rank(most), median = median_rank(n);
  const auto part = [](std::size_t i, std::size_t ranks, std::size_t places) {
    return (i * ranks + places / 2) / places;
  };
  std::vector<std::size_t> ranks;
  for (std::size_t i = 0; i < middle; ++i) ranks.push_back(part(i, median, middle));
  for (std::size_t i = 0; i < most - middle; ++i)
    ranks.push_back(median + part(i, n - 1 - median, most - 1 - middle));
  return ranks;
}

}  // namespace

std::size_t samples_kept(std::size_t runs) {
  return std::clamp(kBudget / (2 * std::max<std::size_t>(runs, 1)), kFewest, kMost);
}

std::vector<std::size_t> thinned(std::span<const double> values, std::size_t most) {
  std::vector<std::size_t> places(values.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (values.size() <= std::max<std::size_t>(most, 3)) return places;
  most = std::max<std::size_t>(most, 3);
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::size_t> kept;
  for (const std::size_t rank : even_ranks(values.size(), most)) kept.push_back(places[rank]);
  std::sort(kept.begin(), kept.end());
  return kept;
}

nlohmann::ordered_json samples_json(std::span<const double> ns, std::size_t most) {
  nlohmann::ordered_json us = nlohmann::ordered_json::array(), at = nlohmann::ordered_json::array();
  const std::vector<std::size_t> places = thinned(ns, most);
  for (const std::size_t place : places) {
    us.push_back(std::round(ns[place]) / 1e3);
    at.push_back(place);
  }
  nlohmann::ordered_json out{{"n", ns.size()}, {"us", std::move(us)}};
  if (places.size() < ns.size()) out["at"] = std::move(at);
  return out;
}

}  // namespace flashcore::reports
