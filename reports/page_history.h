// Histories for the report: each series with its points, change points and marks, and the problem of the
// report that it belongs to.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "analysis/history/history.h"
#include "reports/headline.h"

namespace flashcore::reports {

// A series without a run in `groups` has null for its group.
nlohmann::ordered_json page_histories(const std::vector<analysis::History>& histories,
                                      const std::vector<Group>& groups);

}  // namespace flashcore::reports
