#include "reports/ascii_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/units.h"
#include "reports/ascii_canvas.h"
#include "reports/ascii_parts.h"

namespace flashcore::reports {
namespace {

// Where the values of a series stand, in columns.
class Places {
 public:
  Places(std::size_t count, int columns) : count_(count), columns_(columns) {}

  int column(double place) const {
    if (count_ < 2) return columns_ / 2;
    return static_cast<int>(std::lround(place * (columns_ - 1) / static_cast<double>(count_ - 1)));
  }

 private:
  std::size_t count_;
  int columns_;
};

std::vector<double> drawn_values(const SeriesPlot& plot) {
  std::vector<double> out;
  for (const auto& value : plot.values) {
    if (value && drawable(*value)) out.push_back(*value);
  }
  return out;
}

Scale scale_of_series(const SeriesPlot& plot) {
  std::vector<double> all = drawn_values(plot);
  for (const SeriesPlot::Level& level : plot.levels) all.push_back(level.value);
  return scale_of(all);
}

void draw_levels(AsciiCanvas& canvas, const SeriesPlot& plot, const Scale& scale, const Places& places) {
  for (const SeriesPlot::Level& level : plot.levels) {
    const std::size_t end = std::min(level.end, plot.values.size());
    if (!drawable(level.value) || level.begin >= end) continue;
    const int row = scale.cell(level.value, canvas.rows() - 1);
    const int last = places.column(static_cast<double>(end - 1));
    for (int column = places.column(static_cast<double>(level.begin)); column <= last; ++column)
      canvas.put(column, row, '-');
  }
}

// Between the last value before it and its own; the letter has the highest row to itself.
void draw_marks(AsciiCanvas& canvas, const SeriesPlot& plot, const Places& places) {
  const int top = canvas.rows() - 1;
  for (const SeriesPlot::Mark& mark : plot.marks) {
    if (mark.index >= plot.values.size()) continue;
    const int column = places.column(mark.index == 0 ? 0.0 : static_cast<double>(mark.index) - 0.5);
    for (int row = 0; row < top; ++row) canvas.put(column, row, '|');
    const char letter = mark.letter > 0x20 && mark.letter < 0x7F ? mark.letter : '?';
    canvas.put(column, top, canvas.at(column, top) == ' ' ? letter : '*');
  }
}

void draw_joints(AsciiCanvas& canvas, const SeriesPlot& plot, const Scale& scale, const Places& places) {
  for (std::size_t i = 1; i < plot.values.size(); ++i) {
    const auto &before = plot.values[i - 1], &here = plot.values[i];
    if (!before || !here || !drawable(*before) || !drawable(*here)) continue;
    const int from = places.column(static_cast<double>(i - 1)), to = places.column(static_cast<double>(i));
    for (int column = from + 1; column < to; ++column) {
      const double part = static_cast<double>(column - from) / (to - from);
      canvas.put(column, scale.cell(*before + (*here - *before) * part, canvas.rows() - 1), '.');
    }
  }
}

void draw_values(AsciiCanvas& canvas, const SeriesPlot& plot, const Scale& scale, const Places& places) {
  for (std::size_t i = 0; i < plot.values.size(); ++i) {
    const auto& value = plot.values[i];
    if (value && drawable(*value))
      canvas.put(places.column(static_cast<double>(i)), scale.cell(*value, canvas.rows() - 1), 'o');
  }
}

// Labels under as many values as have room, the first and the last before all others.
std::string series_labels(const SeriesPlot& plot, const Places& places, int indent, int columns) {
  constexpr int kMost = 12;
  std::string line(static_cast<std::size_t>(indent + columns), ' ');
  const std::size_t count = plot.values.size();
  const auto write = [&](std::size_t i) {
    const bool named = i < plot.x_labels.size();
    const std::string label =
        ascii_cut(named ? ascii_text(plot.x_labels[i]) : fmt::format("{}", i + 1), kMost);
    const int wide = static_cast<int>(label.size());
    const int begin = std::clamp(indent + places.column(static_cast<double>(i)) - wide / 2, indent - 1,
                                 std::max(indent - 1, indent + columns - wide));
    const auto from = static_cast<std::size_t>(std::max(0, begin - 2));
    const auto until = std::min(line.size(), static_cast<std::size_t>(begin + wide + 2));
    if (line.find_first_not_of(' ', from) < until) return;
    line.replace(static_cast<std::size_t>(begin), label.size(), label);
  };
  write(0);
  write(count - 1);
  const std::size_t steps = std::min<std::size_t>(count, static_cast<std::size_t>(columns) / (kMost + 4));
  for (std::size_t step = 1; step < steps; ++step) write(step * (count - 1) / steps);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string legend(const SeriesPlot& plot, int width) {
  std::string out;
  for (const SeriesPlot::Mark& mark : plot.marks) {
    if (!mark.text.empty()) out += ascii_lines(fmt::format("{}  {}", mark.letter, mark.text), width, 5, 2);
  }
  return out;
}

}  // namespace

std::string ascii_series(const SeriesPlot& plot, const TerminalStyle& style) {
  const int width = plot_width(style);
  const std::size_t drawn = drawn_values(plot).size(), count = plot.values.size();
  std::string out = ascii_title(plot.title, width);
  if (drawn == 0)
    return out +
           ascii_lines(count == 0 ? "  nothing to plot: no values" : "  nothing to plot: no value is known",
                       width, 4, 0);
  const Scale scale = scale_of_series(plot);
  const int height = std::clamp(plot.height, 3, 60);
  const std::vector<Tick> ticks = ticks_of(scale, height / 3 + 1, plot.unit);
  const int gutter = gutter_of(ticks);
  const int columns = width - gutter - 2;
  const Places places(count, columns);
  AsciiCanvas canvas(columns, height + 1);
  draw_levels(canvas, plot, scale, places);
  draw_marks(canvas, plot, places);
  if (plot.joined) draw_joints(canvas, plot, scale, places);
  draw_values(canvas, plot, scale, places);
  // The highest row is the letters'; ticks count from the rows below it.
  const Scale whole{scale.low, scale.high + (scale.high - scale.low) / std::max(1, height - 1)};
  out += ascii_title(plot.y_title, width);
  out += with_axes(canvas, {.y = &whole, .y_ticks = ticks, .x = nullptr, .x_ticks = {}, .gutter = gutter});
  out += series_labels(plot, places, gutter + 2, columns);
  std::string x_title = ascii_cut(ascii_text(plot.x_title), columns);
  if (!x_title.empty()) out += centred(x_title, gutter + 2, columns);
  if (drawn < count)
    out += ascii_lines(
        fmt::format("  not drawn: {} of {} values, which are missing or no numbers", count - drawn, count),
        width, 4, 0);
  return out + legend(plot, width);
}

std::string ascii_bars(const BarPlot& plot, const TerminalStyle& style) {
  constexpr int kMostName = 30, kMostText = 24;
  const int width = plot_width(style);
  std::string out = ascii_title(plot.title, width);
  if (plot.bars.empty()) return out + "  nothing to plot: no bars\n";
  struct Line {
    std::string name, text;
    std::optional<double> value;
  };
  std::vector<Line> lines;
  std::vector<double> ends{0};
  std::size_t names = 4, texts = 4;
  for (const BarPlot::Bar& bar : plot.bars) {
    const bool known = bar.value && drawable(*bar.value);
    std::string text = !known             ? "missing"
                       : bar.text.empty() ? analysis::format_value(*bar.value, plot.unit)
                                          : bar.text;
    lines.push_back({ascii_cut(ascii_text(bar.name), kMostName), ascii_cut(ascii_text(text), kMostText),
                     known ? bar.value : std::nullopt});
    names = std::max(names, lines.back().name.size());
    texts = std::max(texts, lines.back().text.size());
    if (known) ends.push_back(*bar.value);
  }
  if (plot.most && drawable(*plot.most)) ends.push_back(*plot.most);
  const double low = *std::min_element(ends.begin(), ends.end());
  double high = *std::max_element(ends.begin(), ends.end());
  if (low == 0 && high == 0) high = 1;
  const Scale scale{low, plot.most && drawable(*plot.most) ? std::max(*plot.most, 0.0) : high};
  const Scale good = scale.high > scale.low ? scale : Scale{low, low + 1};
  const int columns = width - static_cast<int>(names + texts) - 4;
  const int zero = good.cell(0, columns);
  for (const Line& line : lines) {
    std::string drawn(static_cast<std::size_t>(columns), ' ');
    if (line.value) {
      const int end = std::clamp(good.cell(*line.value, columns), 0, columns - 1);
      for (int i = std::min(zero, end); i <= std::max(zero, end); ++i)
        drawn[static_cast<std::size_t>(i)] = '#';
      if (*line.value > good.high) drawn.back() = '>';  // past the end of the axis
    }
    drawn[static_cast<std::size_t>(zero)] = '|';
    out += fmt::format("{} {} {}\n", ascii_fit(line.name, static_cast<int>(names)), drawn,
                       ascii_fit(line.text, static_cast<int>(texts), true));
  }
  const std::vector<Tick> ticks = ticks_of(good, std::max(2, columns / 16), plot.unit);
  out += axis_below(good, ticks, static_cast<int>(names) + 1, columns);
  if (!plot.x_title.empty())
    out += centred(ascii_cut(ascii_text(plot.x_title), columns), static_cast<int>(names) + 1, columns);
  return out + missing_reasons(plot, width);
}

}  // namespace flashcore::reports
