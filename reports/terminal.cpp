#include "reports/terminal.h"

#include <fmt/core.h>

#include <algorithm>

#include "analysis/units.h"
#include "reports/headline.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;

std::string duration(const std::optional<analysis::Summary>& summary, double analysis::Summary::*which) {
  return summary ? analysis::format_duration_ns((*summary).*which) : std::string("-");
}

std::string metric_cell(const RunAnalysis& run, std::string_view id) {
  const analysis::MetricValue* metric = run.metric(id);
  if (metric == nullptr || !metric->value) return "-";
  return analysis::format_value(*metric->value, metric->metric->unit);
}

// The unit stands above the column, so that the numbers line up.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string error_cell(const core::RunRecord& run) {
  if (run.correctness.empty()) return "-";
  double worst = 0;
  for (const auto& check : run.correctness) worst = std::max(worst, check.max_error);
  return fmt::format("{:.1e}", worst);
}

Row row_of(const RunAnalysis& run, const Group& group, const std::vector<RunAnalysis>& all) {
  Row row;
  std::string name = printable(run.run.phase.id);
  if (run.run.phase.reference) name += " (ref)";
  row.cells.push_back(name);
  if (const Answer answer = answer_of(run.run); answer != Answer::kRight) {
    row.mark = answer == Answer::kWrong ? "✗" : "?";
    row.sentence = answer == Answer::kWrong ? wrong_sentence(run.run) : std::string(kUncheckedSentence);
    row.ink = answer == Answer::kWrong ? Ink::kBad : Ink::kWarning;
    return row;
  }
  const RunAnalysis* base = analysis::base_of(run, all);
  const auto faster = base != nullptr ? analysis::speedup(run, *base) : std::nullopt;
  const analysis::RooflinePoint* point = main_point(run.roofline);
  row.cells.push_back(duration(run.graph_ns, &analysis::Summary::p50));
  row.cells.push_back(duration(run.graph_ns, &analysis::Summary::p90));
  row.cells.push_back(duration(run.launch_ns, &analysis::Summary::p50));
  row.cells.push_back(faster ? fmt::format("{:.2f}x", *faster) : "-");
  row.cells.push_back(point != nullptr ? three_digits(point->performance / 1e12) : "-");
  row.cells.push_back(point != nullptr ? analysis::format_value(100 * point->attainable_fraction, "%") : "-");
  row.cells.push_back(metric_cell(run, kTensorPipeMetric));
  row.cells.push_back(metric_cell(run, kOccupancyMetric));
  row.cells.push_back(error_cell(run.run));
  if (&run == group.fastest && group.runs.size() > 1) {
    row.mark = "▸";
    row.ink = Ink::kGood;
  }
  return row;
}

std::string heading(const Group& group, const TerminalStyle& style) {
  const core::Problem& p = group.problem;
  const std::string extents = fmt::format("B {}, H {}{}, Sq {}, Sk {}, D {}, {}", p.batch, p.heads,
                                          p.kv_heads == p.heads ? "" : fmt::format(" (Hkv {})", p.kv_heads),
                                          p.seq_q, p.seq_k, p.head_dim, printable(p.dtype));
  std::string out = inked(cut(core::problem_label(p), style.width), Ink::kBold, style.colour) + "  " +
                    inked(extents, Ink::kDim, style.colour) + "\n";
  const std::string recorded = recording_sentence(group.runs.front()->run);
  const std::string device = group.device.empty() ? "unnamed device" : group.device;
  const std::string where = recorded.empty() ? "on " + device : recorded;
  const bool mixed = std::any_of(group.runs.begin(), group.runs.end(), [&](const RunAnalysis* run) {
    return run->run.origin != group.runs.front()->run.origin;
  });
  out += inked(
      wrap(printable(where) + (mixed ? " (some of the runs are live, some recorded)" : ""), style.width, 0),
      recorded.empty() ? Ink::kDim : Ink::kWarning, style.colour);
  return out + "\n";
}

struct Told {
  core::DiagnosticRecord diagnostic;
  std::vector<std::string> phases;
};

// The same thing said of several runs is told once, with their names.
std::vector<Told> gather(const std::vector<RunAnalysis>& runs) {
  std::vector<Told> told;
  for (const auto& run : runs) {
    for (const auto& diagnostic : run.run.diagnostics) {
      auto same =
          std::find_if(told.begin(), told.end(), [&](const Told& t) { return t.diagnostic == diagnostic; });
      if (same == told.end()) same = told.insert(told.end(), Told{diagnostic, {}});
      const std::string& phase = run.run.phase.id;
      if (std::find(same->phases.begin(), same->phases.end(), phase) == same->phases.end()) {
        same->phases.push_back(phase);
      }
    }
  }
  std::stable_sort(told.begin(), told.end(), [](const Told& a, const Told& b) {
    return a.diagnostic.severity > b.diagnostic.severity;
  });
  return told;
}

std::string diagnostics_text(const std::vector<RunAnalysis>& runs, const TerminalStyle& style) {
  std::string out;
  for (const Told& told : gather(runs)) {
    std::string phases;
    for (const std::string& phase : told.phases) phases += (phases.empty() ? "" : ", ") + phase;
    const auto severity = told.diagnostic.severity;
    const Ink ink = severity == core::Severity::kError     ? Ink::kBad
                    : severity == core::Severity::kWarning ? Ink::kWarning
                                                           : Ink::kDim;
    const std::string head = fmt::format("{} ({}): {}", core::name_of(severity), cut(printable(phases), 60),
                                         printable(told.diagnostic.message));
    out += inked(wrap(head, style.width, 2), ink, style.colour) + "\n";
    if (!told.diagnostic.hint.empty()) {
      out += wrap("  hint: " + printable(told.diagnostic.hint), style.width, 8) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string runs_table(const std::vector<RunAnalysis>& runs, const TerminalStyle& style) {
  if (runs.empty()) return "no runs\n";
  const std::vector<Column> columns = {
      {"phase", Align::kLeft, 24, 9},     {"p50", Align::kRight, 12, 9},
      {"p90", Align::kRight, 12, 3},      {"launch", Align::kRight, 12, 2},
      {"speed-up", Align::kRight, 10, 8}, {"TFLOP/s", Align::kRight, 10, 7},
      {"roof", Align::kRight, 8, 6},      {"tensor", Align::kRight, 8, 5},
      {"occupancy", Align::kRight, 9, 4}, {"max error", Align::kRight, 9, 6}};
  std::string out;
  for (const Group& group : group_runs(runs)) {
    if (!out.empty()) out += "\n";
    out += heading(group, style);
    std::vector<Row> rows;
    for (const RunAnalysis* run : group.runs) rows.push_back(row_of(*run, group, runs));
    out += draw_table(columns, std::move(rows), style.width, style.colour);
  }
  const std::string diagnostics = diagnostics_text(runs, style);
  if (!diagnostics.empty()) out += "\n" + diagnostics;
  return out;
}

}  // namespace flashcore::reports
