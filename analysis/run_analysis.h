// RunAnalysis: everything that is shown of a run, computed once from its record. Terminal, JSON,
// HTML report and desktop app all read this and cannot disagree.
//
// Owns: the run's record and what was computed; points into the catalogue, which must outlive it.
// Threads: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/limit.h"
#include "analysis/roofline.h"
#include "analysis/speed_of_light.h"
#include "analysis/statistics.h"
#include "core/records.h"

namespace flashcore::analysis {

// The one time that stands for a run in a table: graph p50 where it was timed; of an import the duration that
// its tool counted or its mean, which never feeds a verdict.
struct HeadlineTime {
  double ns = 0;
  std::string source;    // "graph p50 of 100", "gpu__time_duration.sum, ncu", "mean, nvbench"
  bool counted = false;  // taken in a counter pass or only reported: shown, not compared
};

// One kernel of a launch of several, by its counted time.
struct KernelShare {
  core::KernelRecord kernel;
  std::optional<double> ns;     // gpu__time_duration.sum of it
  std::optional<double> share;  // of the sum over the launch's kernels, 0 to 1
  std::string note;             // provenance, or why it is missing
};

struct RunAnalysis {
  core::RunRecord run;
  // Timing of a run whose answer is wrong or was not checked is not a result: all three are then empty.
  std::optional<HeadlineTime> time;
  std::optional<Summary> graph_ns;
  std::optional<Summary> launch_ns;
  // What an empty kernel takes in a graph on this machine: under `graph_ns`, not taken off it.
  std::optional<double> floor_ns;
  std::vector<MetricValue> metrics;  // in the catalogue's order
  ProblemLimit limit;                // the headline: share of the problem's own limit
  SpeedOfLight speed_of_light;
  std::vector<KernelShare> kernels;  // by ordinal; of a launch of one kernel that one
  Roofline roofline;                 // the detail, by counted bytes

  const MetricValue* metric(std::string_view id) const;
  // Whether the floor is worth a word: the p50 is under twenty times of it.
  bool floor_matters() const;
};

// Of a run whose times are a result: the graph samples' p50; where it has none, what a tool counted
// (gpu__time_duration.sum, nvbench's mean).
std::optional<HeadlineTime> headline_time(const core::RunRecord& run);

RunAnalysis analyse(core::RunRecord run, const Catalogue& catalogue);

// Of one problem, on devices of one class, from caches in one state. Runs without a problem are never
// compared: nothing says that they computed the same.
bool comparable(const core::RunRecord& a, const core::RunRecord& b);

// graph p50 of `base` over that of `run` (same problem and class of device), the speed-up that tables show.
std::optional<double> speedup(const RunAnalysis& run, const RunAnalysis& base);

// The run that others on the same problem and class of device are compared with: the ladder's lowest rung.
// nullptr where none has a timing.
const RunAnalysis* base_of(const RunAnalysis& run, const std::vector<RunAnalysis>& all);

// "wmma on mission,causal", "wmma on mission, cold caches"; of a run without a problem the subject alone.
std::string run_label(const core::RunRecord& run);

}  // namespace flashcore::analysis
