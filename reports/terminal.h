// The tables that end a profile on the terminal: plain UTF-8 text, aligned by display width.
//
// Owns: nothing. Threads: pure functions. Control characters in text from outside are shown as
// '?' so that a tag cannot steer the terminal; long text is cut with an ellipsis.
#pragma once

#include <string>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::reports {

// Whether what is written to a file descriptor is coloured: it is a terminal, NO_COLOR is empty or not there
// (no-color.org), and TERM is not "dumb". The one place that decides.
bool wants_colour(int fd) noexcept;

struct TerminalStyle {
  bool colour = false;
  int width = 100;
};

// One row a run, grouped by problem, device and state of the caches: phase, p50, p90, speed-up, TFLOP/s,
// share of the problem's limit, the busiest unit, tensor pipe, occupancy, error; below it one row for each
// kernel of a launch of several. Imports by device: kernel, counted time, rates. Then what an empty kernel
// takes, where that matters, and diagnostics. One run alone has its speed of light as bars below its row. No
// line is wider than the style says (from 60 cells on).
std::string runs_table(const std::vector<analysis::RunAnalysis>& runs, const TerminalStyle& style);

// Everything of one run (`show RUN`): its speed of light, then its sheets (analysis/sheet.h), one below the
// other.
std::string run_details(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                        const TerminalStyle& style);

}  // namespace flashcore::reports
