#include "store/summary.h"

#include <algorithm>
#include <string_view>

#include "core/tool_times.h"

namespace flashcore::store {
namespace {

std::optional<double> sum_of(const core::MeasurementRecord& measurement, std::string_view name) {
  std::optional<double> sum;
  for (const core::CounterValue& counter : measurement.counters) {
    if (counter.name != name || !counter.value) continue;
    if (!counter.kernel) return counter.value;
    sum = sum.value_or(0) + *counter.value;
  }
  return sum;
}

std::optional<double> counted_by(const core::MeasurementRecord& measurement) {
  for (const core::ToolTime& time : core::kToolTimes) {
    if (const auto counted = sum_of(measurement, time.counter)) return counted;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() + 1) / 2 - 1);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::optional<double> counted_ns(std::span<const core::MeasurementRecord> measurements) {
  for (auto at = measurements.rbegin(); at != measurements.rend(); ++at) {
    if (const auto counted = counted_by(*at)) return counted;
  }
  return std::nullopt;
}

Summary summarize(const core::RunRecord& run) {
  Summary summary;
  std::vector<double> graph, launch, graph_clock, launch_clock;
  summary.diagnostic_count = static_cast<std::int64_t>(run.diagnostics.size());
  summary.measurement_count = static_cast<std::int64_t>(run.measurements.size());
  for (const core::MeasurementRecord& m : run.measurements) {
    for (const core::Sample& sample : m.samples) {
      const bool is_graph = sample.kind == core::SampleKind::kGraph;
      if (!is_graph && sample.kind != core::SampleKind::kLaunch) continue;
      (is_graph ? graph : launch).push_back(sample.duration_ns);
      if (sample.effective_clock_mhz)
        (is_graph ? graph_clock : launch_clock).push_back(*sample.effective_clock_mhz);
    }
    summary.counter_count += static_cast<std::int64_t>(m.counters.size());
    summary.diagnostic_count += static_cast<std::int64_t>(m.diagnostics.size());
  }
  if (graph.empty() && launch.empty()) summary.counted_ns = counted_ns(run.measurements);
  summary.graph_p50_ns = median(std::move(graph));
  summary.launch_p50_ns = median(std::move(launch));
  summary.clock_mhz = median(std::move(graph_clock.empty() ? launch_clock : graph_clock));
  return summary;
}

}  // namespace flashcore::store
