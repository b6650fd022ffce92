// Counters of a launch from the counters of its kernels. A collector may take one range a launch
// (kernel_index -1) or one a kernel (0, 1, ...); people ask about the launch.
//
// Rules, by the end of the counter's name: ".sum" adds up; ".max" and ".min" take the extreme; all
// else (averages, ratios, shares of a peak, rates) is the mean weighted by each kernel's
// gpu__time_duration.sum. A counter that is missing for one kernel is missing for the launch.
//
// Owns: plain values. Threads: pure functions.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/records.h"

namespace flashcore::analysis {

inline constexpr std::string_view kKernelDurationCounter = "gpu__time_duration.sum";

struct LaunchCounter {
  std::optional<double> value;
  std::string reason;  // why it is missing
  std::string collector;
  std::string tool;
  int passes = 0;
  int kernels = 1;  // how many were aggregated; 1: the value is the collector's own
};

std::map<std::string, LaunchCounter> aggregate_counters(std::span<const core::CounterValue> counters);

}  // namespace flashcore::analysis
