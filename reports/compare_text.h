// A comparison as tables for a terminal.
//
// Owns: nothing. Threads: pure functions. Text from outside is made safe; no line is wider than the style
// says (from 60 cells on), and every line ends in a newline.
#pragma once

#include <string>

#include "reports/compare_parts.h"
#include "reports/terminal.h"

namespace flashcore::reports {

// What was compared; of one pair its sentence with time, cycles and clock, of several a table; below it for
// each pair what would decide, the metrics that changed and the notes.
std::string compare_text(const CompareView& view, const TerminalStyle& style);

}  // namespace flashcore::reports
