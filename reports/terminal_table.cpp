#include "reports/terminal_table.h"

#include <algorithm>
#include <numeric>

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

std::vector<int> natural_widths(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  std::vector<int> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    int widest = display_width(columns[i].title);
    for (const Row& row : rows) {
      if (i < row.cells.size()) widest = std::max(widest, display_width(row.cells[i]));
    }
    widths.push_back(std::min(widest, columns[i].max_width));
  }
  return widths;
}

int total(const std::vector<int>& widths) {
  return kMark + std::accumulate(widths.begin(), widths.end(), 0) +
         kGap * (static_cast<int>(widths.size()) - 1);
}

// The rightmost of those worth least, never the first column.
std::size_t least_worth(const std::vector<Column>& columns) {
  std::size_t least = columns.size() - 1;
  for (std::size_t i = columns.size() - 1; i >= 1; --i) {
    if (columns[i].worth < columns[least].worth) least = i;
  }
  return least;
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

std::string draw_table(std::vector<Column> columns, std::vector<Row> rows, int width, bool colour) {
  std::vector<int> widths = natural_widths(columns, rows);
  while (columns.size() > 2 && total(widths) > width) {
    const auto at = static_cast<std::ptrdiff_t>(least_worth(columns));
    columns.erase(columns.begin() + at);
    widths.erase(widths.begin() + at);
    for (Row& row : rows) {
      if (at < static_cast<std::ptrdiff_t>(row.cells.size())) row.cells.erase(row.cells.begin() + at);
    }
  }
  std::string out;
  std::string title(kMark, ' ');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    title += fit(columns[i].title, widths[i], columns[i].align) + std::string(kGap, ' ');
  }
  out += inked(trimmed(title), Ink::kDim, colour) + "\n";
  for (const Row& row : rows) {
    std::string line = fit(row.mark, kMark, Align::kLeft);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = i < row.cells.size() ? row.cells[i] : std::string();
      line += fit(cell, widths[i], columns[i].align) + std::string(kGap, ' ');
      if (i == 0 && !row.sentence.empty()) {
        const int indent = kMark + widths[0] + kGap;
        line += wrap(row.sentence, width, indent, indent);
        break;
      }
    }
    out += inked(trimmed(line), row.ink, colour) + "\n";
  }
  return out;
}

}  // namespace flashcore::reports
