// The lines around a plot of characters: titles, wrapped text, the axis below, reasons for what is missing.
//
// Owns: nothing. Units: cells. Threads: pure functions. Every line ends in a newline and is ASCII.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/ascii_canvas.h"
#include "reports/ascii_plot.h"

namespace flashcore::reports {

// The width to draw in: the style's, but not under 60 nor beyond what anybody reads.
int plot_width(const TerminalStyle& style) noexcept;

// A line of its own; nothing for an empty title.
std::string ascii_title(std::string_view title, int width);
// Text in lines of a width: the first begins after `first` spaces, what follows after `indent`.
std::string ascii_lines(std::string_view text, int width, int indent, int first);
std::string centred(std::string_view ascii, int indent, int columns);
// "    +----+----+" and the labels of its ticks.
std::string axis_below(const Scale& scale, const std::vector<Tick>& ticks, int indent, int columns);
// "  missing, REASON: NAME; NAME", once a reason.
std::string missing_reasons(const BarPlot& plot, int width);

}  // namespace flashcore::reports
