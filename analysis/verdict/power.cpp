#include "analysis/verdict/power.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace flashcore::analysis {
namespace {

using StudentT = boost::math::students_t_distribution<
    double, boost::math::policies::policy<
                boost::math::policies::promote_double<false>,
                boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>>;

// The same side with more of it: its variance shrinks with its samples, its freedom grows with its runs.
SideEstimate with_more(SideEstimate side, int runs, double times_samples) {
  const double process = std::max(0.0, side.variance - side.sampling);
  side.sampling /= times_samples;
  side.variance = process + side.sampling;
  side.runs += runs;
  side.freedom += runs;
  return side;
}

// The chance that the difference is decided once its variance has shrunk: where it lies then is as far from
// where it lies now as the variance that went.
double chance(const Difference& today, const Difference& then, double smallest) {
  const double moves = std::sqrt(std::max(0.0, today.variance - then.variance));
  const StudentT t(today.freedom);
  const auto below = [&](double bound) {
    if (moves <= 0) return bound >= today.value ? 1.0 : 0.0;
    return boost::math::cdf(t, (bound - today.value) / moves);
  };
  const double inner = smallest - then.reach;
  // Inside the smallest effect, or beyond zero; with a narrow interval the two overlap.
  const double inside = inner > 0 ? below(inner) - below(-inner) : 0;
  const double from = std::max(then.reach, inner);
  return inside + below(-from) + (1 - below(from));
}

}  // namespace

SideEstimate estimate(const std::vector<MedianOfRun>& runs, double prior_spread, double prior_weight) {
  SideEstimate side;
  side.runs = static_cast<int>(runs.size());
  if (runs.empty()) return side;
  const auto n = static_cast<double>(runs.size());
  std::vector<double> medians;
  double mean = 0;
  for (const MedianOfRun& run : runs) {
    medians.push_back(run.value);
    mean += run.value / n;
    side.sampling += run.variance / n;
  }
  double scatter = 0;
  for (const double median : medians) scatter += (median - mean) * (median - mean);
  side.freedom = prior_weight + n - 1;
  const double expected = prior_spread * prior_spread + side.sampling;
  side.variance = side.freedom > 0 ? (prior_weight * expected + scatter) / side.freedom : expected;
  side.centre = centre_of(std::move(medians));
  return side;
}

Difference difference_of(const SideEstimate& base, const SideEstimate& now, double apart,
                         double apart_freedom, double confidence) {
  Difference result;
  result.value = now.centre - base.centre;
  double weighted = 0;  // Welch and Satterthwaite: V^2 / sum of V_i^2 / f_i
  const auto add = [&](double variance, double freedom) {
    result.variance += variance;
    if (freedom > 0) weighted += variance * variance / freedom;
  };
  for (const SideEstimate* side : {&base, &now}) {
    const auto n = static_cast<double>(side->runs);
    add(side->variance * cost_of_centre(static_cast<std::size_t>(side->runs)) / n, side->freedom);
  }
  // The two sides may be one kernel with one expectation: what was expected is then known once, not twice.
  const double once = base.freedom + now.runs - 1;
  const double of_sides = weighted > 0 ? std::min(result.variance * result.variance / weighted, once) : once;
  if (apart > 0) {
    weighted = of_sides > 0 ? result.variance * result.variance / of_sides : 0;
    add(apart, apart_freedom);
    result.freedom = result.variance * result.variance / weighted;
  } else {
    result.freedom = of_sides;
  }
  if (result.freedom > 0 && result.variance > 0) {
    const double t = boost::math::quantile(StudentT(result.freedom), 0.5 + confidence / 2);
    result.reach = t * std::sqrt(result.variance);
  }
  return result;
}

Advice advice(const SideEstimate& base, const SideEstimate& now, double apart, double apart_freedom,
              double confidence, double smallest) {
  constexpr double kWanted = 0.9;
  constexpr int kMostRuns = 1000, kMostTimesSamples = 32;
  const Difference today = difference_of(base, now, apart, apart_freedom, confidence);
  const auto chance_with = [&](int runs, double times) {
    const Difference then = difference_of(with_more(base, runs, times), with_more(now, runs, times), apart,
                                          apart_freedom, confidence);
    return chance(today, then, smallest);
  };
  Advice result;
  const double sampled = base.sampling / base.runs + now.sampling / now.runs;
  if (sampled > 0.5 * (today.variance - apart)) {
    for (double times = 1.5; times <= kMostTimesSamples; times *= 1.25) {
      if (chance_with(0, times) < kWanted) continue;
      const double more = (times - 1) * std::max(base.samples, now.samples);
      result.more_samples = static_cast<int>(std::ceil(more / 10) * 10);
      return result;
    }
  }
  // The chance grows with the runs: doubled until there are enough, then halved back.
  int enough = 1;
  while (enough <= kMostRuns && chance_with(enough, 1) < kWanted) enough *= 2;
  if (enough > kMostRuns) return result;
  int lacking = enough / 2;
  while (enough - lacking > 1) {
    const int middle = lacking + (enough - lacking) / 2;
    (chance_with(middle, 1) < kWanted ? lacking : enough) = middle;
  }
  result.more_runs = enough;
  return result;
}

}  // namespace flashcore::analysis
