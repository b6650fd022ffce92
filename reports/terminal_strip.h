// The speed of light of a run as bars for a terminal.
//
// Owns: nothing. Units: widths in terminal cells. Threads: pure functions. Text from outside is made safe.
#pragma once

#include <string>

#include "analysis/speed_of_light.h"
#include "reports/terminal.h"

namespace flashcore::reports {

// `cells` wide: full blocks, then one of eighths, then dots to the end. A value above a hundred fills it.
std::string block_bar(double percent, int cells);

// Every unit with its bar and its value, as many beside one another as the width holds, and the binding one
// marked, where enough is known to call it so; a unit without a value keeps its place, and why it is missing
// is told below, once a reason. Where nothing is known the reason alone. Every line ends in a newline. Empty
// for a run of which nothing is to be said.
std::string speed_strip(const analysis::SpeedOfLight& speed, const TerminalStyle& style);

}  // namespace flashcore::reports
