// TimingCollector: how long a launch takes, in two ways, sample by sample, each with the effective clock (SM
// cycles over time, stamped on the GPU: collectors/clock_review.h).
//
// kLaunch: CUDA events around each single launch on an idle GPU; launch overhead is in it (the seeds'
//   method). Its clock is taken from just before the host begins to launch it until it has ended: of a short
//   launch the GPU's idle time is in it, as in the sample. What ran or was read between two samples is not.
// kGraph: events around one replay of a CUDA graph of many launches, divided by their number; the overhead of
//   the launches is out, the gap between two nodes of a graph is in. Launches a graph are chosen so that one
//   replay lasts at least graph_replay_ms, between 1 and 200. Its clock is that of the replay alone. There
//   are graph_samples(iterations) of them.
// kEmpty: the same replay of an empty kernel (1 block of 32 threads): the floor of this machine. A few, taken
//   once for each number of launches a graph and copied into every measurement with as many.
//
// Cold caches: before each timed launch twice L2 is read. kLaunch then lacks the host's part of the launch,
// which the flush hides. kGraph replays a few launches, each after its flush and between two event nodes;
// duration_ns is the mean of those launches, with the way from an event node to the kernel and back in it,
// and kEmpty is taken the same way, one empty kernel a launch: it is no floor for each kernel of a launch of
// several. Each launch has a stamp on either side, after its flush: the effective clock is the cycles of the
// launches over their time from stamp to stamp, with some microseconds of events and stamps in it, and with
// no flush.
//
// Warm-up: replays until the clocks of three successive ones agree within 0.5%, at least `warmup` launches;
// given up after 150 ms. Several targets are timed in turns (collectors/turns.h), with a short warm-up at
// each visit. The clock log takes what NVML says (nominal clock, power, temperature, reasons, other
// processes) at the begin, the middle and the end of either kind, while a sample runs.
//
// Units: nanoseconds, MHz. Parameters: cache, warmup (launches before the first sample), iterations, method
// ("events,graph", or "events"), launches_per_graph, turns ("1 visit, 1 subject", "2 visits, 3 subjects").
// Steps: capture, floor (where it was taken), warm-up, launches, graphs.
// Diagnostics: nvml_missing; clock_unknown (no stamps); clock_unsteady (the warm-up was given up);
// clock_drift (graph samples, or single launches where there are none, whose clock differs more than 5% from
// the median); throttling (NVML's reasons); other_processes; graph_capture_failed (the launch cannot be
// captured; its kGraph samples are missing, the measurement is kPartial; other targets are not touched by
// it).
//
// Owns: the floor samples, between calls. Threads: one, with the device current. Errors: kDevice, kNoDevice,
// kCancelled; one of them ends all targets. Never loads CUPTI.
#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors {

struct TimingOptions {
  int warmup = 20;
  int iterations = 100;
  core::CacheState cache = core::CacheState::kWarm;
  double graph_replay_ms = 1.0;
};

// A replay is a mean of many launches already, so half as many do; all of them where that would be few.
int graph_samples(int iterations);

class TimingCollector final : public Collector {
 public:
  explicit TimingCollector(TimingOptions options) : options_(options) {}
  std::string_view id() const override { return "timing"; }
  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override;
  core::Result<std::vector<core::MeasurementRecord>> collect_together(std::span<const Target> targets,
                                                                      const core::CancelToken& cancel,
                                                                      const Progress& progress) override;

 private:
  TimingOptions options_;
  std::map<std::pair<int, int>, std::vector<core::Sample>> floors_;  // by device and launches a graph
};

}  // namespace flashcore::collectors
