#include "reports/compare_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/units.h"
#include "reports/ascii_plot.h"
#include "reports/terminal_table.h"

namespace flashcore::reports {
namespace {

using analysis::Comparison;
using analysis::Judgement;
using analysis::MetricComparison;
using analysis::Verdict;

constexpr int kLeast = 60;
constexpr int kIndent = 2;

Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster: return Ink::kGood;
    case Verdict::kSlower: return Ink::kBad;
    case Verdict::kAmbiguous: return Ink::kWarning;
    case Verdict::kSame: break;
  }
  return Ink::kPlain;
}

// A sentence of its own lines; the later ones stand under the first.
std::string lines(std::string_view text, int width, int indent = kIndent, int hang = 2) {
  return fmt::format("{:{}}{}\n", "", indent, wrap(printable(text), width, indent + hang, indent));
}

std::string head(const CompareView& view, int width) {
  constexpr int kLabel = 6;
  std::string out;
  for (const auto& [label, sentence] :
       {std::pair{"base", &view.base_sentence}, std::pair{"now", &view.now_sentence}}) {
    if (sentence->empty()) continue;
    out += fmt::format("{:<{}}{}\n", label, kLabel, wrap(printable(*sentence), width, kLabel, kLabel));
  }
  return out;
}

Row judgement_row(const std::string& name, const Judgement& j, std::string base, std::string now) {
  return {.mark = "",
          .cells = {name, std::move(base), std::move(now), change_text(j), interval_text(j),
                    std::string(analysis::word_of(j.verdict)), series_text(j.base_series),
                    series_text(j.now_series)},
          .sentence = {},
          .ink = Ink::kPlain,
          .below = {}};
}

// Time, cycles and clock of one pair.
std::string measured(const Comparison& pair, const TerminalStyle& style) {
  const std::string interval = confidence_text(pair.time.confidence) + " interval";
  const std::vector<Column> columns{{"", Align::kLeft, 8, 9},
                                    {"base", Align::kRight, 16, 8},
                                    {"now", Align::kRight, 16, 8},
                                    {"change", Align::kRight, 10, 9},
                                    {interval, Align::kRight, 24, 7},
                                    {"verdict", Align::kLeft, 10, 6},
                                    {"base holds", Align::kLeft, 30, 3},
                                    {"now holds", Align::kLeft, 30, 3}};
  std::vector<Row> rows{
      judgement_row("time", pair.time, time_text(pair.time.base), time_text(pair.time.now))};
  if (pair.cycles) {
    rows.push_back(
        judgement_row("cycles", *pair.cycles, cycles_text(pair.cycles->base), cycles_text(pair.cycles->now)));
  }
  if (pair.clock_change) {
    Judgement clock;
    clock.change = pair.clock_change;
    rows.push_back({.mark = "",
                    .cells = {"clock", "", "", change_text(clock)},
                    .sentence = {},
                    .ink = Ink::kPlain,
                    .below = {}});
  }
  return TableLayout(columns, rows, style.width).draw(rows, style.colour);
}

Row metric_row(const MetricComparison& metric) {
  Row row;
  const analysis::Metric& m = *metric.metric;
  row.cells = {printable(m.title)};
  if (!metric.missing.empty()) {
    row.sentence = printable(metric.missing);
    row.ink = Ink::kDim;
    return row;
  }
  const Judgement& j = metric.judgement;
  row.cells.push_back(printable(analysis::format_value(j.base, m.unit)));
  row.cells.push_back(printable(analysis::format_value(j.now, m.unit)));
  row.cells.push_back(change_text(j));
  row.cells.push_back(metric.exact ? "exact" : interval_text(j));
  row.cells.emplace_back(analysis::word_of(j.verdict, false));
  row.ink = ink_of(j.verdict);
  return row;
}

std::string metrics(const Comparison& pair, bool all, const TerminalStyle& style) {
  auto shown = shown_metrics(pair, all);
  const std::size_t left_out = all ? 0 : keep_most_telling(shown);
  if (shown.empty()) {
    return pair.metrics.empty() ? std::string() : lines("no metric with a direction changed", style.width);
  }
  const std::vector<Column> columns{{all ? "metric" : "metric that changed", Align::kLeft, 40, 9},
                                    {"base", Align::kRight, 16, 6},
                                    {"now", Align::kRight, 16, 6},
                                    {"change", Align::kRight, 12, 8},
                                    {"interval", Align::kRight, 24, 4},
                                    {"verdict", Align::kLeft, 10, 7}};
  std::vector<Row> rows;
  for (const MetricComparison* metric : shown) rows.push_back(metric_row(*metric));
  std::string out = TableLayout(columns, rows, style.width).draw(rows, style.colour);
  if (left_out > 0)
    out +=
        lines(fmt::format("and {} more that changed less; --all-metrics shows them", left_out), style.width);
  return out;
}

