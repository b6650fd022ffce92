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

// Median effective SM clock of the samples of one kind, MHz; of old runs, which have none, NVML's nominal one
// (`nominal` says which). Nothing where no sample carries either.
struct MedianClock {
  double mhz = 0;
  bool nominal = false;
};
std::optional<MedianClock> median_clock(std::span<const core::Sample> samples, core::SampleKind kind);

}  // namespace flashcore::analysis
