#include "collectors/clock_review.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "collectors/nvml.h"

namespace flashcore::collectors {

std::optional<core::DiagnosticRecord> review_clocks(std::span<const core::Sample> samples) {
  std::vector<double> clocks;
  for (const core::Sample& sample : samples) {
    if (sample.sm_clock_before_mhz && sample.sm_clock_after_mhz) {
      clocks.push_back((*sample.sm_clock_before_mhz + *sample.sm_clock_after_mhz) / 2);
    }
  }
  if (clocks.empty()) return std::nullopt;
  std::vector<double> sorted = clocks;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double median = *middle;
  const auto off = std::count_if(clocks.begin(), clocks.end(), [&](double clock) {
    return std::abs(clock - median) > kClockDriftLimit * median;
  });
  if (off == 0) return std::nullopt;
  const auto [lowest, highest] = std::minmax_element(clocks.begin(), clocks.end());
  core::DiagnosticRecord record;
  record.severity = core::Severity::kWarning;
  record.code = "clock_drift";
  record.message = fmt::format(
      "{} of {} {} samples ran at an SM clock more than {:.0f}% off the median of {:.0f} MHz ({:.0f} to "
      "{:.0f} MHz)",
      off, clocks.size(), core::name_of(samples.front().kind), kClockDriftLimit * 100, median, *lowest,
      *highest);
  record.hint =
      "let the GPU warm up or cool down, or lock its clock (nvidia-smi --lock-gpu-clocks), and run again";
  record.source = "timing";
  return record;
}

std::optional<core::DiagnosticRecord> review_reasons(std::uint64_t reasons) {
  const auto names = slowdown_names(reasons);
  if (names.empty()) return std::nullopt;
  core::DiagnosticRecord record;
  record.severity = core::Severity::kWarning;
  record.code = "throttling";
  record.message =
      fmt::format("the driver held the GPU's clock back while it was timed: {}", fmt::join(names, ", "));
  record.hint = "times are those of a GPU at its limit; compare only with runs taken in the same state";
  record.source = "timing";
  return record;
}

}  // namespace flashcore::collectors
