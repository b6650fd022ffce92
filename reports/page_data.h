// The report's data as one JSON value: every run as --json has it, but for what its sheets tell and with its
// metrics by page_texts.h, plus what the page shows beside it, already written for people (analysis/units.h),
// so that page and terminal cannot disagree.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::reports {

nlohmann::ordered_json page_data(const std::vector<analysis::RunAnalysis>& runs,
                                 const analysis::Catalogue& catalogue, const std::string& title);

// JSON that may stand inside a <script> element: '<', U+2028 and U+2029 escaped.
std::string script_safe(std::string json);

}  // namespace flashcore::reports
