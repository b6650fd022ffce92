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

enum class Answer { kRight, kWrong, kUnchecked };
Answer answer_of(const core::RunRecord& run);

// "WRONG: max error 1.2 > 0.06, 3 NaN (seed 42); its timing is not a result"
std::string wrong_sentence(const core::RunRecord& run);
inline constexpr std::string_view kUncheckedSentence =
    "not checked against the reference; its timing is not a result";

// The point by DRAM bytes, or the only one there is; nullptr without points.
const analysis::RooflinePoint* main_point(const analysis::Roofline& roofline);

// "1.07 PFLOP/s", "4.92 TB/s"; special functions in "op/s", for they are no FLOPs of the model.
std::string ceiling_text(const analysis::Ceiling& ceiling);

// "B 1, H 8 (Hkv 2), Sq 512, Sk 512, D 64, f16"
std::string extents_text(const core::Problem& problem);

// Runs of one problem on one device, in the order: rung, references last, then as given.
struct Group {
  core::Problem problem;
  std::string device;
  std::vector<const analysis::RunAnalysis*> runs;
  const analysis::RunAnalysis* fastest = nullptr;  // of those with a timing, by graph p50
};
std::vector<Group> group_runs(const std::vector<analysis::RunAnalysis>& runs);

// "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z at 0123456789ab"; empty for a live run.
std::string recording_sentence(const core::RunRecord& run);

// All recorded runs of one device and commit in one sentence, with the first and the last time:
// "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z to 12:00:14Z at 0123456789ab".
std::vector<std::string> recording_sentences(const std::vector<const core::RunRecord*>& runs);

// The first twelve digits, with "+changes" where the kernels differed from the commit.
std::string short_commit(const core::EnvironmentRecord& environment);

}  // namespace flashcore::reports
