// One run as a JSON value: the shape of docs/runs.schema.json, shared by --json and the report.
//
// Owns: nothing. Units: microseconds in "..._us", otherwise as the key or "unit" says. A number that
// is missing or not finite is null. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "analysis/run_analysis.h"

namespace flashcore::reports {

nlohmann::ordered_json run_json(const analysis::RunAnalysis& run);

// The largest errors over all checks; `checks` is 0 for a run that nobody checked.
struct WorstErrors {
  int checks = 0;
  double max_error = 0, mean_error = 0;
  std::int64_t nan_count = 0, inf_count = 0;
};
WorstErrors worst_errors(const core::RunRecord& run);

// Text with bytes that are not UTF-8 replaced; indent -1 is one line.
std::string dump(const nlohmann::ordered_json& value, int indent);

}  // namespace flashcore::reports
