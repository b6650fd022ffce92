// Why pairs of runs differ, as JSON; docs/why.schema.json holds its shape.
//
// Owns: nothing. Units: in the keys (_us, _percent), of a part's numbers as "unit" says. Threads: pure
// functions. A number that is missing or not finite is null; text is valid UTF-8.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/why_text.h"

namespace flashcore::reports {

// One pair, for others that hold it (compare, the report).
nlohmann::ordered_json why_value(const WhyView& view);

std::string why_json(const std::vector<WhyView>& views, const std::vector<std::string>& notes);

}  // namespace flashcore::reports
