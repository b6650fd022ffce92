#include "reports/why_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/units.h"
#include "reports/terminal_table.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using analysis::Verdict;
using analysis::Why;
using analysis::WhyCause;
using analysis::WhyPart;
using analysis::WhySplit;

constexpr int kLeast = 60;
constexpr int kIndent = 2;
constexpr int kBar = 16;

std::string lines(std::string_view text, int width, int indent = kIndent, int hang = 2) {
  return fmt::format("{:{}}{}\n", "", indent, wrap(printable(text), width, indent + hang, indent));
}

std::string signed_time(double ns) {
  return fmt::format("{}{}", ns > 0 ? "+" : ns < 0 ? "-" : "", analysis::format_duration_ns(std::abs(ns)));
}

std::string share_text(double ns, double whole) {
  // Of a difference that is noise its parts are many times; such a share says nothing.
  return whole == 0 || !(std::abs(ns / whole) < 10) ? "" : fmt::format("{:.1f} %", 100 * ns / whole);
}

// As long as its part is of the largest, on the side of its sign.
std::string bar(double ns, double most, bool ascii) {
  if (!(most > 0)) return "";
  const int length = static_cast<int>(std::lround(kBar * std::abs(ns) / most));
  std::string out;
  for (int i = 0; i < length; ++i) out += ascii ? (ns > 0 ? "#" : "-") : (ns > 0 ? "█" : "░");
  return out;
}

std::string number(const std::optional<double>& value, const std::string& unit) {
  if (!value) return "";
  if (unit == "inst") return analysis::format_count(*value);
  return analysis::format_value(*value, unit);
}

std::string indented(const std::string& table) {
  std::string out, line;
  for (const char c : table) {
    if (line.empty()) line.assign(kIndent, ' ');
    line += c;
    if (c != '\n') continue;
    out += line;
    line.clear();
  }
  return out + line;
}

std::string split_table(const WhySplit& split, double whole, const TerminalStyle& style, bool ascii) {
  double most = 0;
  for (const WhyPart& part : split.parts) most = std::max(most, std::abs(part.ns));
  std::vector<Row> rows;
  for (const WhyPart& part : split.parts) {
    if (part.ns == 0 && part.base == 0.0 && part.now == 0.0) continue;  // a reason that nobody waited for
    Row row;
    row.cells = {printable(part.title), number(part.base, part.unit), number(part.now, part.unit),
                 signed_time(part.ns),  share_text(part.ns, whole),   bar(part.ns, most, ascii)};
    rows.push_back(std::move(row));
  }
  const std::vector<Column> columns = {{"part", Align::kLeft, 40, 5},   {"base", Align::kRight, 16, 3},
                                       {"now", Align::kRight, 16, 3},   {"its part", Align::kRight, 12, 5},
                                       {"share", Align::kRight, 10, 4}, {"", Align::kLeft, kBar, 1}};
  return indented(
      TableLayout(columns, rows, std::max(kLeast, style.width) - kIndent).draw(rows, style.colour));
}

std::string causes_table(const Why& why, const TerminalStyle& style, bool ascii) {
  double most = 0;
  for (const WhyCause& cause : why.causes) most = std::max(most, std::abs(cause.ns));
  std::vector<Row> rows;
  for (const WhyCause& cause : why.causes) {
    Row row;
    row.cells = {printable(cause.title), signed_time(cause.ns), share_text(cause.ns, why.difference_ns),
                 bar(cause.ns, most, ascii)};
    rows.push_back(std::move(row));
  }
  const int width = std::max(kLeast, style.width) - kIndent;
  const std::vector<Column> columns = {{"cause", Align::kLeft, std::clamp(width - 28, 24, 76), 5},
                                       {"its part", Align::kRight, 12, 5},
                                       {"share", Align::kRight, 10, 4},
                                       {"", Align::kLeft, kBar, 1}};
  return indented(
      TableLayout(columns, rows, std::max(kLeast, style.width) - kIndent).draw(rows, style.colour));
}

std::string heading(std::string_view text, const TerminalStyle& style) {
  return fmt::format("\n{}\n", inked(text, Ink::kBold, style.colour));
}

std::string sides(const WhyView& view, int width) {
  std::string out;
  const Why& why = view.why;
  const auto side = [&](const char* name, const std::string& run, const std::optional<double>& ns) {
    out += lines(fmt::format("{}  {}{}{}", name, run, run.empty() ? "" : ": ",
                             ns ? analysis::format_duration_ns(*ns, 4) : "no graph time"),
                 width);
  };
  side("base", view.base_run, why.base_ns);
  side("now ", view.now_run, why.now_ns);
  if (why.missing.empty()) out += lines(fmt::format("difference  {}", signed_time(why.difference_ns)), width);
  return out;
}

}  // namespace

std::vector<std::string> why_sentences(const Why& why, std::optional<Verdict> verdict, std::size_t causes) {
  std::vector<std::string> sentences;
  if (!why.missing.empty()) {
    sentences.push_back(why.missing);
    return sentences;
  }
  // Less than this of the time is noise wherever no verdict says otherwise, and noise has no causes.
  constexpr double kLeastTold = 0.01;
  const bool told = why.base_ns && std::abs(why.difference_ns) >= kLeastTold * *why.base_ns;
  if (verdict == Verdict::kSame) {
    // Times may differ all the same: by the clock, which is no kernel's doing.
    sentences.emplace_back(
        told ? "SAME kernel: its times differ, but not by what it does in a cycle; what follows splits the "
               "difference."
             : "SAME: there is nothing to explain; what follows splits a difference that is noise.");
    return sentences;
  }
  if (verdict == Verdict::kAmbiguous) {
    sentences.emplace_back(
        "AMBIGUOUS: whether there is a difference is not decided; what follows splits what was measured.");
    if (!told) return sentences;
  }
  if (why.causes.empty()) sentences.emplace_back("Both sides take the same time.");
  for (std::size_t i = 0; i < std::min(causes, why.causes.size()); ++i) {
    sentences.push_back(why.causes[i].sentence);
  }
  return sentences;
}

std::string why_text(const WhyView& view, const TerminalStyle& style, bool ascii) {
  const int width = std::max(kLeast, style.width);
  const Why& why = view.why;
  std::string out = inked(cut(printable(view.label), width), Ink::kBold, style.colour) + "\n";
  if (!view.verdict_sentence.empty()) out += lines(view.verdict_sentence, width);
  out += sides(view, width);
  out += heading("Why", style);
  for (const std::string& sentence : why_sentences(why, view.verdict)) out += lines(sentence, width);
  if (why.missing.empty() && !why.causes.empty()) {
    out += heading("All causes; they add up to the difference", style) + causes_table(why, style, ascii);
  }
  for (const WhySplit& split : why.splits) {
    out += heading(split.title, style);
    if (!split.missing.empty()) {
      out += lines(fmt::format("missing: {}", split.missing), width);
      continue;
    }
    out += lines(split.method, width) + split_table(split, why.difference_ns, style, ascii);
  }
  if (!why.changed.empty()) out += heading("What else changed", style);
  for (const std::string& fact : why.changed) out += lines(fact, width);
  return out;
}

}  // namespace flashcore::reports
