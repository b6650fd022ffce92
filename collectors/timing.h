// TimingCollector: how long a launch takes, in two ways, sample by sample.
//
// kLaunch: CUDA events around each single launch, after a warm-up; launch overhead is in it (the
// seeds' method: 20 warm-up, 100 iterations, one stream).
// kGraph: events around one replay of a CUDA graph of many launches, divided by their number;
// the overhead of the launches is out. Launches a graph are chosen so that one replay lasts at
// least graph_replay_ms, between 1 and 200.
// Each sample carries the SM clock before and after (NVML); without NVML a diagnostic says so.
// Units: nanoseconds, MHz. Diagnostics: nvml_missing, clock_drift (samples whose clock differs
// more than 5% from the median), throttling (NVML's reasons), graph_capture_failed (the launch cannot be
// captured; its kGraph samples are missing and kLaunch goes on).
// Samples of a kind reach the sink when all of that kind are taken. A clock reading ends one sample and
// begins the next, outside the events.
#pragma once

#include "collectors/collector.h"

namespace flashcore::collectors {

struct TimingOptions {
  int warmup = 20;
  int iterations = 100;
  double graph_replay_ms = 2.0;
  int device = 0;  // for NVML
};

class TimingCollector final : public Collector {
 public:
  explicit TimingCollector(TimingOptions options) : options_(options) {}
  std::string_view id() const override { return "timing"; }
  core::Status collect(core::Launchable& launchable, Sink& sink, const core::CancelToken& cancel,
                       const Progress& progress) override;

 private:
  TimingOptions options_;
};

}  // namespace flashcore::collectors
