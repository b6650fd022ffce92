// What a report with a base of comparison shows beside its runs: every pair with its verdict, why it differs,
// and the histories of the series that the runs belong to.
//
// Owns: the analyses of the base's runs; `extras` points into them and into the report's own runs, so a
// ReportBase is moved, never copied, and the runs outlive it. Threads: any, one Store each. Errors: those of
// compare.h for the base; a history that cannot be had is a note of the report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/session/compare.h"
#include "reports/html.h"

namespace flashcore::session {

struct ReportBase {
  std::unique_ptr<CompareOutcome> outcome;
  reports::ReportExtras extras;
};

core::Result<ReportBase> report_base(const std::string& base, const std::vector<analysis::RunAnalysis>& runs,
                                     const store::Store& store, const analysis::Catalogue& catalogue,
                                     const core::CancelToken& cancel = {}, double smallest = 0.01);

}  // namespace flashcore::session
