#include "collectors/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flashcore::collectors {

namespace {

// Every target has the same share of the bar, since how many steps one has is known only once it runs.
constexpr int kStepsOfATarget = 1000;

}  // namespace

core::Result<std::vector<core::MeasurementRecord>> Collector::collect_together(
    std::span<const Target> targets, const core::CancelToken& cancel, const Progress& progress) {
  std::vector<core::MeasurementRecord> measurements;
  measurements.reserve(targets.size());
  const int total = kStepsOfATarget * static_cast<int>(targets.size());
  for (const Target& target : targets) {
    const int before = kStepsOfATarget * static_cast<int>(measurements.size());
    Progress share;
    if (progress) {
      share = [&progress, before, total](int done, int of) {
        const double part = of > 0 ? std::clamp(static_cast<double>(done) / of, 0.0, 1.0) : 0.0;
        progress(before + static_cast<int>(part * kStepsOfATarget), total);
      };
    }
    auto measurement = collect(target, cancel, share);
    if (!measurement) return core::fail(measurement.error());
    measurements.push_back(std::move(*measurement));
  }
  if (progress) progress(total, total);
  return measurements;
}

core::MeasurementRecord begin_measurement(std::string_view collector, std::string tool,
                                          std::string tool_version) {
  core::MeasurementRecord measurement;
  measurement.collector = collector;
  measurement.tool = std::move(tool);
  measurement.tool_version = std::move(tool_version);
  measurement.taken_at = core::utc_now();
  return measurement;
}

void keep_choice(core::MeasurementRecord& measurement, const core::Launchable& launchable) {
  if (std::string choice = launchable.choice(); !choice.empty()) {
    measurement.parameters[core::kChoiceParameter] = std::move(choice);
  }
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
