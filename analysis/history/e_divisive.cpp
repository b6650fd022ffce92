#include "analysis/history/e_divisive.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <tuple>

namespace flashcore::analysis {
namespace {

using boost::math::policies::domain_error;
using boost::math::policies::ignore_error;
using boost::math::policies::overflow_error;
// No exception leaves this folder; what is out of a function's domain is NaN and compares as false.
using Quiet = boost::math::policies::policy<domain_error<ignore_error>, overflow_error<ignore_error>>;
using StudentsT = boost::math::students_t_distribution<double, Quiet>;

struct Side {
  double n = 0, mean = 0, squares = 0;  // squares: of the differences to the mean
  double variance() const { return n > 1 ? squares / (n - 1) : 0; }
};

Side side_of(std::span<const double> values, std::size_t begin, std::size_t end) {
  Side side;
  for (const double value : values.subspan(begin, end - begin)) {
    side.n += 1;
    const double delta = value - side.mean;
    side.mean += delta / side.n;
    side.squares += delta * (value - side.mean);
  }
  return side;
}

double two_sided(double t, double freedom) {
  return 2 * boost::math::cdf(boost::math::complement(StudentsT(freedom), std::abs(t)));
}

// Student's t-test with one variance for both sides: it works for sides of very few values, where a variance
// of each side would not.
//
// `plain`: Otava hands the test the deviation of each side over n where n - 1 belongs, which makes every p
// somewhat smaller; its published answers can be reproduced only so.
double p_of(const Side& a, const Side& b, bool plain) {
  const double freedom = a.n + b.n - 2;
  if (a.n < 1 || b.n < 1 || freedom <= 0) return 1;
  const double gap = b.mean - a.mean;
  const double squares =
      plain ? a.squares * (a.n - 1) / a.n + b.squares * (b.n - 1) / b.n : a.squares + b.squares;
  const double error = std::sqrt(squares / freedom * (1 / a.n + 1 / b.n));
  // Sums of equal values may differ in their last bits.
  const double rounding =
      8 * std::numeric_limits<double>::epsilon() * std::max(std::abs(a.mean), std::abs(b.mean));
  if (error <= rounding) return std::abs(gap) <= rounding ? 1 : 0;
  return two_sided(gap / error, freedom);
}

// Half of the 99% interval of the difference of the means (Welch, Satterthwaite's degrees of freedom). A side
// of one value takes the variance of the other.
double half_width(const Side& a, const Side& b) {
  const double variance_a = a.n > 1 ? a.variance() : b.variance();
  const double variance_b = b.n > 1 ? b.variance() : a.variance();
  const double share_a = variance_a / a.n, share_b = variance_b / b.n, sum = share_a + share_b;
  if (!(sum > 0)) return 0;
  const double freedom =
      sum * sum / (share_a * share_a / std::max(1.0, a.n - 1) + share_b * share_b / std::max(1.0, b.n - 1));
  constexpr double kOutside = 0.005;
  return boost::math::quantile(boost::math::complement(StudentsT(freedom), kOutside)) * std::sqrt(sum);
}

struct Place {
  std::size_t index = 0;
  ChangePoint change;
  bool too_short = false;
};

std::vector<std::size_t> split_window(std::span<const double> values, std::size_t begin, std::size_t end,
                                      const ChangePointOptions& options) {
  std::vector<std::size_t> edges{begin, end};
  const auto shortest = static_cast<std::size_t>(options.shortest);
  for (;;) {
    Candidate best;
    std::size_t at = 0;
    for (std::size_t s = 0; s + 1 < edges.size(); ++s) {
      const Candidate candidate = best_split(values, edges[s], edges[s + 1], shortest);
      if (candidate.index != 0 && (best.index == 0 || candidate.q > best.q)) {
        best = candidate;
        at = s;
      }
    }
    if (best.index == 0) break;
    const double p = p_of(side_of(values, edges[at], best.index), side_of(values, best.index, edges[at + 1]),
                          options.plain);
    if (!(p < options.weak_p)) break;
    edges.insert(edges.begin() + static_cast<std::ptrdiff_t>(at) + 1, best.index);
  }
  return {edges.begin() + 1, edges.end() - 1};
}

// Whether a split nearer to an edge than a level may be explains more: then it is the values there, too few
// to be a level, that drew the place to them.
bool edge_is_likelier(std::span<const double> values, std::size_t begin, std::size_t index, std::size_t end,
                      std::size_t shortest) {
  const auto left = [&](std::size_t at) {
    return side_of(values, begin, at).squares + side_of(values, at, end).squares;
  };
  const double here = left(index);
  for (std::size_t away = 1; away < shortest; ++away) {
    if (left(begin + away) < here || left(end - away) < here) return true;
  }
  return false;
}

Place place_at(std::span<const double> values, std::size_t begin, std::size_t index, std::size_t end,
               const ChangePointOptions& options) {
  Place place{index, change_at(values, begin, index, end), false};
  if (options.plain) place.change.p = p_of(side_of(values, begin, index), side_of(values, index, end), true);
  const auto shortest = static_cast<std::size_t>(options.shortest);
  place.too_short = index - begin < shortest || end - index < shortest ||
                    edge_is_likelier(values, begin, index, end, shortest);
  return place;
}

double magnitude(const ChangePoint& change) {
  const double forward = std::abs(change.change);
  const double back = change.after != 0 ? std::abs(change.before / change.after - 1) : 0;
  return std::max(forward, back);
}

// Whether a change can be as large as what matters: by its interval, or as published by itself.
double reach(const ChangePoint& change, bool plain) {
  return plain ? magnitude(change) : std::max(std::abs(change.low), std::abs(change.high));
}

// The one that has to go; nothing where all may stay.
std::optional<std::size_t> weakest(const std::vector<Place>& places, const ChangePointOptions& options) {
  if (places.empty()) return std::nullopt;
  const auto worst = std::max_element(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.too_short, a.change.p) < std::tuple(b.too_short, b.change.p);
  });
  if (worst->too_short || !(worst->change.p < options.strict_p))
    return static_cast<std::size_t>(worst - places.begin());
  const auto least = std::min_element(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    return reach(a.change, options.plain) < reach(b.change, options.plain);
  });
  if (!(reach(least->change, options.plain) > options.smallest))
    return static_cast<std::size_t>(least - places.begin());
  return std::nullopt;
}