std::string notes_of(const Comparison& pair, int width) {
  std::string out;
  // Those of the cycles say the same of the same samples.
  for (const std::string& note : pair.time.notes) out += lines(fmt::format("time: {}", note), width);
  for (const std::string& note : pair.notes) out += lines(fmt::format("note: {}", note), width);
  return out;
}

std::vector<double> graph_samples(const analysis::RunSet& set) {
  std::vector<double> values;
  for (const analysis::RunAnalysis* run : set.runs) {
    if (!core::times_are_results(run->run.answer)) continue;
    for (const core::Sample& sample : core::all_samples(run->run)) {
      if (sample.kind == core::SampleKind::kGraph) values.push_back(sample.duration_ns);
    }
  }
  return values;
}

std::string picture(const Comparison& pair, const TerminalStyle& style) {
  DistributionPlot plot;
  plot.title = pair.label;
  plot.x_title = "graph samples";
  plot.unit = "ns";
  plot.sides = {{"base", graph_samples(pair.base)}, {"now", graph_samples(pair.now)}};
  return fmt::format("\n{}", ascii_distributions(plot, style));
}

// What is told of a pair below its row or sentence.
std::string details(const Comparison& pair, const CompareView& view, const TerminalStyle& style) {
  std::string out;
  if (const std::string decides = how_to_decide(pair); !decides.empty()) out += lines(decides, style.width);
  const std::string table = metrics(pair, view.all_metrics, style);
  if (!table.empty()) out += fmt::format("\n{}", table);
  const std::string notes = notes_of(pair, style.width);
  if (!notes.empty()) out += fmt::format("\n{}", notes);
  return out;
}

std::string one_pair(const Comparison& pair, const CompareView& view, const TerminalStyle& style) {
  std::string out = wrap(printable(pair.label), style.width, kIndent) + "\n";
  out += inked(lines(pair.sentence, style.width), ink_of(pair.verdict), style.colour);
  out += fmt::format("\n{}", measured(pair, style));
  if (view.ascii) out += picture(pair, style);
  return out + details(pair, view, style);
}

std::string several(const CompareView& view, const TerminalStyle& style) {
  const std::vector<Column> columns{{"pair", Align::kLeft, 44, 9},      {"base", Align::kRight, 12, 4},
                                    {"now", Align::kRight, 12, 5},      {"change", Align::kRight, 10, 8},
                                    {"interval", Align::kRight, 22, 6}, {"verdict", Align::kLeft, 10, 9},
                                    {"cycles", Align::kLeft, 10, 3}};
  std::vector<Row> rows;
  for (const Comparison& pair : view.result.all) {
    Row row;
    row.cells = {printable(pair.label),    time_text(pair.time.base),
                 time_text(pair.time.now), change_text(pair.time),
                 interval_text(pair.time), std::string(analysis::word_of(pair.verdict)),
                 cycles_word(pair)};
    row.ink = ink_of(pair.verdict);
    rows.push_back(std::move(row));
  }
  std::string out = TableLayout(columns, rows, style.width).draw(rows, style.colour);
  out += fmt::format("  {}\n", verdict_counts(view.result));
  for (const Comparison& pair : view.result.all) {
    const bool same =
        pair.verdict == Verdict::kSame && shown_metrics(pair, view.all_metrics).empty();
    if (same) continue;
    const std::string label = wrap(printable(pair.label), style.width, kIndent);
    out += fmt::format("\n{}\n", inked(label, Ink::kBold, style.colour));
    out += lines(pair.sentence, style.width) + details(pair, view, style);
  }
  return out;
}

}  // namespace

std::string compare_text(const CompareView& view, const TerminalStyle& given) {
  TerminalStyle style = given;
  style.width = std::max(given.width, kLeast);
  const analysis::Comparisons& result = view.result;
  std::string out = head(view, style.width);
  if (!out.empty()) out += "\n";
  if (result.all.size() == 1) {
    out += one_pair(result.all.front(), view, style);
  } else if (!result.all.empty()) {
    out += several(view, style);
  }
  std::string rest;
  for (const std::string& label : result.only_base)
    rest += lines(fmt::format("only base has {}", label), style.width, 0);
  for (const std::string& label : result.only_now)
    rest += lines(fmt::format("only now has {}", label), style.width, 0);
  for (const std::string& note : result.notes) rest += lines(fmt::format("note: {}", note), style.width, 0);
  return rest.empty() ? out : fmt::format("{}\n{}", out, rest);
}

}  // namespace flashcore::reports
