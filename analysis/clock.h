// The SM clock of a run: the one that ceilings, limits and cycles are computed at.
//
// The effective clock (stamped on the GPU around what was timed) of the graph samples, else of the single
// launches. Runs that were taken before the stamps have NVML's nominal clock alone, which stays where it was
// set whatever the SMs do: it is taken in its place, and `nominal` says so.
//
// Owns: plain values. Units: Hz. Threads: pure functions. Errors: none; nothing where no sample carries a
// clock.
#pragma once

#include <optional>
#include <string>

#include "core/records.h"

namespace flashcore::analysis {

struct RunClock {
  double hz = 0;
  bool nominal = false;
  std::string source;  // "1810 MHz effective, median of the graph samples"
};

std::optional<RunClock> run_clock(const core::RunRecord& run);

// NVML's nominal SM clock while the run was timed: the median of the clock log of the measurements that hold
// samples, of old runs of the readings beside their samples.
std::optional<double> nominal_clock_hz(const core::RunRecord& run);

// What an empty kernel takes in a graph on this machine, ns: the median of its samples.
std::optional<double> empty_kernel_ns(const core::RunRecord& run);

}  // namespace flashcore::analysis
