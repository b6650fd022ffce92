// The sheets of what was computed: metrics with the roofline, timing with the answer.
#include <fmt/format.h>

#include "analysis/describe.h"
#include "analysis/run_values.h"
#include "analysis/sheet_parts.h"
#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

std::string tip_of(const Metric& metric) {
  std::string tip = metric.description;
  if (metric.direction == Direction::kHigherIsBetter) tip += " Higher is better.";
  if (metric.direction == Direction::kLowerIsBetter) tip += " Lower is better.";
  return tip;
}

SheetRow metric_row(const MetricValue& value) {
  SheetRow row;
  row.id = value.metric->id;
  row.name = value.metric->title;
  row.value = format_value(value.value, value.metric->unit);
  row.note = value.value ? value.provenance : value.reason;
  row.tip = tip_of(*value.metric);
  row.state = value.value ? RowState::kPlain : RowState::kMissing;
  return row;
}

SheetSection roofline_section(const Roofline& roofline) {
  SheetSection section{"roofline", "Roofline", roofline.reason, {}};
  for (const RooflinePoint& point : roofline.points) {
    SheetRow row;
    row.id = "roofline." + point.memory;
    row.name = "by " + point.memory + " bytes";
    row.value = format_value(point.performance, "FLOP/s");
    row.note = fmt::format(
        "{} of the attainable {} at {:.3g} FLOP/B, {} bound; FLOPs: {}; bytes: {}; time: {}",
        format_value(100 * point.attainable_fraction, "%"), format_value(point.attainable, "FLOP/s"),
        point.intensity, point.bound, point.flops_provenance, point.bytes_provenance, point.time_provenance);
    section.rows.push_back(std::move(row));
  }
  for (const Ceiling& ceiling : roofline.ceilings) {
    section.rows.push_back(text_row("ceiling." + ceiling.id, "ceiling: " + ceiling.title,
                                    ceiling_text(ceiling), ceiling.source));
  }
  return section;
}

SheetSection answer_section(const core::RunRecord& run) {
  SheetSection section{"timing.answer", "Answer", answer_sentence(run), {}};
  if (run.answer == core::Answer::kDoesNotApply)
    section.description = "There is nothing to check it against.";
  for (const core::CheckRecord& check : core::all_checks(run)) {
    SheetRow row;
    row.id = fmt::format("check.{}", check.seed);
    row.name = fmt::format("seed {}", check.seed);
    row.value = check.passed ? "right" : "WRONG";
    row.note = fmt::format("max {:.2e} (limit {:.2g}), mean {:.2e} (limit {:.2g}); {}", check.max_error,
                           check.max_tolerance, check.mean_error, check.mean_tolerance, check.method);
    row.tip =
        fmt::format("{} NaN, {} Inf, {} elements compared", check.nan_count, check.inf_count, check.compared);
    row.state = check.passed ? RowState::kGood : RowState::kBad;
    section.rows.push_back(std::move(row));
  }
  return section;
}

SheetSection samples_section(const std::string& kind, const std::string& title, const std::string& what,
                             const std::optional<Summary>& summary, const std::string& objection) {
  SheetSection section{"timing." + kind, title, what, {}};
  if (!summary) {
    section.rows.push_back(text_row(kind + ".p50", "p50", "", {},
                                    objection.empty() ? "there are no samples of this kind" : objection));
    return section;
  }
  const std::pair<const char*, double> rows[] = {
      {"p50", summary->p50}, {"p90", summary->p90},   {"p99", summary->p99},        {"min", summary->min},
      {"max", summary->max}, {"mean", summary->mean}, {"deviation", summary->stdev}};
  for (const auto& [name, ns] : rows) {
    section.rows.push_back(text_row(kind + "." + name, name, format_duration_ns(ns)));
  }
  section.rows.push_back(text_row(kind + ".n", "samples", fmt::format("{}", summary->n)));
  return section;
}

// How the timing was taken: the parameters of the measurements that hold samples, and the clock.
SheetSection method_section(const core::RunRecord& run) {
  SheetSection section{"timing.method", "Method", {}, {}};
  const std::vector<core::Sample> samples = core::all_samples(run);
  for (const core::MeasurementRecord& measurement : run.measurements) {
    if (measurement.samples.empty()) continue;
    for (const auto& [name, value] : measurement.parameters) {
      section.rows.push_back(text_row("timing.parameter." + name, name, value));
    }
  }
  auto clock = median_clock_mhz(samples, core::SampleKind::kGraph);
  if (!clock) clock = median_clock_mhz(samples, core::SampleKind::kLaunch);
  section.rows.push_back(value_row(
      "timing.clock", "SM clock, median", clock, [](double mhz) { return fmt::format("{:.0f} MHz", mhz); },
      {}, samples.empty() ? "there are no samples" : "no sample carries an SM clock"));
  return section;
}

}  // namespace

Sheet metrics_sheet(const RunAnalysis& run, const Catalogue& catalogue) {
  Sheet sheet{"metrics", "Metrics", {}};
  for (const Section& section : catalogue.sections()) {
    SheetSection out{section.id, section.title, section.description, {}};
    for (const MetricValue& value : run.metrics) {
      if (value.metric != nullptr && value.metric->section == section.id)
        out.rows.push_back(metric_row(value));
    }
    if (!out.rows.empty()) sheet.sections.push_back(std::move(out));
  }
  sheet.sections.push_back(roofline_section(run.roofline));
  return sheet;
}

Sheet timing_sheet(const RunAnalysis& run) {
  Sheet sheet{"timing", "Timing", {answer_section(run.run)}};
  const std::string objection = timing_objection(run.run);
  if (run.time && run.time->counted) {
    sheet.sections.push_back(
        {"timing.counted",
         "Time that a tool counted",
         "Taken in a counter pass or reported by another program: shown, never compared.",
         {text_row("time", "time of a launch", format_duration_ns(run.time->ns), run.time->source)}});
  }
  sheet.sections.push_back(
      samples_section("graph", "Graph replay",
                      "Events around one replay of a graph of many launches, divided by their number.",
                      run.graph_ns, objection));
  sheet.sections.push_back(samples_section(
      "launch", "Single launch", "Events around each launch, its overhead in.", run.launch_ns, objection));
  sheet.sections.push_back(method_section(run.run));
  return sheet;
}

}  // namespace flashcore::analysis
