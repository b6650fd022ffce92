// Sheets as text: sections below one another, of each row the name, the value, and where it comes from or why
// it is missing. Missing values of a section that share a cause are told once, with their names.
//
// Owns: its text; the style must outlive it. Units: cells. Threads: one. Text from outside is made safe here.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "analysis/sheet.h"
#include "reports/terminal.h"

namespace flashcore::reports {

class SheetText {
 public:
  explicit SheetText(const TerminalStyle& style);

  void section(const analysis::Sheet& sheet, const analysis::SheetSection& section);
  void heading(std::string_view title);
  void row(const analysis::SheetRow& row);
  // Wrapped, in the ink of what matters less.
  void dim(std::string_view text, int indent);
  // Lines that are finished: each ends in a newline.
  void add(std::string_view lines) { text_ += lines; }
  std::string take() { return std::move(text_); }

 private:
  const TerminalStyle& style_;
  const int label_width_;
  const int value_width_;
  std::string text_;
};

}  // namespace flashcore::reports
