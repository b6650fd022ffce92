// The checks of a session as measurements: on which inputs an answer is checked, and what is said of a wrong
// one. A run has one before it is timed, on every input, and one after, on what the last launch left.
//
// Owns: nothing. Threads: pure functions. Errors: none.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/input_kind.h"
#include "core/records.h"

namespace flashcore::session {

// MeasurementRecord::parameters["moment"] of a check.
inline constexpr std::string_view kBeforeTiming = "before timing";
inline constexpr std::string_view kAfterTiming = "after timing";

struct CheckInput {
  core::InputKind kind;
  std::uint64_t seed;
};

// In this order: the last one stays loaded and is what is timed.
std::array<CheckInput, 2> check_inputs(std::uint64_t timed_seed);

core::MeasurementRecord begin_check(std::string_view moment, std::string nvtx);

// Adds a comparison, with a diagnostic where it says that the answer is wrong.
void take_check(core::MeasurementRecord& measurement, core::CheckRecord check);

}  // namespace flashcore::session
