// The ladder of a problem for the report: its phases in the order of their rungs, the time of each and what
// it gains over the rung before, with a verdict.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "reports/headline.h"

namespace flashcore::reports {

// Null where fewer than two rungs were timed. All gains of `groups` are judged as one family. Of a phase that
// was run at several builds the newest is taken.
nlohmann::ordered_json page_ladder(const Group& group, const std::vector<Group>& groups);

}  // namespace flashcore::reports
