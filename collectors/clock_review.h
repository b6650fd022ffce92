// What the SM clocks of timing samples say about the samples: drift and throttling, as diagnostics.
//
// Owns: nothing. Units: MHz. Threads: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/records.h"

namespace flashcore::collectors {

// A sample is off when its mean clock differs from the median by more than this share.
inline constexpr double kClockDriftLimit = 0.05;

// "clock_drift" when samples of one kind ran at clocks off their median; none when none did or the
// clocks are unknown.
std::optional<core::DiagnosticRecord> review_clocks(std::span<const core::Sample> samples);

// "throttling" from NVML's reasons, gathered over the samples; none when no reason slows the GPU.
std::optional<core::DiagnosticRecord> review_reasons(std::uint64_t reasons);

}  // namespace flashcore::collectors
