// Distributions of samples for plots of characters.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "analysis/units.h"
#include "reports/ascii_canvas.h"
#include "reports/ascii_parts.h"
#include "reports/ascii_plot.h"

namespace flashcore::reports {
namespace {

// The values of a side in order, without what is no number.
struct Sorted {
  std::vector<double> values;
  std::size_t strange = 0;

  // Nearest rank, as analysis/statistics.h has them.
  double at(double share) const {
    const double rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
  }
};

Sorted sorted(const std::vector<double>& values) {
  Sorted out;
  for (const double value : values) {
    if (drawable(value)) out.values.push_back(value);
  }
  out.strange = values.size() - out.values.size();
  std::sort(out.values.begin(), out.values.end());
  return out;
}

// Ten interquartile ranges from the middle half lies what would press all other values into one column.
Scale scale_of_sides(const std::vector<Sorted>& sides) {
  constexpr double kFar = 10;
  std::vector<double> kept;
  for (const Sorted& side : sides) {
    if (side.values.empty()) continue;
    const double low = side.at(0.25), high = side.at(0.75), far = kFar * (high - low);
    for (const double value : side.values) {
      if (far == 0 || (value >= low - far && value <= high + far)) kept.push_back(value);
    }
  }
  return scale_of(kept);
}

struct Bins {
  std::vector<double> shares;  // of the side's values, a column each
  std::size_t below = 0, above = 0;
};

Bins bins_of(const Sorted& side, const Scale& scale, int columns) {
  Bins bins{std::vector<double>(static_cast<std::size_t>(columns), 0.0), 0, 0};
  for (const double value : side.values) {
    const double share = scale.share(value);
    if (share < 0) {
      ++bins.below;
    } else if (share > 1) {
      ++bins.above;
    } else {
      bins.shares[static_cast<std::size_t>(scale.cell(value, columns))] += 1;
    }
  }
  for (double& share : bins.shares)
    share /= static_cast<double>(std::max<std::size_t>(1, side.values.size()));
  return bins;
}

// Columns of '#' with a half step, ':'; what holds any value has a dot at least.
AsciiCanvas columns_of(const Bins& bins, double most, int columns, int height) {
  AsciiCanvas canvas(columns, height);
  for (int column = 0; column < columns; ++column) {
    const double share = bins.shares[static_cast<std::size_t>(column)];
    if (share <= 0) continue;
    const int halves = static_cast<int>(std::lround(share / most * height * 2));
    for (int row = 0; row < halves / 2; ++row) canvas.put(column, row, '#');
    if (halves % 2 != 0) canvas.put(column, halves / 2, ':');
    if (halves == 0) canvas.put(column, 0, '.');
  }
  return canvas;
}

// "      [====|===]    >": the middle half, the median, and that values lie beyond an end.
std::string box_of(const Sorted& side, const Bins& bins, const Scale& scale, int columns) {
  AsciiCanvas line(columns, 1);
  const int low = scale.cell(side.at(0.25), columns), high = scale.cell(side.at(0.75), columns);
  for (int column = low; column <= high; ++column) line.put(column, 0, '=');
  line.put(low, 0, '[');
  line.put(high, 0, ']');
  line.put(scale.cell(side.at(0.5), columns), 0, '|');
  if (bins.below > 0) line.put(0, 0, '<');
  if (bins.above > 0) line.put(columns - 1, 0, '>');
  return line.line(0);
}

std::string beyond_text(const Sorted& side, const Bins& bins, std::string_view unit) {
  std::string out;
  const auto say = [&](std::size_t count, char sign, const char* word, double furthest) {
    if (count > 0)
      out += fmt::format("{}{} {} {} the end of the axis, {} {}", out.empty() ? "" : "; ", sign, count, word,
                         count == 1 ? "at" : "as far as", analysis::format_value(furthest, unit));
  };
  if (side.values.empty()) return out;
  say(bins.below, '<', "before", side.values.front());
  say(bins.above, '>', "past", side.values.back());
  return out;
}

std::string side_title(const DistributionPlot::Side& given, const Sorted& side, std::string_view unit,
                       int width) {
  std::string numbers = "no values";
  if (!side.values.empty()) {
    // As many digits as the axis would have: sides that differ by a percent must not read the same.
    numbers =
        fmt::format("median {}, n {}", analysis::format_value(side.at(0.5), unit, 4), side.values.size());
  }
  if (side.strange > 0) numbers += fmt::format(", {} no numbers", side.strange);
  numbers = ascii_text(numbers);
  const int room = std::max(8, width - 2 - static_cast<int>(numbers.size()));
  return ascii_cut(ascii_cut(ascii_text(given.name), room) + ": " + numbers, width) + "\n";
}

}  // namespace

std::string ascii_distributions(const DistributionPlot& plot, const TerminalStyle& style) {
  const int width = plot_width(style);
  std::string out = ascii_title(plot.title, width);
  std::vector<Sorted> sides;
  bool any = false;
  for (const DistributionPlot::Side& side : plot.sides) {
    sides.push_back(sorted(side.values));
    any = any || !sides.back().values.empty();
  }
  if (!any) return out + "  nothing to plot: no values\n";
  constexpr int kGutter = 6;
  const int columns = width - kGutter - 2, height = std::clamp(plot.height, 2, 30);
  const Scale scale = scale_of_sides(sides);
  std::vector<Bins> bins;
  double most = 0;
  for (const Sorted& side : sides) {
    bins.push_back(bins_of(side, scale, columns));
    most = std::max(most, *std::max_element(bins.back().shares.begin(), bins.back().shares.end()));
  }
  most = most > 0 ? most : 1;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    out += side_title(plot.sides[i], sides[i], plot.unit, width);
    if (sides[i].values.empty()) continue;
    const std::string top = ascii_cut(analysis::format_value(100 * most, "%"), kGutter);
    const AsciiCanvas canvas = columns_of(bins[i], most, columns, height);
    for (int row = height - 1; row >= 0; --row) {
      std::string line = ascii_fit(row == height - 1 ? top : "", kGutter, true) + " |" + canvas.line(row);
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    std::string box = std::string(kGutter, ' ') + "  " + box_of(sides[i], bins[i], scale, columns);
    out += box.substr(0, box.find_last_not_of(' ') + 1) + "\n";
    const std::string beyond = beyond_text(sides[i], bins[i], plot.unit);
    if (!beyond.empty()) out += ascii_lines(beyond, width, kGutter + 4, kGutter + 2);
  }
  out += axis_below(scale, ticks_of(scale, std::max(2, columns / 16), plot.unit), kGutter + 2, columns);
  if (!plot.x_title.empty())
    out += centred(ascii_cut(ascii_text(plot.x_title), columns), kGutter + 2, columns);
  return out +
         ascii_lines("height: share of the side's values; [=|=]: its middle half and median", width, 2, 0);
}

}  // namespace flashcore::reports
