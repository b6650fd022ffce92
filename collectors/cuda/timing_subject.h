// TimingSubject: one of the targets that are timed together: its replay, its measurement, and what was done
// for it. Calibration chooses how many launches a replay has, the floor is the same replay with an empty
// kernel.
//
// Owns: the replay. Not the launchable, not the measurement. Units: ns, ms. Threads: one. Errors: kDevice,
// and those of the launch; a launch that cannot be captured is none, but a kPartial measurement.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/cuda/timing_replay.h"
#include "collectors/cuda/timing_stopwatch.h"
#include "collectors/nvml.h"

namespace flashcore::collectors {

// Adds its life to a step of a measurement; several of one name are one step.
class StepTimer {
 public:
  StepTimer(core::MeasurementRecord& measurement, std::string name)
      : measurement_(measurement), name_(std::move(name)) {}
  ~StepTimer();
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

 private:
  core::MeasurementRecord& measurement_;
  std::string name_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

struct TimingSubject {
  TimingSubject(const Target& target, core::MeasurementRecord& measurement);

  core::Launchable& launchable;
  core::MeasurementRecord& measurement;
  std::optional<Replay> replay;  // nothing where the launch cannot be captured
  std::vector<core::Sample> launch_samples, graph_samples;
  std::optional<Nvml::Device> nvml;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

  std::vector<core::Sample>& samples_of(core::SampleKind kind) {
    return kind == core::SampleKind::kGraph ? graph_samples : launch_samples;
  }
  void diagnose(core::DiagnosticRecord diagnostic) {
    measurement.diagnostics.push_back(std::move(diagnostic));
  }
  // All that NVML says now, into the measurement's clock log.
  void log_clocks();
};

// Launches it once, chooses the number of launches a replay and captures it.
core::Status prepare_subject(TimingSubject& subject, Stopwatch& stopwatch, double replay_ms);

// A few samples of a replay of `launches` empty kernels.
core::Result<std::vector<core::Sample>> take_floor(Stopwatch& stopwatch, int launches);

}  // namespace flashcore::collectors
