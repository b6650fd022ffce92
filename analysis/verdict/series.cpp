#include "analysis/verdict/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <numbers>

namespace flashcore::analysis {
namespace {

constexpr std::size_t kMostForPairs = 300;

// Boost would compute in long double, ten times as slowly, for digits that no sample has.
using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

double nearest_rank(std::span<const double> sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Fences of Tukey 1977: quartiles and `reach` interquartile ranges.
struct Fences {
  double low = 0, high = 0;
  bool hold(double value) const { return value >= low && value <= high; }
};
Fences fences(std::span<const double> sorted, double reach) {
  const double q1 = nearest_rank(sorted, 0.25), q3 = nearest_rank(sorted, 0.75);
  return {q1 - reach * (q3 - q1), q3 + reach * (q3 - q1)};
}

// Leading samples beyond the outer fences of the second half; a whole half of them is no warm-up.
int warm_up_of(std::span<const double> values) {
  if (values.size() < 10) return 0;
  const std::size_t half = values.size() / 2;
  const Fences settled = fences(sorted_copy(values.subspan(half)), 3);
  std::size_t leading = 0;
  while (leading < half && !settled.hold(values[leading])) ++leading;
  return leading < half ? static_cast<int>(leading) : 0;
}

}  // namespace

double autocorrelation_time(std::span<const double> values) {
  const std::size_t n = values.size();
  if (n < 4) return 1;
  const double middle = median({values.begin(), values.end()});
  std::vector<signed char> sign(n);
  std::transform(values.begin(), values.end(), sign.begin(), [&](double value) {
    return static_cast<signed char>(value > middle ? 1 : value < middle ? -1 : 0);
  });
  const auto covariance = [&](std::size_t lag) {
    long sum = 0;
    for (std::size_t i = 0; i + lag < n; ++i) sum += sign[i] * sign[i + lag];
    return static_cast<double>(sum) / static_cast<double>(n - lag);
  };
  const double variance = covariance(0);
  if (!(variance > 0)) return 1;
  // Pairs of neighbouring lags: their sums are positive in any reversible process, so that the first one that
  // is not is noise, and all after it.
  double time = -1;
  for (std::size_t lag = 0; lag + 1 < n / 2; lag += 2) {
    const double pair = (covariance(lag) + covariance(lag + 1)) / variance;
    if (!(pair > 0)) break;
    time += 2 * pair;
  }
  return std::clamp(time, 1.0, static_cast<double>(n));
}

// Neighbours in order are taken together where there are many, with their mean and their mean square: four
// dozen steps of the Beta are as good as a thousand, and it is what costs here.
double bootstrap_variance_of_median(std::span<const double> sorted, double draws) {
  const auto n = static_cast<double>(sorted.size());
  const double shape = (std::max(draws, 1.0) + 1) / 2;
  // Six deviations of the Beta about its middle.
  const double reach = std::min(0.5, 6 * 0.5 / std::sqrt(2 * shape + 1));
  const auto first = static_cast<std::size_t>(std::floor((0.5 - reach) * n));
  const std::size_t last = sorted.size() - first;
  constexpr std::size_t kSteps = 48;
  const std::size_t step = std::max<std::size_t>(1, (last - first) / kSteps);
  double below = 0, mean = 0, square = 0;
  const double from = sorted[sorted.size() / 2];  // of large values with small differences
  for (std::size_t i = first; i < last; i += step) {
    const std::size_t end = std::min(last, i + step);
    const double edge = static_cast<double>(end) / n;
    const double up_to = end == last ? 1 : boost::math::ibeta(shape, shape, edge, InDouble());
    const double weight = (up_to - below) / static_cast<double>(end - i);
    for (std::size_t k = i; k < end; ++k) {
      const double value = sorted[k] - from;
      mean += weight * value;
      square += weight * value * value;
    }
    below = up_to;
  }
  return std::max(0.0, square - mean * mean);
}

MedianOfRun median_of_run(std::span<const double> values) {
  MedianOfRun result;
  if (values.empty()) return result;
  const std::vector<double> sorted = sorted_copy(values);
  result.value = nearest_rank(sorted, 0.5);
  result.effective = static_cast<double>(values.size()) / autocorrelation_time(values);
  if (sorted.front() < sorted.back()) {
    result.variance = bootstrap_variance_of_median(sorted, result.effective);
  }
  return result;
}

std::vector<double> thinned(std::span<const double> values) {
  const auto step = static_cast<std::size_t>(std::ceil(autocorrelation_time(values)));
  std::vector<double> kept;
  for (std::size_t i = step / 2; i < values.size(); i += step) kept.push_back(values[i]);
  return kept;
}

double centre_of(std::vector<double> medians) {
  const std::size_t n = medians.size();
  if (n == 0) return 0;
  if (n > kMostForPairs) return median(std::move(medians));
  std::vector<double> means;
  means.reserve(n * (n + 1) / 2);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) means.push_back((medians[i] + medians[j]) / 2);
  }
  return median(std::move(means));
}

double cost_of_centre(std::size_t count) {
  if (count <= 2) return 1;                                                    // it is the mean
  return count > kMostForPairs ? std::numbers::pi / 2 : std::numbers::pi / 3;  // of a normal distribution
}

SeriesReview review(const ValueSet& set) {
  SeriesReview all;
  std::vector<double> drifts;
  for (const RunValues& run : set) {
    if (run.values.empty()) continue;
    const std::span<const double> values = run.values;
    ++all.runs;
    all.samples += static_cast<int>(values.size());
    all.effective += static_cast<double>(values.size()) / autocorrelation_time(values);
    all.warm_up += warm_up_of(values);
    const std::vector<double> sorted = sorted_copy(values);
    const Fences inner = fences(sorted, 1.5), outer = fences(sorted, 3);
    for (const double value : values) {
      if (!outer.hold(value)) {
        ++all.severe_outliers;
      } else if (!inner.hold(value)) {
        ++all.mild_outliers;
      }
    }
    if (values.size() < 10) continue;
    const std::size_t fifth = values.size() / 5;
    const double first = nearest_rank(sorted_copy(values.first(fifth)), 0.5);
    const double last = nearest_rank(sorted_copy(values.last(fifth)), 0.5);
    if (first != 0) drifts.push_back(last / first - 1);
  }
  if (!drifts.empty()) all.drift = median(std::move(drifts));
  return all;
}

std::vector<std::string> sentences_of(const SeriesReview& review, const char* side) {
  std::vector<std::string> notes;
  if (review.warm_up > 0) {
    notes.push_back(fmt::format("{}: {} leading samples stand apart from the rest (warm-up); they are kept",
                                side, review.warm_up));
  }
  constexpr double kDriftWorthTelling = 0.005;
  if (std::fabs(review.drift) >= kDriftWorthTelling) {
    notes.push_back(
        fmt::format("{}: the samples drift by {:+.1f} % from the first fifth of a run to the last", side,
                    100 * review.drift));
  }
  if (review.severe_outliers > 0) {
    notes.push_back(fmt::format("{}: {} of {} samples are severe outliers, {} mild ones; they are kept", side,
                                review.severe_outliers, review.samples, review.mild_outliers));
  }
  if (review.samples >= 20 && review.effective < review.samples / 4.0) {
    notes.push_back(fmt::format("{}: {} samples follow one another so closely that they count for {:.0f}",
                                side, review.samples, review.effective));
  }
  return notes;
}

}  // namespace flashcore::analysis
