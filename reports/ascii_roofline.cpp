// The roofline as a plot of characters.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "analysis/units.h"
#include "reports/ascii_canvas.h"
#include "reports/ascii_parts.h"
#include "reports/ascii_plot.h"

namespace flashcore::reports {
namespace {

using analysis::Ceiling;
using analysis::RooflinePoint;

struct Point {
  char letter;
  std::string_view run;
  const RooflinePoint* point;
};

bool positive(double value) {
  return drawable(value) && value > 0;
}

// Operations that are no FLOPs have no place on an axis of FLOP/s.
bool is_drawn(const Ceiling& ceiling) {
  return positive(ceiling.value) && ceiling.id != "mufu";
}

std::vector<Ceiling> ceilings_of(const RooflinePlot& plot) {
  std::vector<Ceiling> out;
  for (const auto& run : plot.runs) {
    if (run.roofline == nullptr) continue;
    for (const Ceiling& ceiling : run.roofline->ceilings) {
      if (is_drawn(ceiling) && out.size() < 9) out.push_back(ceiling);
    }
    if (!out.empty()) break;
  }
  return out;
}

std::vector<Point> points_of(const RooflinePlot& plot) {
  std::vector<Point> out;
  for (const auto& run : plot.runs) {
    if (run.roofline == nullptr) continue;
    for (const RooflinePoint& point : run.roofline->points) {
      if (positive(point.intensity) && positive(point.performance) && out.size() < 26)
        out.push_back({static_cast<char>('A' + out.size()), run.name, &point});
    }
  }
  return out;
}

struct Frame {
  Scale x, y;
};

// Room for every point, for the corner of the highest compute and the slowest memory, and a little around.
Frame frame_of(const std::vector<Ceiling>& ceilings, const std::vector<Point>& points) {
  std::vector<double> x, y;
  double compute = 0, slowest = 0;
  for (const Ceiling& ceiling : ceilings) {
    if (!ceiling.bandwidth) compute = std::max(compute, ceiling.value);
    if (ceiling.bandwidth) slowest = slowest == 0 ? ceiling.value : std::min(slowest, ceiling.value);
  }
  if (compute > 0) y.push_back(compute);
  if (compute > 0 && slowest > 0) x.push_back(compute / slowest);
  for (const Point& point : points) {
    x.push_back(point.point->intensity);
    y.push_back(point.point->performance);
  }
  const auto around = [](const std::vector<double>& values, double below, double above) {
    const double least = values.empty() ? 1 : *std::min_element(values.begin(), values.end());
    const double most = values.empty() ? 1 : *std::max_element(values.begin(), values.end());
    return Scale{least / below, most * above, true};
  };
  return {around(x, 8, 4), around(y, 8, 2)};
}

// The lines of the ceilings, each with its number at the end that lies free: bandwidths at the left or below,
// compute at the right.
void draw_ceilings(AsciiCanvas& canvas, const Frame& frame, const std::vector<Ceiling>& ceilings) {
  double compute = 0;
  for (const Ceiling& ceiling : ceilings) {
    if (!ceiling.bandwidth) compute = std::max(compute, ceiling.value);
  }
  std::vector<std::pair<int, int>> numbers;
  for (const Ceiling& ceiling : ceilings) {
    const char drawn = !ceiling.limit ? '.' : ceiling.bandwidth ? '/' : '-';
    std::pair<int, int> number{-1, -1};
    for (int column = 0; column < canvas.columns(); ++column) {
      const double share = canvas.columns() > 1 ? static_cast<double>(column) / (canvas.columns() - 1) : 0;
      const double intensity = frame.x.low * std::pow(frame.x.high / frame.x.low, share);
      const double value = ceiling.bandwidth ? ceiling.value * intensity : ceiling.value;
      if (ceiling.bandwidth && compute > 0 && value > compute * 1.001) break;
      const int row = frame.y.cell(value, canvas.rows());
      if (row < 0 || row >= canvas.rows()) continue;
      canvas.put(column, row, drawn);
      if (!ceiling.bandwidth || number.first < 0) number = {column, row};
    }
    numbers.push_back(number);
  }
  // The higher of two at one place keeps it; the others go along their lines.
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto [column, row] = numbers[i];
    if (column < 0) continue;
    while (!ceilings[i].bandwidth && column > 0 && canvas.at(column, row) >= '1' &&
           canvas.at(column, row) <= '9')
      column -= 2;
    canvas.put(column, row, static_cast<char>('1' + i));
  }
}

std::string legend(const std::vector<Ceiling>& ceilings, const std::vector<Point>& points, int width) {
  std::string out;
  for (std::size_t i = 0; i < ceilings.size(); ++i) {
    const Ceiling& c = ceilings[i];
    out += ascii_lines(fmt::format("{}  {}: {}{}", i + 1, c.title,
                                   analysis::format_value(c.value, c.bandwidth ? "B/s" : "FLOP/s"),
                                   c.limit ? "" : " (drawn as dots: not what limits)"),
                       width, 5, 2);
  }
  for (const auto& [letter, run, point] : points) {
    std::string text = fmt::format("{}  {}{}{}: {} at {}", letter, run, run.empty() ? "" : ", ",
                                   point->memory, analysis::format_value(point->performance, "FLOP/s"),
                                   analysis::format_value(point->intensity, "FLOP/B"));
    if (point->attainable_fraction && std::isfinite(*point->attainable_fraction))
      text += fmt::format(", {} of what is attainable there",
                          analysis::format_value(100 * *point->attainable_fraction, "%"));
    out += ascii_lines(text, width, 5, 2);
  }
  return out;
}

std::string reasons_of(const RooflinePlot& plot, int width) {
  std::string out;
  for (const auto& run : plot.runs) {
    if (run.roofline == nullptr || run.roofline->reason.empty()) continue;
    out += ascii_lines(run.name.empty() ? run.roofline->reason : run.name + ": " + run.roofline->reason,
                       width, 4, 2);
  }
  return out;
}

}  // namespace

std::string ascii_roofline(const RooflinePlot& plot, const TerminalStyle& style) {
  const int width = plot_width(style);
  std::string out = ascii_title(plot.title, width);
  const std::vector<Ceiling> ceilings = ceilings_of(plot);
  const std::vector<Point> points = points_of(plot);
  if (ceilings.empty() && points.empty()) {
    const std::string reasons = reasons_of(plot, width);
    return out + "  nothing to plot: no ceilings and no points\n" + reasons;
  }
  const Frame frame = frame_of(ceilings, points);
  const int height = std::clamp(plot.height, 6, 60);
  const std::vector<Tick> y_ticks = ticks_of(frame.y, height / 2, "FLOP/s");
  const int gutter = gutter_of(y_ticks), columns = width - gutter - 2;
  AsciiCanvas canvas(columns, height);
  draw_ceilings(canvas, frame, ceilings);
  for (const auto& [letter, run, point] : points) {
    const int column = frame.x.cell(point->intensity, columns),
              row = frame.y.cell(point->performance, height);
    const char there = canvas.at(column, row);
    canvas.put(column, row, there >= 'A' && there <= 'Z' ? '*' : letter);
  }
  out += ascii_title("performance (log)", width);
  out += with_axes(canvas, {.y = &frame.y,
                            .y_ticks = y_ticks,
                            .x = &frame.x,
                            .x_ticks = ticks_of(frame.x, std::max(2, columns / 14), "FLOP/B"),
                            .gutter = gutter});
  out += centred("intensity, FLOPs a byte (log)", gutter + 2, columns);
  return out + legend(ceilings, points, width) + reasons_of(plot, width);
}

}  // namespace flashcore::reports
