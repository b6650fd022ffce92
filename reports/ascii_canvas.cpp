#include "reports/ascii_canvas.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>

#include "analysis/units.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

constexpr int kWidestLabel = 20;  // a unit from outside must not take the plot's place

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kPlain{{{"µ", "u"},
                                                                                {"μ", "u"},
                                                                                {"…", ".."},
                                                                                {"·", "."},
                                                                                {"×", "x"},
                                                                                {"→", "->"},
                                                                                {"–", "-"},
                                                                                {"—", "-"},
                                                                                {"±", "+-"},
                                                                                {"≤", "<="},
                                                                                {"≥", ">="},
                                                                                {"’", "'"},
                                                                                {"“", "\""},
                                                                                {"”", "\""}}};

// Letters without their marks, and what Unicode holds to be the same as plain characters. Invalid text comes
// back as it is.
std::string decomposed(const std::string& text) {
  utf8proc_uint8_t* made = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &made, static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> held(made, &std::free);
  if (size < 0) return text;
  return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

// 1, 2 or 5 times a power of ten, not below `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> linear_places(const Scale& scale, int most) {
  const double step = round_step((scale.high - scale.low) / std::max(1, most - 1));
  std::vector<double> out;
  const double first = std::ceil(scale.low / step - 1e-9);
  for (int i = 0; i < most; ++i) {
    const double value = (first + i) * step;
    if (value > scale.high + step * 1e-9) break;
    out.push_back(value == 0 ? 0 : value);  // no minus zero
  }
  return out;
}

std::vector<double> logarithmic_places(const Scale& scale, int most) {
  std::vector<double> out;
  const int first = static_cast<int>(std::floor(std::log10(scale.low)));
  const int last = static_cast<int>(std::ceil(std::log10(scale.high)));
  const int every = std::max(1, (last - first) / std::max(1, most - 1));
  const bool few = last - first <= 2;
  for (int power = first; power <= last; power += every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, power);
      if (factor > 1 && !few) continue;
      if (value >= scale.low * (1 - 1e-9) && value <= scale.high * (1 + 1e-9)) out.push_back(value);
    }
  }
  return out;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// Labels centred under their places; one that would touch the last one is left out.
std::string label_line(const Axes& axes, int indent, int columns) {
  std::string line(static_cast<std::size_t>(indent + columns), ' ');
  int free_from = 0;
  for (const Tick& tick : axes.x_ticks) {
    const int wide = static_cast<int>(tick.label.size());
    const int centre = indent + axes.x->cell(tick.value, columns);
    const int begin = std::clamp(centre - wide / 2, 0, std::max(0, indent + columns - wide));
    if (begin < free_from || begin + wide > indent + columns) continue;
    line.replace(static_cast<std::size_t>(begin), tick.label.size(), tick.label);
    free_from = begin + wide + 2;
  }
  return trimmed(line);
}

}  // namespace

std::string ascii_text(std::string_view utf8) {
  std::string text = printable(utf8);
  for (const auto& [from, to] : kPlain) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  std::string out;
  for (const char c : decomposed(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) out += c;
    if (byte >= 0xC0) out += '?';  // one for each character, which begins with such a byte
  }
  return out;
}

std::string ascii_cut(std::string_view ascii, int width) {
  const auto cells = static_cast<std::size_t>(std::max(0, width));
  if (ascii.size() <= cells) return std::string(ascii);
  if (cells < 3) return std::string(ascii.substr(0, cells));
  return std::string(ascii.substr(0, cells - 2)) + "..";
}

std::string ascii_fit(std::string_view ascii, int width, bool right) {
  const std::string text = ascii_cut(ascii, width);
  const std::string padding(static_cast<std::size_t>(std::max(0, width)) - text.size(), ' ');
  return right ? padding + text : text + padding;
}

bool drawable(double value) noexcept {
  return std::isfinite(value) && std::fabs(value) < 1e300;
}

double Scale::share(double value) const noexcept {
  if (logarithmic) return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
  return (value - low) / (high - low);
}

