// Plots for logs, mails and terminals, of plain ASCII characters: what `--ascii` adds to a table.
//
// Every plot has its axes labelled with units, is no wider than the style says (from 60 cells on; narrower
// styles are drawn at 60), ends its lines in newlines and has no space at the end of one. Values that are not
// finite are not drawn, and the plot says how many; where nothing can be drawn it is one line that says so.
// Colours are not used. Names and texts may come from outside: they are made safe and ASCII here.
//
// Owns: plain values. Units: as named (analysis/units.h); heights in lines of the plot's own area, which
// title, axis and legend come on top of. Threads: pure functions. Errors: none.
//
//   SeriesPlot plot{.title = "fused on mission, graph p50", .y_title = "p50", .unit = "ns"};
//   plot.values = {15100.0, 15090.0, std::nullopt, 16020.0};
//   plot.levels = {{0, 3, 15095.0}, {3, 4, 16020.0}};
//   plot.marks = {{3, 'A', "1a2b3c4: 6.1 % slower (5.8 to 6.4)"}};
//   std::string text = ascii_series(plot, {.width = 80});
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/roofline.h"
#include "reports/terminal.h"

namespace flashcore::reports {

// Values by their place in a series, oldest first: `o` a value, `-` the level of a segment, a vertical bar
// with a letter above it where the level changed (or a mark stands), what the letters mean below.
struct SeriesPlot {
  struct Level {
    std::size_t begin = 0, end = 0;  // values [begin, end)
    double value = 0;
  };
  struct Mark {
    std::size_t index = 0;  // the first value of the new level
    char letter = 'A';
    std::string text = {};  // told below; empty: not told
  };

  std::string title = {};               // empty: none
  std::string y_title = {}, unit = {};  // "p50", "ns"
  std::string x_title = "runs, oldest first";
  std::vector<std::optional<double>> values = {};  // nothing: a gap
  std::vector<std::string> x_labels = {};          // one a value ("1a2b3c4"), or none: numbers from 1
  std::vector<Level> levels = {};
  std::vector<Mark> marks = {};
  bool joined = false;  // neighbours joined by dots
  int height = 12;      // clamped to 3 .. 60
};
std::string ascii_series(const SeriesPlot& plot, const TerminalStyle& style);

// Histograms one above the other on one axis, each with its own count, median (the bar below it) and name.
// The height is the share of the side's values, on one scale. Where few values lie far from all others the
// axis ends before them; they are counted in `<` and `>` at its ends and told, never dropped.
struct DistributionPlot {
  struct Side {
    std::string name = {};  // "base: baseline@mission"
    std::vector<double> values = {};
  };

  std::string title = {};
  std::string x_title = {}, unit = {};  // "graph samples", "ns"
  std::vector<Side> sides = {};
  int height = 5;  // of each side; clamped to 2 .. 30
};
std::string ascii_distributions(const DistributionPlot& plot, const TerminalStyle& style);

// Horizontal bars from a common zero; values below zero go to the left of it.
struct BarPlot {
  struct Bar {
    std::string name = {};
    std::optional<double> value = {};
    std::string text = {};    // written at the end; empty: the value with its unit
    std::string reason = {};  // why there is no value
  };

  std::string title = {}, x_title = {}, unit = {};  // "share of what the unit can do", "%"
  std::vector<Bar> bars = {};
  std::optional<double> most = {};  // the right end of the axis; nothing: the largest value
};
std::string ascii_bars(const BarPlot& plot, const TerminalStyle& style);

// Intensity against performance, both logarithmic: the ceilings of the first run that has some (`/`
// bandwidths, `-` compute, `.` those that are no limit), every run's points by letter, and what each letter
// and line is below.
struct RooflinePlot {
  struct Run {
    std::string name = {};  // "base", or a phase
    const analysis::Roofline* roofline = nullptr;
  };

  std::string title = {};
  std::vector<Run> runs = {};
  int height = 16;  // clamped to 6 .. 60
};
std::string ascii_roofline(const RooflinePlot& plot, const TerminalStyle& style);

}  // namespace flashcore::reports
