// What every face shows of a run before any detail, and how runs are grouped: the one place in reports/
// that knows ids of the catalogue. A catalogue without one of them shows a missing value there.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::reports {

inline constexpr std::string_view kTensorPipeMetric = "tensor_pipe_active";
inline constexpr std::string_view kOccupancyMetric = "achieved_occupancy";
inline constexpr std::string_view kLeastBytesMetric = "model_bytes";
inline constexpr std::string_view kTensorCeiling = "tensor_f16";
inline constexpr std::string_view kDram = "dram";
inline constexpr std::string_view kStallSection = "stalls";

// The point by DRAM bytes, or the only one there is; nullptr without points.
const analysis::RooflinePoint* main_point(const analysis::Roofline& roofline);

// Runs that are shown together. Runs of one problem on one class of device, in the order: rung, references
// last, then as given; or all imports of one class of device, as given, for nothing says that they computed
// the same.
struct Group {
  bool imports = false;
  std::string label;   // "mission,causal", "imports"
  std::string axes;    // analysis::axes_text of the problem; empty where there is none
  std::string device;  // name; empty where it is not known
  std::vector<const analysis::RunAnalysis*> runs;
  const analysis::RunAnalysis* fastest = nullptr;  // of those with a graph timing; never of imports
};
std::vector<Group> group_runs(const std::vector<analysis::RunAnalysis>& runs);

// Its row's name in a group: the subject, of an import with its problem.
std::string row_label(const core::RunRecord& run);

// All runs that are not live, those of one origin, device and commit (or tool) in one sentence, with the
// first and the last time: "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z to 12:00:14Z at
// 0123456789ab".
std::vector<std::string> origin_sentences(const std::vector<const core::RunRecord*>& runs);

}  // namespace flashcore::reports
