// In how many digits durations have to be written (analysis/units.h) to tell them apart.
//
// Owns: nothing. Units: nanoseconds. Threads: pure functions.
#pragma once

#include <span>

namespace flashcore::analysis {

inline constexpr int kFewestDigits = 3, kMostDigits = 5;

// The fewest significant digits, from three to five, in which no two of the values that differ read the same.
// A difference of less than the fifth digit is left alone.
int digits_that_tell_apart(std::span<const double> durations_ns);

}  // namespace flashcore::analysis
