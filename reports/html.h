// The HTML report: one self-contained file (Apache ECharts inlined, no network, a strict CSP). A build that
// had no ECharts at hand writes the same report with its tables alone; in the place of each chart it says so.
//
// Owns: nothing. Threads: any. Errors: kFile when the file cannot be written; it then appears not
// at all. Everything that came from outside (tags, names) is escaped: data goes into one JSON block
// whose '<' are escaped, and reaches the page as text nodes only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/history/history.h"
#include "analysis/run_analysis.h"
#include "analysis/verdict/comparison.h"
#include "analysis/why/why.h"
#include "core/result.h"

namespace flashcore::reports {

// Whether this build carries ECharts.
bool report_has_charts() noexcept;

// What a report with a base of comparison shows beside its runs.
struct ReportExtras {
  // Of a pair the runs that its difference is split by, one of each side.
  struct Pair {
    const analysis::RunAnalysis* base = nullptr;
    const analysis::RunAnalysis* now = nullptr;
    analysis::Why why;
  };
  const analysis::Comparisons* changes = nullptr;  // nothing: there is no base
  std::string base_word, base_sentence;            // "nightly", "the 8 runs of ..."
  std::vector<Pair> pairs;                         // of each of changes->all, in its order
  std::vector<analysis::History> histories;        // of series that the report's runs belong to
  std::vector<std::string> notes;                  // what of these could not be had, and why
};

struct HtmlOptions {
  std::string title = "FlashCore phase report";
  ReportExtras extras;
};

std::string html_report(const std::vector<analysis::RunAnalysis>& runs, const analysis::Catalogue& catalogue,
                        const HtmlOptions& options = {});
core::Status write_html_report(const std::filesystem::path& path,
                               const std::vector<analysis::RunAnalysis>& runs,
                               const analysis::Catalogue& catalogue, const HtmlOptions& options = {});

}  // namespace flashcore::reports
