#include "reports/terminal.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/units.h"
#include "reports/headline.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;

std::string duration(const std::optional<analysis::Summary>& summary, double analysis::Summary::*which) {
  return summary ? analysis::format_duration_ns((*summary).*which) : std::string("-");
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
  row.cells.push_back(point != nullptr ? percent_cell(100 * point->attainable_fraction) : "-");
  row.cells.push_back(metric_cell(run, kTensorPipeMetric));
  row.cells.push_back(metric_cell(run, kOccupancyMetric));
  row.cells.push_back(error_cell(run.run));
  if (&run == group.fastest && group.runs.size() > 1) {
    row.mark = "▸";
    row.ink = Ink::kGood;
  }
  return row;
}

bool is_recording(const RunAnalysis* run) {
  return run->run.origin == core::Origin::kRecording;
}

std::string heading(const Group& group, const TerminalStyle& style) {
  const auto recorded = std::count_if(group.runs.begin(), group.runs.end(), is_recording);
  const std::string extents = printable(extents_text(group.problem));
  const std::string origin = recorded == 0 ? ""
                             : recorded == static_cast<std::ptrdiff_t>(group.runs.size())
                                 ? "  recording"
                                 : "  some live, some recorded";
  return inked(cut(core::problem_label(group.problem), style.width), Ink::kBold, style.colour) + "  " +
         inked(extents, Ink::kDim, style.colour) + inked(origin, Ink::kWarning, style.colour) + "\n";
}

// Where the group's runs are from; the same of many groups, so it is said where it changes.
std::vector<std::string> sources(const Group& group, const std::vector<RunAnalysis>& all) {
  const auto alike = [](const core::RunRecord& a, const core::RunRecord& b) {
    return a.device.name == b.device.name && short_commit(a.environment) == short_commit(b.environment);
  };
  std::vector<const core::RunRecord*> records;
  for (const RunAnalysis& run : all) {
    const bool here = std::any_of(group.runs.begin(), group.runs.end(),
                                  [&](const RunAnalysis* mine) { return alike(mine->run, run.run); });
    if (here) records.push_back(&run.run);
  }
  std::vector<std::string> out = recording_sentences(records);
  if (!std::all_of(group.runs.begin(), group.runs.end(), is_recording)) {
    out.push_back("on " + (group.device.empty() ? std::string("unnamed device") : group.device));
  }
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
    if (std::find(phases.begin(), phases.end(), run->phase.id) != phases.end()) continue;
    phases.push_back(run->phase.id);
    out += (out.empty() ? "" : ", ") + run->phase.id;
  }
  return cut(printable(out), 60);
}

// The same thing said of several runs is told once, with their names.
std::vector<Told> gather(const std::vector<RunAnalysis>& runs) {
  std::vector<Told> told;
  for (const auto& run : runs) {
    for (const auto& diagnostic : run.run.diagnostics) {
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
    if (told.runs.size() == 1) whose += " on " + printable(core::problem_label(told.runs[0]->problem));
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

}  // namespace

std::string runs_table(const std::vector<RunAnalysis>& runs, const TerminalStyle& style) {
  if (runs.empty()) return "no runs\n";
  const std::vector<Column> columns = {{"phase", Align::kLeft, 24, 9},     {"p50", Align::kRight, 12, 9},
                                       {"p90", Align::kRight, 12, 3},      {"launch", Align::kRight, 12, 2},
                                       {"speed-up", Align::kRight, 10, 8}, {"TFLOP/s", Align::kRight, 10, 7},
                                       {"roof %", Align::kRight, 8, 6},    {"tensor %", Align::kRight, 8, 5},
                                       {"occup. %", Align::kRight, 8, 4},  {"max err", Align::kRight, 9, 6}};
  const std::vector<Group> groups = group_runs(runs);
  std::vector<std::vector<Row>> parts;
  std::vector<Row> all;
  for (const Group& group : groups) {
    auto& rows = parts.emplace_back();
    for (const RunAnalysis* run : group.runs) rows.push_back(row_of(*run, group, runs));
    all.insert(all.end(), rows.begin(), rows.end());
  }
  const TableLayout layout(columns, all, style.width);
  std::string out;
  std::vector<std::string> said;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!out.empty()) out += "\n";
    if (auto from = sources(groups[i], runs); from != said) {
      for (const std::string& source : from) {
        out += inked(wrap(printable(source), style.width, 0), Ink::kDim, style.colour) + "\n";
      }
      said = std::move(from);
    }
    out += heading(groups[i], style) + layout.draw(parts[i], style.colour);
  }
  const std::string diagnostics = diagnostics_text(runs, style);
  if (!diagnostics.empty()) out += "\n" + diagnostics;
  return out;
}

}  // namespace flashcore::reports
