// Counters of a launch from what the measurements of a run hold. A collector may take one range a launch
// (no kernel) or one a kernel (its ordinal); people ask about the launch.
//
// Kernels become a launch by what the counter is a share of (analysis/denominators.h). A mean whose own
// denominator was not counted is weighted by time, and its provenance says so. A counter that is missing for
// one kernel is missing for the launch.
//
// A ".sum" that a tool did not keep is derived from what it kept (ncu's own sets hold rates):
//   X.sum = X.sum.per_second * gpu__time_duration.sum
//   X.sum = X.sum.per_cycle_elapsed * cycles a second of its unit * gpu__time_duration.sum, for one kernel
//   dram__bytes.sum = dram__bytes_read.sum + dram__bytes_write.sum
//   lts__t_sectors.sum = lts__t_sectors_lookup_hit.sum + lts__t_sectors_lookup_miss.sum
//   FP16 operations by mma: all = those accumulated in FP32 + those in FP16, any of the three from the others
//
// Where several measurements hold one counter, one of them gives the value of all kernels (kernels of two
// measurements are never mixed: they may have been counted under other conditions), and the others are kept
// beside it. The one that wins is, in this order:
//   1. one that has the value, before one that derives it, before one that lacks it;
//   2. a complete measurement, then a partial one, then one that was stopped, failed or was refused;
//   3. by collector: cupti, then ncu, then any other;
//   4. the later one.
//
// Owns: plain values. Threads: pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"

namespace flashcore::analysis {

inline constexpr std::string_view kKernelDurationCounter = "gpu__time_duration.sum";

// What one measurement says of a counter of the launch.
struct CounterReading {
  std::optional<double> value;
  std::string reason;  // why it is missing
  std::string collector;
  std::string tool;             // with its version: "CUPTI 130000"
  int passes = 0;               // 0: not known
  int kernels = 1;              // how many were aggregated; 1: the value is the collector's own
  std::size_t measurement = 0;  // its place in RunRecord::measurements
  std::string derived_from;     // "dram__bytes.sum.per_second"; empty for what was counted as such
  std::string weighted_by;      // "sm__cycles_active.avg"; empty where nothing was weighted
};

struct LaunchCounter : CounterReading {
  std::vector<CounterReading> others;  // of the measurements that this one won over, best first
};

// By vendor name; the keys compare with string_view.
using LaunchCounters = std::map<std::string, LaunchCounter, std::less<>>;
LaunchCounters aggregate_counters(const core::RunRecord& run);

// The counters of each kernel by itself, by ordinal, for what is no sum and no mean of them; empty where no
// collector took several kernels apart.
using KernelCounters = std::map<int, LaunchCounters>;
KernelCounters counters_by_kernel(const core::RunRecord& run);

// What measurement `index` says of a counter; nullptr where it does not hold it.
const CounterReading* reading_of(const LaunchCounters& counters, std::string_view name, std::size_t index);

// What weighs a mean over kernels, by ordinal.
struct KernelWeights {
  std::map<int, double> of;
  std::string by;  // "sm__cycles_active.sum"
};
// Of a mean such as `counter`, in the one measurement: by the first of its denominators that every kernel
// has.
std::optional<KernelWeights> kernel_weights(const KernelCounters& kernels, std::string_view counter,
                                            std::size_t index);

// "cupti, 4 passes, CUPTI 130000, 3 kernels aggregated", "ncu, Nsight Compute 2025.3, from X.sum.per_second"
std::string counter_provenance(const CounterReading& reading);

// "CUPTI 130000"; the tool alone where its version is not known.
std::string tool_text(const core::MeasurementRecord& measurement);

// The order of rule 3; resources of kernels follow it too.
int collector_rank(std::string_view collector) noexcept;

}  // namespace flashcore::analysis
