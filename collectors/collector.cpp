#include "collectors/collector.h"

#include <fmt/format.h>

#include <utility>

namespace flashcore::collectors {

core::MeasurementRecord begin_measurement(std::string_view collector, std::string tool,
                                          std::string tool_version) {
  core::MeasurementRecord measurement;
  measurement.collector = collector;
  measurement.tool = std::move(tool);
  measurement.tool_version = std::move(tool_version);
  measurement.taken_at = core::utc_now();
  return measurement;
}

void refuse(core::MeasurementRecord& measurement, const core::Error& why, std::string code,
            const std::vector<std::string>& counters) {
  measurement.status = core::MeasurementStatus::kRefused;
  measurement.reason = why.message;
  std::string message = why.message;
  if (!why.context.empty()) message += fmt::format(" [{}]", why.context);
  measurement.diagnostics.push_back(
      {core::Severity::kWarning, std::move(code), std::move(message), why.hint, measurement.collector});
  for (const std::string& name : counters) {
    measurement.counters.push_back({name, std::nullopt, std::nullopt, why.message});
  }
}

core::Error nothing_to_launch(const Target& target) {
  return {
      core::ErrorCode::kUsage,
      fmt::format("{} cannot be launched in this process", target.label.empty() ? "this" : target.label),
      "take this measurement of a phase of this program, or use a collector that works from outside (ncu)",
      ""};
}

}  // namespace flashcore::collectors
