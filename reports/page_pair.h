// One pair of the report's regression view: its verdict, the samples of both sides, why they differ, their
// points under the roof and every metric that has a direction.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "reports/html.h"

namespace flashcore::reports {

// What judge said: numbers, and the same for people in the metric's unit.
nlohmann::ordered_json judgement_json(const analysis::Judgement& judgement, const std::string& unit);

// `pair` may be nullptr: then it is not known why. `most`: samples that a side may keep.
nlohmann::ordered_json pair_json(const analysis::Comparison& comparison, const ReportExtras::Pair* pair,
                                 std::size_t most);

}  // namespace flashcore::reports
