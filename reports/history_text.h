// Histories on the terminal: for each series its change points, its marks, and its newest builds; with
// `plots` a plot of the values in characters.
//
// Owns: nothing. Threads: pure functions. Control characters in text from outside are shown as '?'. No line
// is wider than the style says (from 60 cells on).
#pragma once

#include <string>
#include <vector>

#include "analysis/history/history.h"
#include "reports/terminal.h"

namespace flashcore::reports {

std::string histories_text(const std::vector<analysis::History>& histories, const TerminalStyle& style,
                           bool plots = false);

}  // namespace flashcore::reports
