#include "reports/terminal.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "analysis/describe.h"
#include "analysis/durations.h"
#include "analysis/units.h"
#include "reports/headline.h"
#include "reports/terminal_strip.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;

std::string duration(const std::optional<analysis::Summary>& summary, double analysis::Summary::*which,
                     int digits = analysis::kFewestDigits) {
  return summary ? analysis::format_duration_ns((*summary).*which, digits) : std::string("-");
}

// The unit stands above the column, so that the numbers line up.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string percent_cell(std::optional<double> percent) {
  if (!percent || !std::isfinite(*percent)) return "-";
  return *percent > 0 && *percent < 0.005 ? "<0.01" : three_digits(*percent);
}

std::string metric_cell(const RunAnalysis& run, std::string_view id) {
  const analysis::MetricValue* metric = run.metric(id);
  return percent_cell(metric == nullptr ? std::nullopt : metric->value);
}

std::string error_cell(const core::RunRecord& run) {
  const std::vector<core::CheckRecord> checks = core::all_checks(run);
  if (checks.empty()) return "-";
  double worst = 0;
  for (const auto& check : checks) worst = std::max(worst, check.max_error);
  return fmt::format("{:.1e}", worst);
}

// Its mark and its sentence where the run's times are no result.
bool objected(const core::RunRecord& run, Row& row) {
  row.sentence = printable(analysis::answer_sentence(run));
  if (row.sentence.empty()) return false;
  const bool wrong = run.answer == core::Answer::kWrong;
  row.mark = wrong ? "✗" : "?";
  row.ink = wrong ? Ink::kBad : Ink::kWarning;
  return true;
}

std::string limit_cell(const RunAnalysis& run) {
  if (!run.limit.share || !std::isfinite(*run.limit.share)) return "-";
  return percent_cell(100 * *run.limit.share) + " %";
}

// TFLOP/s, the share of `roof`, the busiest unit unless all bars are drawn, tensor pipe and occupancy.
void push_rates(Row& row, const RunAnalysis& run, std::string roof, bool strip) {
  const analysis::RooflinePoint* point = main_point(run.roofline);
  const std::string busiest = printable(busiest_text(run.speed_of_light));
  row.cells.push_back(point != nullptr ? three_digits(point->performance / 1e12) : "-");
  row.cells.push_back(std::move(roof));
  if (!strip) row.cells.push_back(busiest.empty() ? "-" : busiest);
  row.cells.push_back(metric_cell(run, kTensorPipeMetric));
  row.cells.push_back(metric_cell(run, kOccupancyMetric));
}

// "  cutlass_80_tensorop_f16...  33.1 %, 6.10 µs" for each kernel of a launch of several, the names in one
// column.
std::vector<std::string> kernel_lines(const RunAnalysis& run, int width) {
  constexpr int kIndent = 6, kNumbers = 18;
  if (run.kernels.size() < 2) return {};
  const bool counted =
      std::any_of(run.kernels.begin(), run.kernels.end(), [](const auto& k) { return k.ns.has_value(); });
  if (!counted) {
    // Of what was timed alone (an import of timings) nothing was to be counted: a line under every row would
    // be noise.
    if (run.run.measured_by("timing").size() + run.run.measured_by("check").size() ==
        run.run.measurements.size())
      return {};
    return {
        fmt::format("    {} kernels, no time of each: {}", run.kernels.size(),
                    printable(run.kernels.front().note.empty() ? "not counted" : run.kernels.front().note))};
  }
  int names = 0;
  for (const auto& kernel : run.kernels)
    names = std::max(names, display_width(printable(kernel.kernel.name)));
  names = std::min(names, width - kIndent - kNumbers);
  std::vector<std::string> out;
  for (const auto& [kernel, ns, share, note] : run.kernels) {
    const std::string percent = share ? percent_cell(100 * *share) + " %" : "-";
    out.push_back(
        fmt::format("    {}  {}, {}", fit(cut_middle(printable(kernel.name), names), names, Align::kLeft),
                    fit(percent, 7, Align::kRight), ns ? analysis::format_duration_ns(*ns) : "not counted"));
  }
  return out;
}

