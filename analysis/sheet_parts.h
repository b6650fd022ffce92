// The parts of analysis/sheet.h, one function a sheet, and the rows that they are made of.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "analysis/sheet.h"

namespace flashcore::analysis {

// A row with a value, or, for an empty one, a missing value with `missing` as its reason.
SheetRow text_row(std::string id, std::string name, std::string value, std::string note = {},
                  std::string missing = "it was not recorded");

// `spell` writes a value that is there.
template <typename T, typename Spell>
SheetRow value_row(std::string id, std::string name, const std::optional<T>& value, Spell spell,
                   std::string note = {}, std::string missing = "it was not recorded") {
  return text_row(std::move(id), std::move(name), value ? spell(*value) : std::string(), std::move(note),
                  std::move(missing));
}

SheetSection limit_section(const ProblemLimit& limit);

Sheet summary_sheet(const RunAnalysis& run);
Sheet speed_of_light_sheet(const RunAnalysis& run);
Sheet metrics_sheet(const RunAnalysis& run, const Catalogue& catalogue);
Sheet timing_sheet(const RunAnalysis& run);
Sheet kernels_sheet(const RunAnalysis& run);
Sheet measurements_sheet(const RunAnalysis& run, const Catalogue& catalogue);
Sheet environment_sheet(const RunAnalysis& run);
Sheet messages_sheet(const RunAnalysis& run);

}  // namespace flashcore::analysis
