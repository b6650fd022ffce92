// What plots of plain characters are made of: a grid, a scale, ticks with their labels, and text of ASCII
// only. reports/ascii_plot.h draws with it.
//
// Owns: its characters. Units: cells; row 0 is the lowest. Threads: plain values. Errors: none; what lies
// outside the grid is not drawn.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flashcore::reports {

// Printable ASCII only: "us" for "µs", letters without their marks, "?" for whatever has no plain form. Never
// wider in cells than it is long.
std::string ascii_text(std::string_view utf8);

// ASCII text cut to a width with "..", or filled up to it.
std::string ascii_cut(std::string_view ascii, int width);
std::string ascii_fit(std::string_view ascii, int width, bool right = false);

// A value that a plot has a place for; sums and differences of two such do not overflow.
bool drawable(double value) noexcept;

// The ends of an axis. Ends that (nearly) coincide are moved apart, so that a span is never nothing.
struct Scale {
  double low = 0, high = 1;
  bool logarithmic = false;  // both ends are above zero then

  // 0 at the low end, 1 at the high one; may lie outside.
  double share(double value) const noexcept;
  int cell(double value, int cells) const noexcept;
};
Scale scale_of(std::span<const double> values);

struct Tick {
  double value;
  std::string label;  // with its unit, ASCII
};
// Round numbers between the ends, at most so many (at least one), with as many digits as tell them apart. Of
// a logarithmic scale powers of ten, or of fewer than two of them their 1, 2 and 5.
std::vector<Tick> ticks_of(const Scale& scale, int most, std::string_view unit);

class AsciiCanvas {
 public:
  AsciiCanvas(int columns, int rows);

  int columns() const noexcept { return columns_; }
  int rows() const noexcept { return static_cast<int>(lines_.size()); }
  void put(int column, int row, char character);
  void text(int column, int row, std::string_view ascii);
  char at(int column, int row) const;  // ' ' outside
  const std::string& line(int row) const { return lines_[static_cast<std::size_t>(row)]; }

 private:
  int columns_;
  std::vector<std::string> lines_;  // from the lowest
};

// The canvas with a vertical axis of ticks at its left and a horizontal one below it; every line ends in a
// newline and has no space at its end. Empty label lists draw the axis alone. `gutter`: the least width of
// the labels.
struct Axes {
  const Scale* y = nullptr;
  std::vector<Tick> y_ticks = {};
  const Scale* x = nullptr;
  std::vector<Tick> x_ticks = {};
  int gutter = 0;
};
std::string with_axes(const AsciiCanvas& canvas, const Axes& axes);
int gutter_of(const std::vector<Tick>& ticks);

}  // namespace flashcore::reports
