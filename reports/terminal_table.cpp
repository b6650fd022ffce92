#include "reports/terminal_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace flashcore::reports {
namespace {

constexpr int kGap = 2;
constexpr int kMark = 2;

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::kBold: return "\x1b[1m";
    case Ink::kDim: return "\x1b[2m";
    case Ink::kGood: return "\x1b[32m";
    case Ink::kWarning: return "\x1b[33m";
    case Ink::kBad: return "\x1b[31m";
    case Ink::kPlain: break;
  }
  return {};
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string inked(std::string_view text, Ink ink, bool colour) {
  if (!colour || ink == Ink::kPlain || text.empty()) return std::string(text);
  return std::string(code_of(ink)) + std::string(text) + "\x1b[0m";
}

TableLayout::TableLayout(std::vector<Column> columns, const std::vector<Row>& rows, int width)
    : width_(width) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    int widest = display_width(columns[i].title);
    for (const Row& row : rows) {
      if (i < row.cells.size()) widest = std::max(widest, display_width(row.cells[i]));
    }
    const int limited = std::min(widest, columns[i].max_width);
    chosen_.push_back({i, std::move(columns[i]), limited});
  }
  while (chosen_.size() > 2 && total() > width) {
    // The rightmost of those worth least, never the first column.
    auto least = std::prev(chosen_.end());
    for (auto at = least; at != chosen_.begin(); --at) {
      if (at->column.worth < least->column.worth) least = at;
    }
    chosen_.erase(least);
  }
}

int TableLayout::total() const {
  int sum = kMark + kGap * (static_cast<int>(chosen_.size()) - 1);
  for (const Chosen& chosen : chosen_) sum += chosen.width;
  return sum;
}

std::string TableLayout::draw(const std::vector<Row>& rows, bool colour) const {
  std::string title(kMark, ' ');
  for (const Chosen& chosen : chosen_) {
    title += fit(chosen.column.title, chosen.width, chosen.column.align) + std::string(kGap, ' ');
  }
  std::string out = inked(trimmed(title), Ink::kDim, colour) + "\n";
  for (const Row& row : rows) {
    std::string line = fit(row.mark, kMark, Align::kLeft);
    for (const Chosen& chosen : chosen_) {
      const std::string cell = chosen.cell < row.cells.size() ? row.cells[chosen.cell] : std::string();
      line += fit(cell, chosen.width, chosen.column.align) + std::string(kGap, ' ');
      if (chosen.cell == 0 && !row.sentence.empty()) {
        const int indent = kMark + chosen.width + kGap;
        line += wrap(row.sentence, width_, indent, indent);
        break;
      }
    }
    out += inked(trimmed(line), row.ink, colour) + "\n";
    for (const std::string& sub : row.below) out += inked(cut(sub, width_), Ink::kDim, colour) + "\n";
  }
  return out;
}

}  // namespace flashcore::reports
