// Mann-Whitney's test: whether values of one side tend to be larger than those of the other, without asking
// how they are distributed (Mann and Whitney 1947).
//
// Up to 24 values the distribution of the rank sum is counted out, ties and all (Streitberg and Roehmel
// 1986); beyond that the normal approximation with correction for ties and continuity (Lehmann 1975,
// section 1.4).
//
// Owns: nothing. Threads: pure functions. Errors: none; an empty side gives 1.
#pragma once

#include <cstddef>
#include <span>

namespace flashcore::analysis {

// Two-sided.
double mann_whitney(std::span<const double> a, std::span<const double> b);

// The smallest p that so many values could give: 2 / (a + b choose a), not above 1.
double smallest_p(std::size_t a, std::size_t b);

}  // namespace flashcore::analysis
