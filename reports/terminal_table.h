// A table of text cells for a terminal, and the few colours that FlashCore uses there.
//
// Owns: its cells. Units: widths in terminal cells. Threads: plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/text.h"

namespace flashcore::reports {

enum class Ink { kPlain, kBold, kDim, kGood, kWarning, kBad };

// `text` in an ink where `colour` is on, else as it is.
std::string inked(std::string_view text, Ink ink, bool colour);

struct Column {
  std::string title;
  Align align = Align::kRight;
  int max_width = 24;
  int worth = 0;  // columns of the least worth are left out first when the width does not hold all
};

struct Row {
  std::string mark;  // one cell before the first column
  std::vector<std::string> cells;
  std::string sentence;  // instead of the cells after the first
  Ink ink = Ink::kPlain;
  std::vector<std::string> below;  // dim lines under the row, cut to the width
};

// The columns that a width holds and how wide each is, chosen once over all rows that will be drawn, so
// that the parts of one output have the same columns.
class TableLayout {
 public:
  TableLayout(std::vector<Column> columns, const std::vector<Row>& rows, int width);

  // Title line and rows, two cells between columns; every line ends in a newline.
  std::string draw(const std::vector<Row>& rows, bool colour) const;

 private:
  struct Chosen {
    std::size_t cell;  // its place in a row
    Column column;
    int width;
  };
  int total() const;

  std::vector<Chosen> chosen_;
  int width_;
};

}  // namespace flashcore::reports