void measure(std::span<const double> values, std::vector<Place>& places, std::size_t at,
             const ChangePointOptions& options) {
  if (at >= places.size()) return;
  const std::size_t begin = at > 0 ? places[at - 1].index : 0;
  const std::size_t end = at + 1 < places.size() ? places[at + 1].index : values.size();
  places[at] = place_at(values, begin, places[at].index, end, options);
}

}  // namespace

ChangePoint change_at(std::span<const double> values, std::size_t begin, std::size_t index, std::size_t end) {
  ChangePoint change;
  change.index = index;
  if (begin >= index || index >= end || end > values.size()) return change;
  const Side a = side_of(values, begin, index), b = side_of(values, index, end);
  change.before = a.mean;
  change.after = b.mean;
  change.p = p_of(a, b, false);
  if (a.mean == 0) return change;  // relative to nothing
  const double half = half_width(a, b) / std::abs(a.mean);
  change.change = b.mean / a.mean - 1;
  change.low = change.change - half;
  change.high = change.change + half;
  return change;
}

// Sums of distances, column by column, so that each Q takes one addition: P[t][j] is the sum of the distances
// of value j to the first t values.
Candidate best_split(std::span<const double> values, std::size_t begin, std::size_t end,
                     std::size_t shortest) {
  Candidate best;
  const std::size_t length = end - begin;
  if (length < 2 * shortest || length < 2) return best;
  std::vector<double> sums((length + 1) * length, 0.0);
  const auto sum = [&](std::size_t t, std::size_t j) -> double& { return sums[t * length + j]; };
  for (std::size_t t = 0; t < length; ++t) {
    for (std::size_t j = 0; j < length; ++j)
      sum(t + 1, j) = sum(t, j) + std::abs(values[begin + t] - values[begin + j]);
  }
  double within_x = 0;
  for (std::size_t tau = 1; tau + shortest <= length; ++tau) {
    within_x += sum(tau - 1, tau - 1);
    if (tau < shortest) continue;
    const auto n = static_cast<double>(tau);
    double across = 0, within_y = 0;
    for (std::size_t kappa = tau + 1; kappa <= length; ++kappa) {
      across += sum(tau, kappa - 1);
      within_y += sum(kappa - 1, kappa - 1) - sum(tau, kappa - 1);
      const auto m = static_cast<double>(kappa - tau);
      if (kappa - tau < shortest) continue;
      const double q = 2 / (m + n) *
                       (across - (n > 1 ? m / (n - 1) * within_x : 0) - (m > 1 ? n / (m - 1) * within_y : 0));
      if (best.index == 0 || q > best.q) best = {begin + tau, q};
    }
  }
  return best;
}

std::vector<std::size_t> weak_places(std::span<const double> values, const ChangePointOptions& options) {
  std::vector<std::size_t> places;
  const auto window = static_cast<std::size_t>(std::max(2, options.window));
  const std::size_t step = window / 2;
  for (std::size_t start = 0; start < values.size();) {
    const auto found = split_window(values, start, std::min(start + window, values.size()), options);
    places.insert(places.end(), found.begin(), found.end());
    start = std::max(found.empty() ? 0 : found.back(), start + step);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

std::vector<std::size_t> strict_places(std::span<const double> values, const ChangePointOptions& options) {
  std::vector<Place> places;
  for (const std::size_t index : weak_places(values, options)) places.push_back({index, {}, false});
  for (std::size_t i = 0; i < places.size(); ++i) measure(values, places, i, options);
  while (const auto gone = weakest(places, options)) {
    places.erase(places.begin() + static_cast<std::ptrdiff_t>(*gone));
    if (*gone > 0) measure(values, places, *gone - 1, options);
    measure(values, places, *gone, options);
  }
  std::vector<std::size_t> kept;
  for (const Place& place : places) kept.push_back(place.index);
  return kept;
}

}  // namespace flashcore::analysis
