// Statistics of timing samples.
//
// Percentiles are nearest rank (Hyndman and Fan 1996, definition 1): a percentile is always one of
// the samples. The deviation is the sample's (n - 1). Units: those of the values given.
// Owns: nothing. Threads: pure functions.
#pragma once

#include <optional>
#include <span>

#include "core/records.h"

namespace flashcore::analysis {

struct Summary {
  double p50 = 0, p90 = 0, p99 = 0, min = 0, max = 0, mean = 0, stdev = 0;
  int n = 0;
};

// Nothing for no values.
std::optional<Summary> summarise(std::span<const double> values);

// Of the durations of one kind, in nanoseconds.
std::optional<Summary> summarise(std::span<const core::Sample> samples, core::SampleKind kind);

// Median SM clock of the samples of one kind, MHz; nothing where no sample carries one.
std::optional<double> median_clock_mhz(std::span<const core::Sample> samples, core::SampleKind kind);

}  // namespace flashcore::analysis
