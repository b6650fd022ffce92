// RecordingSink and EmptyLaunch: what the tests of collectors share.
//
// Owns: what it was handed. Threads: one.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors::testing {

class RecordingSink final : public Sink {
 public:
  void sample(core::Sample value) override { samples.push_back(std::move(value)); }
  void counter(core::CounterValue value) override { counters.push_back(std::move(value)); }
  void resource(core::ResourceRecord value) override { resources.push_back(std::move(value)); }
  void diagnostic(core::DiagnosticRecord value) override { diagnostics.push_back(std::move(value)); }
  void artifact(core::ArtifactRecord value) override { artifacts.push_back(std::move(value)); }

  const core::DiagnosticRecord* diagnosed(std::string_view code) const {
    const auto found =
        std::find_if(diagnostics.begin(), diagnostics.end(), [&](const auto& d) { return d.code == code; });
    return found == diagnostics.end() ? nullptr : &*found;
  }
  const core::CounterValue* find(std::string_view name, int kernel_index = -1) const {
    const auto found = std::find_if(counters.begin(), counters.end(), [&](const auto& c) {
      return c.name == name && c.kernel_index == kernel_index;
    });
    return found == counters.end() ? nullptr : &*found;
  }

  std::vector<core::Sample> samples;
  std::vector<core::CounterValue> counters;
  std::vector<core::ResourceRecord> resources;
  std::vector<core::DiagnosticRecord> diagnostics;
  std::vector<core::ArtifactRecord> artifacts;
};

// Launches nothing; has the kernels that it is given.
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

  int launches = 0;

 private:
  std::vector<core::KernelPlan> kernels_;
  int kernels_per_launch_;
};

}  // namespace flashcore::collectors::testing
