#include "analysis/clock.h"

#include <fmt/format.h>

#include <vector>

#include "analysis/statistics.h"

namespace flashcore::analysis {

std::optional<RunClock> run_clock(const core::RunRecord& run) {
  const std::vector<core::Sample> samples = core::all_samples(run);
  for (const core::SampleKind kind : {core::SampleKind::kGraph, core::SampleKind::kLaunch}) {
    const auto clock = median_clock(samples, kind);
    if (!clock || !(clock->mhz > 0)) continue;
    return RunClock{clock->mhz * 1e6, clock->nominal,
                    fmt::format("{:.0f} MHz {}, median of the {} samples", clock->mhz,
                                clock->nominal ? "nominal (NVML)" : "effective", core::name_of(kind))};
  }
  return std::nullopt;
}

std::optional<double> nominal_clock_hz(const core::RunRecord& run) {
  std::vector<double> readings;
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (measurement.samples.empty()) continue;
    for (const core::ClockRecord& clock : measurement.clocks) {
      if (clock.sm_mhz) readings.push_back(*clock.sm_mhz);
    }
  }
  if (readings.empty()) {
    for (const core::Sample& sample : core::all_samples(run)) {
      if (sample.nominal_before_mhz) readings.push_back(*sample.nominal_before_mhz);
      if (sample.nominal_after_mhz) readings.push_back(*sample.nominal_after_mhz);
    }
  }
  const auto summary = summarise(readings);
  if (!summary || !(summary->p50 > 0)) return std::nullopt;
  return summary->p50 * 1e6;
}

std::optional<double> empty_kernel_ns(const core::RunRecord& run) {
  const auto summary = summarise(core::all_samples(run), core::SampleKind::kEmpty);
  if (!summary || !(summary->p50 > 0)) return std::nullopt;
  return summary->p50;
}

}  // namespace flashcore::analysis
