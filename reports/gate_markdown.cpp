#include "reports/gate_markdown.h"

#include <fmt/format.h>

#include "reports/markdown.h"

namespace flashcore::reports {
namespace {

using analysis::GateRow;
using analysis::GateState;

// GitHub refuses a comment of more than 65,536 characters; the JSON has all rows.
constexpr int kMostRows = 100;

std::string state_word(const GateRow& row, bool strict) {
  const bool fails = analysis::fails(row, strict);
  switch (row.state) {
    case GateState::kKept: return "kept";
    case GateState::kBroken: return "❌ broken";
    case GateState::kAmbiguous: return fails ? "❌ ambiguous" : "❔ ambiguous";
    case GateState::kMissing: return fails ? "❌ missing" : "❔ missing";
  }
  return {};
}

std::string table(const GateView& view, bool kept) {
  std::string out;
  int shown = 0, left_out = 0;
  for (const GateRow& row : view.result.rows) {
    if ((row.state == GateState::kKept) != kept) continue;
    if (shown == kMostRows) {
      ++left_out;
      continue;
    }
    ++shown;
    out += fmt::format("| {} | {} | {} | {} | {} |\n", state_word(row, view.strict),
                       markdown_text(row.limit->name), markdown_text(row.label), markdown_text(row.value),
                       markdown_text(row.allowed));
  }
  if (out.empty()) return out;
  out.insert(0, "| state | limit | runs | value | allowed |\n| --- | --- | --- | ---: | --- |\n");
  if (left_out > 0) out += fmt::format("\nand {} more\n", left_out);
  return out;
}

std::string sentences(const GateView& view) {
  std::string out;
  int shown = 0;
  for (const GateRow& row : view.result.rows) {
    if (row.state == GateState::kKept || ++shown > kMostRows) continue;
    out += fmt::format("- **{}**, {}: {}", markdown_text(row.limit->name), markdown_text(row.label),
                       markdown_text(row.sentence));
    if (row.state == GateState::kMissing && row.limit->optional) out += " (optional)";
    if (row.state == GateState::kBroken && !row.limit->reason.empty()) {
      out += " *Why the limit:* " + markdown_text(row.limit->reason);
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string gate_markdown(const GateView& view) {
  const bool passed = view.result.passed(view.strict);
  std::string out = fmt::format("### {} Gate {}: {}\n\n", passed ? "✅" : "❌", passed ? "passed" : "failed",
                                view.result.summary());
  if (const std::string outcome = gate_outcome(view); outcome != "passed" && outcome != "FAILED")
    out += fmt::format("**{}**\n\n", markdown_text(outcome));
  out += markdown_text(view.file.name);
  if (!view.runs_sentence.empty()) out += " on " + markdown_text(view.runs_sentence);
  out += view.strict ? ", strict: what is ambiguous fails.\n" : ".\n";
  if (const std::string open = table(view, false); !open.empty()) out += "\n" + open + "\n" + sentences(view);
  if (const std::string kept = table(view, true); !kept.empty()) {
    out += fmt::format("\n<details><summary>{} kept</summary>\n\n{}\n</details>\n",
                       view.result.count(GateState::kKept), kept);
  }
  for (const std::string& note : view.result.notes) out += "\nNote: " + markdown_text(note) + "\n";
  return out;
}

}  // namespace flashcore::reports
