// Runs as JSON: what `flashcore-profile --json` prints. The shape is held by
// docs/runs.schema.json; "schema": 2 changes when a reader would break.
//
// Owns: nothing. Threads: pure functions. Text is valid UTF-8: bytes that are not are replaced.
#pragma once

#include <string>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::reports {

std::string runs_json(const std::vector<analysis::RunAnalysis>& runs);

}  // namespace flashcore::reports
