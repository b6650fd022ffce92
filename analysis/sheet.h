// Sheets: everything that is told of a run in detail, as sections of named values, without a toolkit.
// `show`, the report and the desktop app render these and list no field by themselves.
//
// Owns: its strings; they may hold text from outside and are made safe where they are shown. Threads: plain
// values. Errors: none; what is missing is a row with its reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::analysis {

enum class RowState { kPlain, kMissing, kGood, kWarning, kBad };

struct SheetRow {
  std::string id;     // stable: a metric's id, "graph.p50", "device.name"
  std::string name;   // "Tensor pipe active"
  std::string value;  // written for people; "missing" where it is
  std::string note;   // where it came from, or why it is missing
  std::string tip;    // longer: description, unit, direction; may be empty
  RowState state = RowState::kPlain;
};

struct SheetSection {
  std::string id;  // "tensor", "timing.graph", "kernel.0"
  std::string title;
  std::string description;
  std::vector<SheetRow> rows;
};

// One page of a run: what a tab of the app shows.
struct Sheet {
  // "summary", "speed_of_light", "metrics", "timing", "kernels", "measurements", "environment", "messages"
  std::string id;
  std::string title;
  std::vector<SheetSection> sections;
};

// Every sheet of a run, in the order in which they are shown. A sheet without anything to say says that.
std::vector<Sheet> sheets_of(const RunAnalysis& run, const Catalogue& catalogue);
const Sheet* find_sheet(const std::vector<Sheet>& sheets, std::string_view id);

}  // namespace flashcore::analysis