struct RowStyle {
  int digits = analysis::kFewestDigits;
  int width = 100;
};

Row row_of(const RunAnalysis& run, const Group& group, const std::vector<RunAnalysis>& all,
           const RowStyle& style) {
  Row row;
  std::string name = printable(row_label(run.run));
  if (run.run.subject.ladder && run.run.subject.ladder->reference) name += " (ref)";
  row.cells.push_back(name);
  if (objected(run.run, row)) return row;
  row.below = kernel_lines(run, style.width);
  const RunAnalysis* base = analysis::base_of(run, all);
  const auto faster = base != nullptr ? analysis::speedup(run, *base) : std::nullopt;
  row.cells.push_back(duration(run.graph_ns, &analysis::Summary::p50, style.digits));
  row.cells.push_back(duration(run.graph_ns, &analysis::Summary::p90, style.digits));
  row.cells.push_back(duration(run.launch_ns, &analysis::Summary::p50));
  row.cells.push_back(faster ? fmt::format("{:.2f}x", *faster) : "-");
  push_rates(row, run, limit_cell(run), all.size() == 1);
  row.cells.push_back(error_cell(run.run));
  if (&run == group.fastest && group.runs.size() > 1) {
    row.mark = "▸";
    row.ink = Ink::kGood;
  }
  return row;
}

Row import_row_of(const RunAnalysis& run, bool strip) {
  Row row;
  row.cells.push_back(printable(row_label(run.run)));
  if (objected(run.run, row)) return row;
  row.cells.push_back(run.time ? analysis::format_duration_ns(run.time->ns) : "-");
  const analysis::RooflinePoint* point = main_point(run.roofline);
  push_rates(row, run,
             percent_cell(point != nullptr && point->attainable_fraction
                              ? std::optional(100 * *point->attainable_fraction)
                              : std::nullopt),
             strip);
  row.cells.push_back(run.time ? printable(run.time->source) : "-");
  return row;
}

constexpr const char* kBusiest = "busiest";

const std::vector<Column>& run_columns() {
  static const std::vector<Column> columns = {
      {"phase", Align::kLeft, 30, 9},     {"p50", Align::kRight, 12, 9},
      {"p90", Align::kRight, 12, 3},      {"launch", Align::kRight, 12, 2},
      {"speed-up", Align::kRight, 10, 8}, {"TFLOP/s", Align::kRight, 10, 5},
      {"of limit", Align::kRight, 8, 9},  {kBusiest, Align::kRight, 14, 7},
      {"tensor %", Align::kRight, 8, 4},  {"occup. %", Align::kRight, 8, 4},
      {"max err", Align::kRight, 9, 6}};
  return columns;
}

const std::vector<Column>& import_columns() {
  static const std::vector<Column> columns = {
      {"kernel", Align::kLeft, 34, 9},   {"time", Align::kRight, 12, 9},   {"TFLOP/s", Align::kRight, 10, 7},
      {"roof %", Align::kRight, 8, 6},   {kBusiest, Align::kRight, 14, 5}, {"tensor %", Align::kRight, 8, 4},
      {"occup. %", Align::kRight, 8, 4}, {"time by", Align::kLeft, 28, 3}};
  return columns;
}

// One run alone has its bars below the row instead.
std::vector<Column> without_busiest(std::vector<Column> columns, bool strip) {
  if (strip) std::erase_if(columns, [](const Column& column) { return column.title == kBusiest; });
  return columns;
}

