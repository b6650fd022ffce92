#include "analysis/verdict/ranks.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace flashcore::analysis {
namespace {

struct Ranked {
  std::vector<int> doubled;  // ranks of a, then of b, times two: ties share the mean of theirs
  double ties = 0;           // sum of t^3 - t over groups of equal values
};

Ranked rank(std::span<const double> a, std::span<const double> b) {
  struct Item {
    double value;
    std::size_t at;
  };
  std::vector<Item> items;
  for (const double value : a) items.push_back({value, items.size()});
  for (const double value : b) items.push_back({value, items.size()});
  std::sort(items.begin(), items.end(), [](const Item& x, const Item& y) { return x.value < y.value; });
  Ranked ranked;
  ranked.doubled.resize(items.size());
  for (std::size_t first = 0; first < items.size();) {
    std::size_t last = first;
    while (last + 1 < items.size() && items[last + 1].value == items[first].value) ++last;
    for (std::size_t i = first; i <= last; ++i) {
      ranked.doubled[items[i].at] = static_cast<int>(first + last + 2);
    }
    const auto equal = static_cast<double>(last - first + 1);
    ranked.ties += equal * equal * equal - equal;
    first = last + 1;
  }
  return ranked;
}

// Of all ways to give `count` of the ranks to one side, those whose sum is as far from the middle as `sum`.
double counted_out(const std::vector<int>& ranks, std::size_t count, int sum) {
  const int total = [&] {
    int all = 0;
    for (const int r : ranks) all += r;
    return all;
  }();
  // ways[k][s]: how many sets of k ranks add up to s.
  std::vector<std::vector<double>> ways(count + 1, std::vector<double>(static_cast<std::size_t>(total) + 1));
  ways[0][0] = 1;
  for (const int r : ranks) {
    for (std::size_t k = count; k >= 1; --k) {
      for (int s = total; s >= r; --s) {
        ways[k][static_cast<std::size_t>(s)] += ways[k - 1][static_cast<std::size_t>(s - r)];
      }
    }
  }
  // The middle is count / size of the total; all in whole numbers.
  const auto size = static_cast<long>(ranks.size());
  const auto distance = [&](long s) { return std::labs(s * size - static_cast<long>(count) * total); };
  double as_far = 0, all = 0;
  for (int s = 0; s <= total; ++s) {
    const double here = ways[count][static_cast<std::size_t>(s)];
    all += here;
    if (distance(s) >= distance(sum)) as_far += here;
  }
  return as_far / all;
}

}  // namespace

double mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  const Ranked ranked = rank(a, b);
  const std::size_t n = ranked.doubled.size();
  int sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += ranked.doubled[i];
  constexpr std::size_t kCountedOut = 24;
  if (n <= kCountedOut) return counted_out(ranked.doubled, a.size(), sum);
  const auto na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
  const auto all = static_cast<double>(n);
  const double variance = na * nb / 12 * (all + 1 - ranked.ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const double off = std::fabs(sum / 2.0 - na * (all + 1) / 2);
  const double z = std::max(0.0, off - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::numbers::sqrt2);
}

double smallest_p(std::size_t a, std::size_t b) {
  if (a == 0 || b == 0) return 1;
  const auto x = static_cast<double>(a), y = static_cast<double>(b);
  const double ways = std::lgamma(x + y + 1) - std::lgamma(x + 1) - std::lgamma(y + 1);
  return std::min(1.0, 2 * std::exp(-ways));
}

}  // namespace flashcore::analysis
