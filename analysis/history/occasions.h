// Occasions: neighbouring runs of one build under the same conditions, on one card, no more than a quarter
// of an hour after one another.
//
// An hour and its conditions move all runs of an occasion together (analysis/verdict/noise.h): they are one
// look at that, however many they are. So a series is searched by its occasions.
//
// Owns: plain values. Units: those of the metric. Threads: pure functions. Errors: none. Runs whose time is
// not known are of one occasion where all else is the same.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/history/history.h"

namespace flashcore::analysis {

// Fewer are not searched as such: a level takes three.
inline constexpr std::size_t kLeastOccasions = 6, kOccasionsOfASide = 3;

struct Occasion {
  std::size_t begin = 0, end = 0;  // of `places`
};

// `places`: the points that have a value, ascending.
std::vector<Occasion> occasions_of(const std::vector<HistoryPoint>& points,
                                   const std::vector<std::size_t>& places);

}  // namespace flashcore::analysis
