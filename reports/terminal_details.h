// What `show` prints of one run: a page of what a person wants first, or the sections that were asked for.
//
// Owns: nothing. Units: cells. Threads: pure functions. Errors: kUsage with the nearest names for a section
// that the run does not have. Text from outside is made safe here.
#pragma once

#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/run_analysis.h"
#include "core/result.h"
#include "reports/terminal.h"

namespace flashcore::reports {

inline constexpr const char* kAllSections = "all";

// What `run_sections` takes: the sheets of a run (analysis/sheet.h), their sections ("tensor",
// "timing.graph", "kernel.0"), and "all".
std::vector<std::string> section_names(const analysis::RunAnalysis& run,
                                       const analysis::Catalogue& catalogue);

// Title, answer, time and limit, bars, metrics that say most, resources of the kernels, what stalled it,
// messages, and which sections there are: at most fifty lines of a width of eighty. With `ascii` the bars and
// the roofline are plots of plain characters, and the page is as much longer.
std::string run_page(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                     const TerminalStyle& style, bool ascii);

// Those sections, in the order of the sheets whatever that of the names; each once.
core::Result<std::string> run_sections(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                                       const std::vector<std::string>& names, const TerminalStyle& style,
                                       bool ascii);

}  // namespace flashcore::reports
