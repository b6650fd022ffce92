// The report's data: every run as --json has it, but for what its sheets tell and with its metrics as columns
// (page_sheets.h), plus what the page shows beside it, already written for people (analysis/units.h), so that
// page and terminal cannot disagree.
//
// Owns: what it computed of the runs' order; runs, catalogue and options must outlive it. Threads: pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "reports/headline.h"
#include "reports/html.h"

namespace flashcore::reports {

class PageData {
 public:
  PageData(const std::vector<analysis::RunAnalysis>& runs, const analysis::Catalogue& catalogue,
           const HtmlOptions& options);

  // Everything but the runs.
  nlohmann::ordered_json head() const;
  nlohmann::ordered_json run(std::size_t place) const;

  // [head, [run, ...]] as page_pack.h packs it, one run at a time, for a <script> element.
  std::string packed() const;

 private:
  nlohmann::ordered_json group_json(const Group& group) const;

  const std::vector<analysis::RunAnalysis>& runs_;
  const analysis::Catalogue& catalogue_;
  const HtmlOptions& options_;
  std::vector<Group> groups_;
  std::vector<int> digits_;
};

// JSON that may stand inside a <script> element: '<', U+2028 and U+2029 escaped.
std::string script_safe(std::string json);

}  // namespace flashcore::reports
