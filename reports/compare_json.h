// A comparison as JSON, for programs: docs/compare.schema.json, which a test holds.
//
// Owns: nothing. Threads: pure functions. What is missing or not finite is null. The text is valid UTF-8 and
// ends in a newline.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "reports/compare_parts.h"

namespace flashcore::reports {

nlohmann::ordered_json comparison_json(const CompareView& view);
std::string compare_json(const CompareView& view);

}  // namespace flashcore::reports
