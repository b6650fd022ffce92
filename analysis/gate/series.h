// Series: the runs that a gate judges as one, and what one of them says of a value.
//
// Owns: plain values; points to the runs' analyses, which must outlive it. Units: of the metric. Threads:
// pure functions. Errors: none; what is missing has its reason.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/gate/gate.h"
#include "analysis/run_analysis.h"

namespace flashcore::analysis {

// Runs of one subject on one problem, class of device and state of the caches, at one build: several
// processes.
struct RunSeries {
  std::vector<const RunAnalysis*> runs;  // in the order taken; never empty

  const core::RunRecord& record() const { return runs.front()->run; }
  core::RowId newest() const;
};

// Whether they are of one subject, problem, class of device and state of the caches; builds may differ.
bool same_series(const core::RunRecord& a, const core::RunRecord& b);

// By first occurrence. Of several builds of a series the newest is taken, and `notes` says so.
std::vector<RunSeries> series_of(std::span<const RunAnalysis> runs, std::vector<std::string>& notes);

// One value of a series: of what the compiler and the checks say the worst of its runs, of what was measured
// their median.
struct SeriesValue {
  std::optional<double> value;
  std::string missing;         // why there is none
  int runs = 0;                // that have it
  double least = 0, most = 0;  // of them
  bool worst = false;          // value is the worst of the runs, not the median
  std::string where;           // of a launch of several kernels: which has the most; may be empty
};

// A metric of the catalogue or one of gate_values(), "answer" excepted. `upwards`: larger is worse.
SeriesValue value_of(const RunSeries& series, const std::string& metric, bool upwards);

}  // namespace flashcore::analysis
