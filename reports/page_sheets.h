// What is told of a run in detail, for the report's data: its metrics as columns, so that runs that were
// counted alike share the column of where values came from, and its sheets.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "analysis/run_analysis.h"
#include "analysis/sheet.h"

namespace flashcore::reports {

// {"values": {id: number or null}, "texts": {id: written for people}, "notes": {id: where it came from, or
// why it is missing}}
nlohmann::ordered_json page_metrics(const analysis::RunAnalysis& run);

// The page shows the metrics side by side from the catalogue's sections, and the speed of light from
// run_json.
bool drawn_apart(const analysis::Sheet& sheet);

// Every other sheet, by id.
nlohmann::ordered_json page_sheets(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue);

}  // namespace flashcore::reports
