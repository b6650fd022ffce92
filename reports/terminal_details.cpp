#include <fmt/core.h>

#include <algorithm>

#include "analysis/sheet.h"
#include "reports/terminal.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

constexpr int kValueWidth = 15;

Ink ink_of(analysis::RowState state) {
  switch (state) {
    case analysis::RowState::kPlain: return Ink::kPlain;
    case analysis::RowState::kMissing: return Ink::kDim;
    case analysis::RowState::kGood: return Ink::kGood;
    case analysis::RowState::kWarning: return Ink::kWarning;
    case analysis::RowState::kBad: return Ink::kBad;
  }
  return Ink::kPlain;
}

// Sheets below one another: of each row the name, the value, and where it comes from or why it is missing.
class Page {
 public:
  explicit Page(const TerminalStyle& style)
      : style_(style), label_width_(std::clamp(style.width - 44, 16, 36)), value_width_(kValueWidth) {}

  void sheet(const analysis::Sheet& sheet) {
    for (const analysis::SheetSection& section : sheet.sections) {
      const std::string title = cut(printable(section.title), style_.width);
      text_ += fmt::format("\n{}\n", inked(title, Ink::kBold, style_.colour));
      const bool said = section.rows.empty() || sheet.id == "timing" || section.id == "roofline";
      if (said && !section.description.empty()) dim(section.description, 2);
      for (const analysis::SheetRow& row : section.rows) line(row);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void dim(std::string_view text, int indent) {
    text_ += std::string(static_cast<std::size_t>(indent), ' ') +
             inked(wrap(printable(text), style_.width, indent, indent), Ink::kDim, style_.colour) + "\n";
  }

  void line(const analysis::SheetRow& row) {
    const std::string value = printable(row.value);
    text_ += fmt::format("  {}", fit(printable(row.name), label_width_, Align::kLeft));
    const bool is_short = display_width(value) <= value_width_;
    if (is_short) {
      text_ += inked(fit(value, value_width_, Align::kRight), ink_of(row.state), style_.colour);
    } else {
      const int indent = 2 + label_width_ + 1;
      const std::string wrapped = wrap(value, style_.width, indent, indent);
      text_ += fmt::format(" {}", inked(wrapped, ink_of(row.state), style_.colour));
    }
    if (row.note.empty()) {
      text_ += "\n";
    } else if (is_short) {
      const int indent = 2 + label_width_ + value_width_ + 2;
      text_ += "  " +
               inked(wrap(printable(row.note), style_.width, indent, indent), Ink::kDim, style_.colour) +
               "\n";
    } else {
      text_ += "\n";
      dim(row.note, 2 + label_width_ + 1);
    }
  }

  const TerminalStyle& style_;
  const int label_width_;
  const int value_width_;
  std::string text_;
};

}  // namespace

std::string run_details(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue,
                        const TerminalStyle& style) {
  const std::string label = analysis::run_label(run.run);
  const std::string title = run.run.id != 0 ? fmt::format("run {}: {}", run.run.id, label) : label;
  Page page(style);
  for (const analysis::Sheet& sheet : analysis::sheets_of(run, catalogue)) page.sheet(sheet);
  return inked(cut(printable(title), style.width), Ink::kBold, style.colour) + "\n" + page.take();
}

}  // namespace flashcore::reports
