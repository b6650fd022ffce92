#include "analysis/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace flashcore::analysis {
namespace {

// The smallest value that at least the share p of all values does not exceed. p * n is rounded up
// after a tiny allowance, so that 0.9 * 10 is the ninth value and not, by rounding, the tenth.
double nearest_rank(const std::vector<double>& sorted, double p) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(p * n - 1e-9));
  const auto last = static_cast<std::ptrdiff_t>(sorted.size()) - 1;
  return sorted[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(rank - 1, 0, last))];
}

}  // namespace

std::optional<Summary> summarise(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  Summary s;
  s.n = static_cast<int>(sorted.size());
  s.p50 = nearest_rank(sorted, 0.50);
  s.p90 = nearest_rank(sorted, 0.90);
  s.p99 = nearest_rank(sorted, 0.99);
  s.min = sorted.front();
  s.max = sorted.back();
  // Welford's recurrence: no cancellation where the spread is small against the values.
  double squares = 0;
  double count = 0;
  for (const double value : sorted) {
    count += 1;
    const double delta = value - s.mean;
    s.mean += delta / count;
    squares += delta * (value - s.mean);
  }
  s.stdev = s.n > 1 ? std::sqrt(squares / (s.n - 1)) : 0.0;
  return s;
}

std::optional<Summary> summarise(std::span<const core::Sample> samples, core::SampleKind kind) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const core::Sample& sample : samples) {
    if (sample.kind == kind) values.push_back(sample.duration_ns);
  }
  return summarise(values);
}

std::optional<MedianClock> median_clock(std::span<const core::Sample> samples, core::SampleKind kind) {
  std::vector<double> effective, nominal;
  for (const core::Sample& sample : samples) {
    if (sample.kind != kind) continue;
    if (sample.effective_clock_mhz) effective.push_back(*sample.effective_clock_mhz);
    if (sample.nominal_before_mhz) nominal.push_back(*sample.nominal_before_mhz);
    if (sample.nominal_after_mhz) nominal.push_back(*sample.nominal_after_mhz);
  }
  if (const auto summary = summarise(effective)) return MedianClock{summary->p50, false};
  if (const auto summary = summarise(nominal)) return MedianClock{summary->p50, true};
  return std::nullopt;
}

}  // namespace flashcore::analysis
