// What clocks say: the effective clock from stamps, whether a clock has settled, and what the clocks of
// timing samples say about the samples (drift, throttling, strangers on the GPU), as diagnostics.
//
// The effective clock is what the SMs really did: cycles that passed on an SM (clock64) over the time that
// passed (globaltimer), both read on the GPU before and after the work. NVML's clock is the nominal one: what
// the driver set, which stays at its height while the power limit holds the SMs back.
//
// Owns: nothing. Units: MHz, cycles, ns. Threads: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/records.h"

namespace flashcore::collectors {

// What one SM's counters read at one moment. Both are never zero together on a GPU that runs.
struct ClockStamp {
  std::uint64_t cycles = 0;  // clock64
  std::uint64_t ns = 0;      // globaltimer
  bool taken() const { return cycles != 0 || ns != 0; }
};

// Two stamps, each with one entry an SM, by the same index.
struct ClockWindow {
  std::span<const ClockStamp> begin, end;
};

// What several windows say together.
struct WindowClock {
  double mhz = 0;  // cycles of all windows over the time of all windows
  double ns = 0;   // from stamp to stamp, of all windows
};

// The median over the SMs of what each SM counted. An SM lacks a window in which it is not stamped twice, in
// which no time passed, or whose rate no GPU has; counters may wrap inside of one. Nothing where none is
// left.
std::optional<WindowClock> window_clock(std::span<const ClockWindow> windows);

// Of one window.
std::optional<double> effective_clock_mhz(std::span<const ClockStamp> begin, std::span<const ClockStamp> end);

// Successive clocks agree when their span is within this share of their mean.
inline constexpr double kSteadyWithin = 0.005;

// True where the last `in_a_row` of `clocks` are known and agree.
bool steady(std::span<const std::optional<double>> clocks, int in_a_row, double within = kSteadyWithin);

// A sample is off when its clock differs from the median by more than this share.
inline constexpr double kClockDriftLimit = 0.05;

// "clock_drift" when samples ran at effective clocks off their median; none when none did or the clocks are
// unknown. Graph samples are judged; where there are none, single launches, whose clock has the idle GPU
// before the launch in it. The floor never is.
std::optional<core::DiagnosticRecord> review_clocks(std::span<const core::Sample> samples);

// "clock_unsteady" where a warm-up of `launches` launches and `ms` ended before the clock had settled.
core::DiagnosticRecord review_warmup(std::span<const std::optional<double>> clocks, int launches, double ms);

// "throttling" from NVML's reasons, gathered over the samples; none when no reason slows the GPU.
std::optional<core::DiagnosticRecord> review_reasons(std::uint64_t reasons);

// "other_processes" where the log saw some; none when it saw none or could not tell.
std::optional<core::DiagnosticRecord> review_company(std::span<const core::ClockRecord> clocks);

}  // namespace flashcore::collectors
