// TimingCollector: how long a launch takes, in two ways, sample by sample.
//
// kLaunch: CUDA events around each single launch, after a warm-up; launch overhead is in it (the
// seeds' method: 20 warm-up, 100 iterations, one stream).
// kGraph: events around one replay of a CUDA graph of many launches, divided by their number;
// the overhead of the launches is out. Launches a graph are chosen so that one replay lasts at
// least graph_replay_ms, between 1 and 200.
// Each sample carries the SM clock before and after (NVML); a clock reading ends one sample and begins the
// next, outside the events. At a few moments (the begin, the middle and the end of either kind) the clock log
// takes all that NVML says.
// Units: nanoseconds, MHz. Parameters: warmup, iterations, cache ("warm"), method ("events,graph"),
// launches_per_graph. Diagnostics: nvml_missing, clock_drift (samples whose clock differs more than 5% from
// the median), throttling (NVML's reasons), graph_capture_failed (the launch cannot be captured; its kGraph
// samples are missing, the measurement is kPartial).
//
// Owns: nothing between calls. Threads: one, with the device current. Errors: kDevice, kNoDevice, kCancelled.
// Never loads CUPTI.
#pragma once

#include "collectors/collector.h"

namespace flashcore::collectors {

struct TimingOptions {
  int warmup = 20;
  int iterations = 100;
  double graph_replay_ms = 2.0;
};

class TimingCollector final : public Collector {
 public:
  explicit TimingCollector(TimingOptions options) : options_(options) {}
  std::string_view id() const override { return "timing"; }
  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override;

 private:
  TimingOptions options_;
};

}  // namespace flashcore::collectors
