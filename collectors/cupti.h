// CuptiCollector: hardware counters through CUPTI's Range Profiler API, in process, user replay, one range a
// kernel. libcupti is loaded by begin(), prepare() or the first collect.
//
// A counter belongs to a kernel of the launch by its ordinal; a launch of one kernel has kernel 0. Their
// names are the plan's. gpu__time_duration.sum is always taken with the rest. All counters are one schedule.
// Targets taken together share their passes (at most kMostRoom ranges at once, collectors/cupti_batches.h):
// every pass launches each target. Warm, a target is launched twice in a row and the second launch is
// counted, so that caches are as warm as in the timed launches and what CUPTI itself left in L2 is gone
// (docs/counters.md); cold, the caches are flushed and the launch that follows is counted.
// The kernels that CUPTI counted must be as many as were launched. Where they are not, the targets are
// counted one by one, and the one to blame is a failed measurement that says how many were expected and how
// many came. Once the profiler has been enabled, every later launch of the process is slower (by about 0.2 us
// on an H200, also after it has been disabled): this collector has a process of its own (Place::kHelper).
// Parameters: set, replay ("user"), cache, cache_flush (cold: "before each launch"), launches_per_pass, chip
// (as CUPTI names it), shared_with (runs that shared the passes, this one included). Steps: those of set-up
// in the measurements of the first batch ("initialise", "schedule", "availability", "enable", "image"),
// then of the batch "image", "first start", "passes", "decode", "evaluate". Diagnostics: counters_refused,
// ranges_differ, kernels_differ, availability_asked.
//
// Owns: the profiler set-up of the process (kept until the collector is destroyed, or asked for another
// device). Threads: one collector a process at a time, used from one thread with the device current.
// Errors: refused counters (permission, virtual GPU, another profiler, no libcupti) are a measurement of
// status kRefused; a refusal at the set-up stays for the collector's life, so a new request has a new
// collector. Names that the chip does not know become missing values with that reason (kPartial); they
// never spoil the others.
// FLASHCORE_SIMULATE_REFUSAL=permission|virtual_gpu|busy makes it behave as if CUPTI had refused.
// Source: CUPTI 13.0 documentation, "CUPTI Range Profiling API" and "Profiling Host API".
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors {

// Analysis weights a launch's kernels by it, so it is taken with every set.
inline constexpr const char* kDurationCounter = "gpu__time_duration.sum";

class CuptiCollector final : public Collector {
 public:
  // Counter names for the device's chip; `counter_set` is how they were chosen ("standard").
  explicit CuptiCollector(std::vector<std::string> counters, std::string counter_set = "",
                          core::CacheState cache = core::CacheState::kWarm);
  ~CuptiCollector() override;
  std::string_view id() const override { return "cupti"; }

  // libcupti and its profiler.
  core::Status begin(int device_ordinal) override;
  // Everything that needs no target: schedule, Enable, images. The first Start after Enable stays with the
  // first target. It is dear (175 to 280 ms on an H200), but an empty kernel measured for it takes longer
  // than it saves: that is worth it only where nobody waits.
  core::Status prepare(int device_ordinal) override;
  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override;
  core::Result<std::vector<core::MeasurementRecord>> collect_together(std::span<const Target> targets,
                                                                      const core::CancelToken& cancel,
                                                                      const Progress& progress) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashcore::collectors
