// What a metric reads of a run: so that a history of a thousand runs reads no more than that from the store.
//
// Owns: plain values. Threads: pure functions. Errors: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/catalogue.h"

namespace flashcore::analysis {

struct MetricNeeds {
  bool durations = false;  // medians of graph and launch samples
  bool clock = false;      // the median clock of the samples
  bool samples = false;    // samples and clock log by themselves
  bool resources = false;  // and the kernels' shapes
  std::vector<std::string>
      counters;  // beginnings of names: what is asked for, what weighs it, what it derives from

  bool counter(std::string_view name) const;
};

// Of its formula for this chip and its guards; of all formulas where the chip has none.
MetricNeeds needs_of(const Metric& metric, std::string_view chip);

}  // namespace flashcore::analysis
