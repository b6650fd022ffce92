#include "reports/gate_text.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "reports/terminal_table.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using analysis::GateRow;
using analysis::GateState;

struct Look {
  std::string_view word, mark;
  Ink ink;
};

Look look_of(const GateRow& row, bool strict) {
  const bool fails = analysis::fails(row, strict);
  switch (row.state) {
    case GateState::kKept: return {"kept", "", Ink::kGood};
    case GateState::kBroken: return {"BROKEN", "✗", Ink::kBad};
    case GateState::kAmbiguous: return {"AMBIGUOUS", fails ? "✗" : "?", fails ? Ink::kBad : Ink::kWarning};
    case GateState::kMissing: return {"MISSING", fails ? "✗" : "?", fails ? Ink::kBad : Ink::kWarning};
  }
  return {"", "", Ink::kPlain};
}

Row row_of(const GateRow& row, const GateView& view) {
  const Look look = look_of(row, view.strict);
  Row line;
  line.mark = std::string(look.mark);
  line.ink = look.ink;
  line.cells = {std::string(look.word), printable(row.limit->name), printable(row.label),
                printable(row.value), printable(row.allowed)};
  return line;
}

using Rows = std::vector<GateRow>;
using Group = std::pair<Rows::const_iterator, Rows::const_iterator>;

// A limit of all runs that every one keeps is one line; in the JSON each has its own.
constexpr std::ptrdiff_t kMostKept = 6;

// Neighbours of one limit that are all kept, or one row.
std::vector<Group> groups(const Rows& rows) {
  std::vector<Group> all;
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    const bool joins = !all.empty() && row->state == GateState::kKept &&
                       all.back().first->state == GateState::kKept && all.back().first->limit == row->limit;
    if (joins) {
      all.back().second = row + 1;
    } else {
      all.emplace_back(row, row + 1);
    }
  }
  return all;
}

Row joined(const GateRow& first, std::ptrdiff_t count, const GateView& view) {
  Row line = row_of(first, view);
  line.cells[2] = fmt::format("{} series", count);
  line.cells[3] = "";
  return line;
}

// What is below the table of a row that is not kept: its sentence, and why the limit is what it is.
std::string told(const GateRow& row, int width) {
  constexpr int kIndent = 4;
  std::string first = fmt::format("{}, {}: {}", row.limit->name, row.label, row.sentence);
  if (row.state != GateState::kMissing) first += fmt::format("; allowed: {}", row.allowed);
  std::string out = fmt::format("  {}\n", wrap(printable(first), width, kIndent, 2));
  const auto add = [&](const std::string& text) {
    out += fmt::format("{:{}}{}\n", "", kIndent, wrap(text, width, kIndent, kIndent));
  };
  if (row.state == GateState::kMissing && row.limit->optional)
    add("The limit is optional, so this fails nothing.");
  if (row.state == GateState::kBroken && !row.limit->reason.empty())
    add(fmt::format("Why: {}", printable(row.limit->reason)));
  return out;
}

}  // namespace

std::string gate_headline(const GateView& view) {
  std::string text = view.file.name;
  if (!view.runs_sentence.empty()) text += " on " + view.runs_sentence;
  return printable(text) + ": " + view.result.summary();
}

std::string gate_outcome(const GateView& view) {
  using analysis::GateKind;
  if (view.result.count(GateState::kMissing) == static_cast<int>(view.result.rows.size()))
    return "FAILED, for nothing at all was checked";
  int open = 0, relative = 0;
  for (const GateRow& row : view.result.rows) {
    if (row.limit->kind != GateKind::kChange && row.limit->kind != GateKind::kSpeedup) continue;
    ++relative;
    if (row.state == GateState::kAmbiguous) ++open;
  }
  if (view.result.passed(view.strict) && open > 0) {
    return fmt::format("passed, but {} of {} relative limits could not be decided: measure both in turns "
                       "(docs/measure.md)", open, relative);
  }
  if (view.result.passed(view.strict)) return "passed";
  return view.result.passed(false) ? "FAILED, for --strict counts what is ambiguous" : "FAILED";
}

std::string gate_text(const GateView& view, const TerminalStyle& style) {
  // On a narrow terminal the names give way to the numbers; below the table they are whole.
  const bool narrow = style.width < 140;
  std::vector<Column> columns{{"state", Align::kLeft, 9, 9},
                              {"limit", Align::kLeft, narrow ? 28 : 44, 8},
                              {"runs", Align::kLeft, narrow ? 21 : 36, 5},
                              {"value", Align::kRight, narrow ? 13 : 26, 7},
                              {"allowed", Align::kLeft, narrow ? 21 : 32, 4}};
  std::vector<Row> rows;
  std::string below;
  for (const auto& [first, behind] : groups(view.result.rows)) {
    if (first->state == GateState::kKept && behind - first > kMostKept) {
      rows.push_back(joined(*first, behind - first, view));
      continue;
    }
    for (auto row = first; row != behind; ++row) {
      rows.push_back(row_of(*row, view));
      if (row->state != GateState::kKept) below += told(*row, style.width);
    }
  }
  std::string out = TableLayout(columns, rows, style.width).draw(rows, style.colour);
  if (!below.empty()) out += fmt::format("\n{}", below);
  for (const std::string& note : view.result.notes) out += fmt::format("note: {}\n", printable(note));
  const Ink ink = view.result.passed(view.strict) ? Ink::kGood : Ink::kBad;
  out += fmt::format("\n{}; {}\n", gate_headline(view), inked(gate_outcome(view), ink, style.colour));
  return out;
}

}  // namespace flashcore::reports
