// The parts that the page of a run and its sections share: title, bars and roofline.
//
// Owns: nothing. Threads: pure functions. Every line ends in a newline.
#pragma once

#include <string>

#include "analysis/run_analysis.h"
#include "reports/terminal.h"

namespace flashcore::reports {

// "run 12: fused on mission".
std::string run_title(const analysis::RunAnalysis& run, const TerminalStyle& style);
// The strip of bars (reports/terminal_strip.h), or the same in plain characters.
std::string run_bars(const analysis::RunAnalysis& run, const TerminalStyle& style, bool ascii);
// Of plain characters; begins with an empty line.
std::string run_roofline(const analysis::RunAnalysis& run, const TerminalStyle& style);

}  // namespace flashcore::reports
