// RunAnalysis: everything that is shown of a run, computed once from its record. Terminal, JSON,
// HTML report and desktop app all read this and cannot disagree.
//
// Owns: the run's record and what was computed; points into the catalogue, which must outlive it.
// Threads: plain values.
#pragma once

#include <optional>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/roofline.h"
#include "analysis/statistics.h"
#include "core/records.h"

namespace flashcore::analysis {

struct RunAnalysis {
  core::RunRecord run;
  // Timing of a run whose answer is wrong or was not checked is not a result: both are then empty.
  std::optional<Summary> graph_ns;
  std::optional<Summary> launch_ns;
  std::vector<MetricValue> metrics;  // in the catalogue's order
  Roofline roofline;

  const MetricValue* metric(std::string_view id) const;
};

RunAnalysis analyse(core::RunRecord run, const Catalogue& catalogue);

// graph p50 of `base` over that of `run` (same problem and device), the speed-up that tables show.
std::optional<double> speedup(const RunAnalysis& run, const RunAnalysis& base);

// The run that others on the same problem and device are compared with: the ladder's lowest rung.
// nullptr where none has a timing.
const RunAnalysis* base_of(const RunAnalysis& run, const std::vector<RunAnalysis>& all);

}  // namespace flashcore::analysis
