// What every face shows of a run before any detail, and how runs are grouped: the one place in reports/
// that knows ids of the catalogue. A catalogue without one of them shows a missing value there.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <optional>
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
inline constexpr std::string_view kLaunchSection = "launch";
// Told by the rows of times and of the limit wherever a run is shown.
inline constexpr std::string_view kTimeMetrics[] = {"duration", "launch_duration", "empty_kernel_duration",
                                                    "limit_share"};

// The point by DRAM bytes, or the only one there is; nullptr without points.
const analysis::RooflinePoint* main_point(const analysis::Roofline& roofline);

// Runs that are shown together. Runs of one problem on one class of device from caches in one state, in the
// order: rung, references last, then as given; imports with a model of their problem are among them. Or all
// other imports of one class of device and cache state, as given, for nothing says that they computed the
// same.
struct Group {
  bool imports = false;
  std::string label;   // "mission,causal", "mission, cold caches", "imports"
  std::string axes;    // analysis::axes_text of the problem; empty where there is none
  std::string device;  // name; empty where it is not known
  std::optional<core::CacheState> cache;
  std::vector<const analysis::RunAnalysis*> runs;
  const analysis::RunAnalysis* fastest = nullptr;  // of those with a graph timing; not where `imports`
};
std::vector<Group> group_runs(const std::vector<analysis::RunAnalysis>& runs);

// The digits in which the p50 of a group's runs can be told apart, and as far as four digits do each run's
// p50 and p90.
int time_digits(const Group& group);

// "exponentials"; "products on the tensor cores and exponentials" where both bind, as with heads of 64 on
// Hopper.
// `brief`: by their ids, "products and exps".
std::string binding_titles(const analysis::ProblemLimit& limit, bool brief = false);

// "limit 0.55 µs by exponentials": the shortest and the longest where the runs' clocks make a difference that
// can be read, each term that binds. Empty where no run has a limit.
std::string limit_sentence(const std::vector<const analysis::RunAnalysis*>& runs, bool brief = false);

// What an empty kernel takes on the machines of those runs whose p50 is so small that it matters (under
// twenty times of it): "an empty kernel takes 0.55 µs here". Empty where it matters to none.
std::string floor_sentence(const std::vector<const analysis::RunAnalysis*>& runs);

// "issue 63 %": the unit nearest to its own peak; empty where too little is known.
std::string busiest_text(const analysis::SpeedOfLight& speed);

// Its row's name in a group: the subject, "fused, import" of a phase that was timed elsewhere; of an import
// that stands apart the subject with its problem.
std::string row_label(const core::RunRecord& run);

// All runs that are not live, those of one origin, device and commit (or tool) in one sentence, with the
// first and the last time: "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z to 12:00:14Z at
// 0123456789ab".
std::vector<std::string> origin_sentences(const std::vector<const core::RunRecord*>& runs);

}  // namespace flashcore::reports