// "recording", "some live, some imported"; empty where all runs are live.
std::string origin_text(const Group& group) {
  if (group.imports) return "not measured here";
  constexpr std::pair<core::Origin, const char*> kWords[] = {{core::Origin::kLive, "live"},
                                                             {core::Origin::kRecording, "recorded"},
                                                             {core::Origin::kImport, "imported"}};
  std::vector<std::string> some;
  const char* last = "";
  for (const auto& [origin, word] : kWords) {
    const bool any =
        std::any_of(group.runs.begin(), group.runs.end(),
                    [&, from = origin](const RunAnalysis* run) { return run->run.origin == from; });
    if (any) some.push_back(fmt::format("some {}", last = word));
  }
  if (some.size() > 1) return fmt::format("{}", fmt::join(some, ", "));
  const std::string_view only = last;
  return only == "live" ? "" : only == "recorded" ? "recording" : std::string(only);
}

// Pieces of one line, broken between them where the width ends.
std::string heading(const Group& group, const TerminalStyle& style) {
  const std::string origin = origin_text(group);
  std::string limit = limit_sentence(group.runs);
  if (display_width(printable(limit)) > style.width - 2) limit = limit_sentence(group.runs, true);
  const std::pair<std::string, Ink> pieces[] = {
      {group.label, Ink::kBold}, {group.axes, Ink::kDim}, {limit, Ink::kPlain}, {origin, Ink::kWarning}};
  std::string out;
  int used = 0;
  for (const auto& [text, ink] : pieces) {
    if (text.empty()) continue;
    const std::string piece = cut(printable(text), style.width - 2);
    const int needed = display_width(piece);
    const bool fits = used + 2 + needed <= style.width;
    if (used > 0) out += fits ? "  " : "\n  ";
    used = used == 0 ? needed : fits ? used + 2 + needed : 2 + needed;
    out += inked(piece, ink, style.colour);
  }
  return out + "\n";
}

// Where the group's runs are from; the same of many groups, so it is said where it changes. `told` holds the
// sentence of every run without its time.
std::vector<std::string> sources(const Group& group, const std::vector<RunAnalysis>& all,
                                 const std::vector<std::string>& told) {
  std::set<std::string_view> here;
  bool live = false;
  for (const RunAnalysis* run : group.runs) {
    here.insert(told[static_cast<std::size_t>(run - all.data())]);
    live = live || run->run.origin == core::Origin::kLive;
  }
  std::vector<const core::RunRecord*> records;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (here.contains(told[i])) records.push_back(&all[i].run);
  }
  std::vector<std::string> out = origin_sentences(records);
  if (live) out.push_back("on " + (group.device.empty() ? std::string("an unnamed device") : group.device));
  return out;
}

struct Told {
  core::DiagnosticRecord diagnostic;
  std::vector<const core::RunRecord*> runs;
};

std::string phases_of(const std::vector<const core::RunRecord*>& runs) {
  std::vector<std::string> phases;
  std::string out;
  for (const core::RunRecord* run : runs) {
    const std::string& name = run->subject.name;
    if (std::find(phases.begin(), phases.end(), name) != phases.end()) continue;
    phases.push_back(name);
    out += (out.empty() ? "" : ", ") + name;
  }
  return cut(printable(out), 60);
}

// The same thing said of several runs is told once, with their names.
std::vector<Told> gather(const std::vector<RunAnalysis>& runs) {
  std::vector<Told> told;
  for (const auto& run : runs) {
    for (const auto& diagnostic : core::all_diagnostics(run.run)) {
      auto same =
          std::find_if(told.begin(), told.end(), [&](const Told& t) { return t.diagnostic == diagnostic; });
      if (same == told.end()) same = told.insert(told.end(), Told{diagnostic, {}});
      if (same->runs.empty() || same->runs.back() != &run.run) same->runs.push_back(&run.run);
    }
  }
  std::stable_sort(told.begin(), told.end(), [](const Told& a, const Told& b) {
    return a.diagnostic.severity > b.diagnostic.severity;
  });
  return told;
}

