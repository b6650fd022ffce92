#include "reports/terminal_sheet.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "reports/reasons.h"
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

// Missing values of a section that share a cause: told once, with their names.
struct Absence {
  std::string cause;
  std::vector<const analysis::SheetRow*> rows;
};

std::vector<Absence> absences_of(const analysis::SheetSection& section) {
  std::vector<Absence> all;
  for (const analysis::SheetRow& row : section.rows) {
    if (row.state != analysis::RowState::kMissing) continue;
    const std::string cause = cause_of(row.note);
    auto same = std::find_if(all.begin(), all.end(), [&](const Absence& a) { return a.cause == cause; });
    if (same == all.end()) same = all.insert(all.end(), Absence{cause, {}});
    same->rows.push_back(&row);
  }
  std::erase_if(all, [](const Absence& a) { return a.rows.size() < 2; });
  return all;
}

std::string told(const Absence& absence, const TerminalStyle& style) {
  std::string names;
  for (const analysis::SheetRow* row : absence.rows) names += (names.empty() ? "" : "; ") + row->name;
  const std::string text = fmt::format("missing, {}: {}", absence.cause, names);
  return "  " + inked(wrap(printable(text), style.width, 4, 2), Ink::kDim, style.colour) + "\n";
}

}  // namespace

SheetText::SheetText(const TerminalStyle& style)
    : style_(style), label_width_(std::clamp(style.width - 44, 16, 36)), value_width_(kValueWidth) {}

void SheetText::section(const analysis::Sheet& sheet, const analysis::SheetSection& section) {
  heading(section.title);
  const bool said = section.rows.empty() || sheet.id == "timing" || section.id == "roofline";
  if (said && !section.description.empty()) dim(section.description, 2);
  const std::vector<Absence> absences = absences_of(section);
  const auto told_below = [&](const analysis::SheetRow& row) {
    return std::any_of(absences.begin(), absences.end(), [&](const Absence& absence) {
      return std::find(absence.rows.begin(), absence.rows.end(), &row) != absence.rows.end();
    });
  };
  for (const analysis::SheetRow& each : section.rows) {
    if (!told_below(each)) row(each);
  }
  for (const Absence& absence : absences) text_ += told(absence, style_);
}

void SheetText::heading(std::string_view title) {
  text_ += fmt::format("\n{}\n", inked(cut(printable(title), style_.width), Ink::kBold, style_.colour));
}

void SheetText::dim(std::string_view text, int indent) {
  text_ += std::string(static_cast<std::size_t>(indent), ' ') +
           inked(wrap(printable(text), style_.width, indent, indent), Ink::kDim, style_.colour) + "\n";
}

void SheetText::row(const analysis::SheetRow& row) {
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
    text_ += "  " + inked(wrap(printable(row.note), style_.width, indent, indent), Ink::kDim, style_.colour) +
             "\n";
  } else {
    text_ += "\n";
    dim(row.note, 2 + label_width_ + 1);
  }
}

}  // namespace flashcore::reports