int Scale::cell(double value, int cells) const noexcept {
  const double place = share(value) * (cells - 1);
  // A place far outside has no number among the integers.
  return static_cast<int>(std::lround(std::clamp(place, -1e6, 1e6)));
}

Scale scale_of(std::span<const double> values) {
  Scale scale{0, 0};
  bool any = false;
  for (const double value : values) {
    if (!drawable(value)) continue;
    scale.low = any ? std::min(scale.low, value) : value;
    scale.high = any ? std::max(scale.high, value) : value;
    any = true;
  }
  const double size = std::max(std::fabs(scale.low), std::fabs(scale.high));
  // Closer than the digits of a double can label: as if all were equal.
  if (!any || scale.high - scale.low <= size * 1e-9 || scale.high - scale.low < 1e-290) {
    const double apart = size < 1e-280 ? 1 : size * 0.01;
    return {scale.low - apart, scale.high + apart};
  }
  return scale;
}

std::vector<Tick> ticks_of(const Scale& scale, int most, std::string_view unit) {
  std::vector<double> places =
      scale.logarithmic ? logarithmic_places(scale, most) : linear_places(scale, std::max(2, most));
  if (places.empty()) places.push_back(scale.logarithmic ? scale.low : (scale.low + scale.high) / 2);
  std::vector<Tick> ticks;
  for (int digits = 3; digits <= 12; ++digits) {
    ticks.clear();
    bool distinct = true;
    for (const double place : places) {
      std::string label = ascii_cut(ascii_text(analysis::format_value(place, unit, digits)), kWidestLabel);
      distinct = distinct && (ticks.empty() || ticks.back().label != label);
      ticks.push_back({place, std::move(label)});
    }
    if (distinct) break;
  }
  return ticks;
}

AsciiCanvas::AsciiCanvas(int columns, int rows)
    : columns_(std::max(1, columns)),
      lines_(static_cast<std::size_t>(std::max(1, rows)),
             std::string(static_cast<std::size_t>(columns_), ' ')) {}

void AsciiCanvas::put(int column, int row, char character) {
  if (column < 0 || column >= columns_ || row < 0 || row >= rows()) return;
  lines_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = character;
}

void AsciiCanvas::text(int column, int row, std::string_view ascii) {
  for (const char c : ascii) put(column++, row, c);
}

char AsciiCanvas::at(int column, int row) const {
  if (column < 0 || column >= columns_ || row < 0 || row >= rows()) return ' ';
  return lines_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
}

int gutter_of(const std::vector<Tick>& ticks) {
  std::size_t widest = 0;
  for (const Tick& tick : ticks) widest = std::max(widest, tick.label.size());
  return static_cast<int>(widest);
}

std::string with_axes(const AsciiCanvas& canvas, const Axes& axes) {
  const int gutter = std::max(axes.gutter, gutter_of(axes.y_ticks));
  std::vector<std::string> labels(static_cast<std::size_t>(canvas.rows()));
  for (const Tick& tick : axes.y_ticks) {
    const int row = axes.y->cell(tick.value, canvas.rows());
    if (row >= 0 && row < canvas.rows()) labels[static_cast<std::size_t>(row)] = tick.label;
  }
  std::string out;
  for (int row = canvas.rows() - 1; row >= 0; --row) {
    const std::string& label = labels[static_cast<std::size_t>(row)];
    out += trimmed(ascii_fit(label, gutter, true) + (label.empty() ? " |" : " +") + canvas.line(row)) + "\n";
  }
  std::string floor(static_cast<std::size_t>(canvas.columns()), '-');
  for (const Tick& tick : axes.x_ticks) {
    const int column = axes.x->cell(tick.value, canvas.columns());
    if (column >= 0 && column < canvas.columns()) floor[static_cast<std::size_t>(column)] = '+';
  }
  out += std::string(static_cast<std::size_t>(gutter), ' ') + " +" + floor + "\n";
  if (!axes.x_ticks.empty()) out += label_line(axes, gutter + 2, canvas.columns()) + "\n";
  return out;
}

}  // namespace flashcore::reports
