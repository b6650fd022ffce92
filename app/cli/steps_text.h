// Where the time of a command went, as --verbose says it: the session's steps, then those of each collector
// that says its own (a counting helper's, once for all runs that shared them), then what showing the runs
// took.
//
// Owns: nothing. Units: milliseconds. Threads: pure function. Text from outside is made safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/records.h"

namespace flashcore::cli {

std::string steps_text(std::span<const core::StepRecord> session,
                       const std::vector<analysis::RunAnalysis>& runs,
                       std::span<const core::StepRecord> shown, int width);

}  // namespace flashcore::cli