// Notes change nothing about a result: the table only says where they are.
std::string notes_text(const std::vector<Told>& notes, const TerminalStyle& style) {
  if (notes.empty()) return {};
  std::vector<const core::RunRecord*> runs;
  for (const Told& told : notes) runs.insert(runs.end(), told.runs.begin(), told.runs.end());
  const auto first =
      std::find_if(runs.begin(), runs.end(), [](const core::RunRecord* run) { return run->id != 0; });
  const std::string text = fmt::format(
      "{} {} ({}): flashcore-profile show RUN{}", notes.size(), notes.size() == 1 ? "note" : "notes",
      phases_of(runs), first == runs.end() ? "" : fmt::format(", for instance show {}", (*first)->id));
  return inked(wrap(text, style.width, 2), Ink::kDim, style.colour) + "\n";
}

std::string diagnostics_text(const std::vector<RunAnalysis>& runs, const TerminalStyle& style) {
  std::string out;
  std::vector<Told> notes;
  for (const Told& told : gather(runs)) {
    const auto severity = told.diagnostic.severity;
    if (severity == core::Severity::kInfo) {
      notes.push_back(told);
      continue;
    }
    std::string whose = phases_of(told.runs);
    if (told.runs.size() == 1) whose = cut(printable(analysis::run_label(*told.runs[0])), 60);
    const Ink ink = severity == core::Severity::kError ? Ink::kBad : Ink::kWarning;
    const std::string head =
        fmt::format("{} ({}): {}", core::name_of(severity), whose, printable(told.diagnostic.message));
    out += inked(wrap(head, style.width, 2), ink, style.colour) + "\n";
    if (!told.diagnostic.hint.empty()) {
      out += wrap("  hint: " + printable(told.diagnostic.hint), style.width, 8) + "\n";
    }
  }
  return out + notes_text(notes, style);
}

std::string floor_of(const std::vector<RunAnalysis>& runs) {
  std::vector<const RunAnalysis*> all;
  for (const RunAnalysis& run : runs) all.push_back(&run);
  return floor_sentence(all);
}

}  // namespace

bool wants_colour(int fd) noexcept {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
  return isatty(fd) == 1;
}

std::string runs_table(const std::vector<RunAnalysis>& runs, const TerminalStyle& style) {
  if (runs.empty()) return "no runs\n";
  const std::vector<Group> groups = group_runs(runs);
  std::vector<std::vector<Row>> parts;
  std::vector<Row> measured, imported;
  for (const Group& group : groups) {
    auto& rows = parts.emplace_back();
    const RowStyle row_style{time_digits(group), style.width};
    for (const RunAnalysis* run : group.runs) {
      rows.push_back(group.imports ? import_row_of(*run, runs.size() == 1)
                                   : row_of(*run, group, runs, row_style));
    }
    auto& all = group.imports ? imported : measured;
    all.insert(all.end(), rows.begin(), rows.end());
  }
  const TableLayout layout(without_busiest(run_columns(), runs.size() == 1), measured, style.width);
  const TableLayout import_layout(without_busiest(import_columns(), runs.size() == 1), imported, style.width);
  std::vector<std::string> told;
  for (const RunAnalysis& run : runs) told.push_back(analysis::origin_sentence(run.run, "-"));
  std::string out;
  std::vector<std::string> said;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!out.empty()) out += "\n";
    if (auto from = sources(groups[i], runs, told); from != said) {
      for (const std::string& source : from) {
        out += inked(wrap(printable(source), style.width, 0), Ink::kDim, style.colour) + "\n";
      }
      said = std::move(from);
    }
    const TableLayout& chosen = groups[i].imports ? import_layout : layout;
    out += heading(groups[i], style) + chosen.draw(parts[i], style.colour);
  }
  // The only run has room for all its bars; of several the table names the highest.
  if (runs.size() == 1) out += speed_strip(runs.front().speed_of_light, style);
  if (const std::string floor = floor_of(runs); !floor.empty()) {
    out += inked(wrap(floor, style.width, 0), Ink::kDim, style.colour) + "\n";
  }
  const std::string diagnostics = diagnostics_text(runs, style);
  if (!diagnostics.empty()) out += "\n" + diagnostics;
  return out;
}

}  // namespace flashcore::reports
