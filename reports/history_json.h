// Histories as JSON: what `flashcore-profile history --json` prints. The shape is held by
// docs/history.schema.json; "schema": 1 changes when a reader would break.
//
// Owns: nothing. Threads: pure functions. Text is valid UTF-8: bytes that are not are replaced. Numbers that
// are missing or not finite are null; changes are in percent.
#pragma once

#include <string>
#include <vector>

#include "analysis/history/history.h"

namespace flashcore::reports {

std::string histories_json(const std::vector<analysis::History>& histories);

}  // namespace flashcore::reports
