// Sentences about a run that table, sheets, report and app share.
//
// Owns: nothing. Threads: pure functions. Text from outside is in them as it is; it is made safe where it is
// shown.
#pragma once

#include <string>

#include "analysis/roofline.h"
#include "core/records.h"

namespace flashcore::analysis {

// "WRONG: max error 1.2 > 0.06, 3 NaN (peaked input, seed 42, after timing); its timing is not a result",
// "not checked against the reference; its timing is not a result"; empty for a right answer and for one that
// does not apply.
std::string answer_sentence(const core::RunRecord& run);

// "right", "WRONG", "not checked", "does not apply"
std::string answer_word(core::Answer answer);

// The first twelve digits, with "+changes" where the kernels differed from the commit.
std::string short_commit(const core::EnvironmentRecord& environment);

// What the launch chose for its problem and GPU ("64 x 64 tiles"); empty where it chose nothing, or no
// measurement says.
std::string launch_choice(const core::RunRecord& run);

// "B 1, H 8 (Hkv 2), Sq 512, Sk 512, D 64, f16, causal"; of another workload "m 128, n 256".
std::string axes_text(const core::Problem& problem);

// "recording of NVIDIA H200, taken 2026-01-31T12:00:00Z at 0123456789ab", "import from Nsight Compute 2025.3
// of NVIDIA H200, taken ...", "imported ..." where the file did not say when it was taken; empty for a live
// run. `taken`: the time to tell, in place of the run's.
std::string origin_sentence(const core::RunRecord& run);
std::string origin_sentence(const core::RunRecord& run, const std::string& taken);

// Whether the run's time is that of its import, for its file does not say when it was measured.
bool time_is_the_imports(const core::RunRecord& run);

// The driver's name of it, or "an unnamed device".
std::string device_text(const core::RunRecord& run);

// "1.07 PFLOP/s", "4.92 TB/s"; special functions in "op/s", for they are no FLOPs of the model.
std::string ceiling_text(const Ceiling& ceiling);

}  // namespace flashcore::analysis
