// The texts of the report's data, each once: the runs of a report say most of the same (where a value came
// from, why one is missing, names, tips), so that a text is kept in one list and named by its place in it.
//
// Owns: its texts. Threads: plain values.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "analysis/sheet.h"

namespace flashcore::reports {

class PageTexts {
 public:
  std::size_t place_of(const std::string& text);
  const std::vector<std::string>& all() const { return texts_; }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> texts_;
};

// By id: [value or null, where it came from or why it is missing].
nlohmann::ordered_json page_metrics(const analysis::RunAnalysis& run, PageTexts& texts);

// The page shows the metrics side by side from the catalogue's sections, and the speed of light from
// run_json.
bool drawn_apart(const analysis::Sheet& sheet);

// Every other sheet, by id; a row is [id, name, value, note, tip, state].
nlohmann::ordered_json page_sheets(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                                   PageTexts& texts);

}  // namespace flashcore::reports
