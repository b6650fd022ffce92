// What changed against a base of comparison, for the report: phases x problems with a verdict each, and of
// every pair both sets of samples, the causes and the metrics; written for people beside the numbers.
//
// Owns: nothing. Units: changes are relative in numbers (0.02) and percent in texts. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/headline.h"
#include "reports/html.h"

namespace flashcore::reports {

// "+2.13 %", "-62.1 %"; empty for nothing.
std::string signed_percent(const std::optional<double>& relative);
// "-62.4 to -61.8 %"; empty where a bound is not known.
std::string bounds_text(const std::optional<double>& low, const std::optional<double>& high);

// Null where `extras` has no base. `groups` are those of `runs`, the runs of now.
nlohmann::ordered_json page_changes(const ReportExtras& extras, const std::vector<Group>& groups,
                                    const std::vector<analysis::RunAnalysis>& runs);

}  // namespace flashcore::reports
