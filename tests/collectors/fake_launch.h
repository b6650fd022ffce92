// EmptyLaunch and what the tests of collectors look up in a measurement.
//
// Owns: what it was handed. Threads: one.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors::testing {

inline const core::DiagnosticRecord* diagnosed(const core::MeasurementRecord& measurement,
                                               std::string_view code) {
  const auto& all = measurement.diagnostics;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.code == code; });
  return found == all.end() ? nullptr : &*found;
}

inline const core::CounterValue* counter_of(const core::MeasurementRecord& measurement, std::string_view name,
                                            std::optional<int> kernel = std::nullopt) {
  const auto& all = measurement.counters;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& c) { return c.name == name && c.kernel == kernel; });
  return found == all.end() ? nullptr : &*found;
}

// Launches nothing; has the kernels that it is given, and what ptxas said of them.
class EmptyLaunch final : public core::Launchable {
 public:
  explicit EmptyLaunch(std::vector<core::KernelPlan> kernels = {}, int kernels_per_launch = 1)
      : kernels_(std::move(kernels)), kernels_per_launch_(kernels_per_launch) {}
  std::string_view label() const override { return "empty launch"; }
  core::Status launch(core::StreamHandle) override {
    ++launches;
    return {};
  }
  std::span<const core::KernelPlan> kernels() const override { return kernels_; }
  int kernels_per_launch() const override { return kernels_per_launch_; }
  std::string choice() const override { return chosen; }
  std::optional<core::CompiledResources> compiled(std::string_view kernel, int arch) const override {
    const auto found = reports.find({std::string(kernel), arch});
    return found == reports.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::pair<std::string, int>, core::CompiledResources> reports;
  int launches = 0;
  std::string chosen;

 private:
  std::vector<core::KernelPlan> kernels_;
  int kernels_per_launch_;
};

inline Target target_of(core::Launchable& launchable,
                        std::optional<core::DeviceRecord> device = std::nullopt) {
  Target target;
  target.device = std::move(device);
  target.launchable = &launchable;
  target.label = launchable.label();
  return target;
}

}  // namespace flashcore::collectors::testing
