// CuptiCollector: hardware counters of one launch through CUPTI's Range Profiler API, in process,
// user replay, one range a kernel. libcupti is loaded on first use.
//
// A launch of one kernel gives values with kernel_index -1; a launch of n kernels gives n ranges, with
// kernel_index 0 to n-1 in launch order. gpu__time_duration.sum is always taken with the rest. Every
// pass launches twice and counts the second launch, so that caches are as warm as in the timed launches
// and what CUPTI itself left in L2 is gone (docs/counters.md).
// Once the profiler has been enabled, every later launch of the process is slower (by about 0.2 us on an
// H200, also after it has been disabled): whoever wants durations takes them before the first collect().
// Diagnostics: counters_refused, ranges_dropped.
//
// Owns: the profiler set-up of the process (made once, kept until the collector is destroyed).
// Threads: one collector a process at a time, used from one thread with the device current.
// Errors: refused counters (permission, virtual GPU, another profiler, no libcupti) become one
// diagnostic "counters_refused" with the remedy and the counters as missing values with that reason;
// collect() is then still well. CuptiCollector::refusal() tells --strict.
// FLASHCORE_SIMULATE_REFUSAL=permission|virtual_gpu|busy makes it behave as if CUPTI had refused.
// Source: CUPTI 13.0 documentation, "CUPTI Range Profiling API" and "Profiling Host API".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"

namespace flashcore::collectors {

class CuptiCollector final : public Collector {
 public:
  // Counter names for the current device's chip. Names that the chip does not know become missing
  // values with that reason; they never spoil the others.
  explicit CuptiCollector(std::vector<std::string> counters);
  ~CuptiCollector() override;
  std::string_view id() const override { return "cupti"; }
  core::Status collect(core::Launchable& launchable, Sink& sink, const core::CancelToken& cancel,
                       const Progress& progress) override;

  // Why counters could not be taken, once that is known.
  const std::optional<core::Error>& refusal() const noexcept;

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace flashcore::collectors
