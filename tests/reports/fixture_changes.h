// A report with a base of comparison, made by hand: one verdict of each word, a phase without a partner,
// causes that add up, a history with a change point and a mark. The numbers are made for the tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reports/html.h"
#include "tests/reports/fixture_runs.h"

namespace flashcore::reports::fixtures {

inline core::RunRecord scaled(core::RunRecord run, double factor, core::RowId id) {
  run.id = id;
  for (core::MeasurementRecord& m : run.measurements) {
    for (core::Sample& sample : m.samples) {
      if (sample.kind != core::SampleKind::kEmpty) sample.duration_ns *= factor;
    }
  }
  return run;
}

// What extras point into.
struct Compared {
  std::vector<analysis::RunAnalysis> base, now;
  analysis::Comparisons changes;
  ReportExtras extras;
};

inline analysis::Judgement judged(analysis::Verdict verdict, double base, double change) {
  analysis::Judgement j;
  j.verdict = verdict;
  j.base = base;
  j.now = base * (1 + change);
  j.change = change;
  j.low = change - 0.004;
  j.high = change + 0.004;
  j.base_series = {1, 100, 61.4, 3, 0.0012, 4, 1};
  j.now_series = {1, 100, 58.2, 0, 0, 3, 0};
  return j;
}

// A part that takes all but 300 ns of the difference, and what nothing explains.
inline analysis::Why made_why(double base_ns, double now_ns) {
  analysis::Why why;
  why.base_ns = base_ns;
  why.now_ns = now_ns;
  why.difference_ns = now_ns - base_ns;
  const double rest = 300, spills = why.difference_ns - rest;
  why.causes = {
      {"spills",
       "spilled registers",
       spills,
       spills / why.difference_ns,
       "Spilled registers: 0 B a thread became 96 B.",
       {"spill_bytes"}},
      {"unexplained", "not explained", rest, rest / why.difference_ns, "Nothing explains the rest.", {}}};
  analysis::WhySplit states{
      "issue_states", "issue states", "Warp cycles by state, scaled to the time.", {}, ""};
  states.parts = {{"long_scoreboard", "waiting for L1TEX", 120, 180, "cycle", why.difference_ns + 900},
                  {"barrier", "waiting at a barrier", 40, 12, "cycle", -900}};
  analysis::WhySplit clock{"clock", "clock", "", {}, "no clock was stamped on the base's samples"};
  why.splits = {states, clock};
  why.changed = {"registers 168 -> 96", "occupancy limited by registers -> shared"};
  return why;
}

inline analysis::Comparison made_comparison(const analysis::RunAnalysis& base,
                                            const analysis::RunAnalysis& now, analysis::Verdict verdict,
                                            const analysis::Catalogue& catalogue) {
  analysis::Comparison c;
  c.base = {"nightly", {&base}};
  c.now = {"latest", {&now}};
  c.label = analysis::run_label(now.run);
  c.verdict = verdict;
  c.time = judged(verdict, base.graph_ns->p50, now.graph_ns->p50 / base.graph_ns->p50 - 1);
  c.cycles = c.time;
  c.cycles->base = *c.time.base * 1.755;
  c.cycles->now = *c.time.now * 1.755;
  c.clock_change = 0.0007;
  c.sentence = std::string(analysis::word_of(verdict)) + " between two bounds, confirmed in cycles";
  c.notes = {"the base was taken from a dirty build"};
  for (const auto& metric : catalogue.metrics()) {
    if (metric.id != "achieved_occupancy" && metric.id != "tensor_pipe_active" && metric.id != "dram_bytes")
      continue;
    analysis::MetricComparison m;
    m.metric = &metric;
    m.judgement = judged(metric.id == "tensor_pipe_active" ? verdict : analysis::Verdict::kSame, 40, 0.002);
    if (metric.id == "dram_bytes") m.missing = "the base was not counted";
    c.metrics.push_back(std::move(m));
  }
  return c;
}

inline analysis::History made_history(const std::vector<analysis::RunAnalysis>& runs,
                                      const std::string& label) {
  analysis::History history;
  history.metric = "duration";
  history.title = "Duration";
  history.unit = "ns";
  history.label = label;
  history.device = "NVIDIA H200";
  for (int i = 0; i < 24; ++i) {
    analysis::HistoryPoint point;
    point.run = i == 23 ? runs[2].run.id : 5000 + i;
    point.taken_at = "2026-01-" + std::to_string(10 + i / 2) + "T12:00:00Z";
    point.commit = std::string(7, static_cast<char>('a' + i / 6)) + std::string(33, '0');
    point.driver = i < 18 ? "575.57.08" : "580.65.06";
    point.clock_mhz = 1755;
    if (i != 7) point.value = (i < 12 ? 34000 : 31200) + 60 * (i % 5);
    if (i == 7) point.reason = "the answer was wrong";
    history.points.push_back(point);
  }
  analysis::HistoryChange change;
  change.point = {12, 34120, 31320, 31320.0 / 34120 - 1, -0.084, -0.079, 1e-9};
  change.commit_before = history.points[11].commit;
  change.commit_at = history.points[12].commit;
  change.better = true;
  history.changes = {change};
  history.marks = {{18, "driver", "driver 575.57.08 -> 580.65.06"}};
  history.notes = {"run 5007 has no value: the answer was wrong"};
  return history;
}

// Of usual_records: a verdict of each word on the first problem; fused has no partner on the second.
inline std::unique_ptr<Compared> compared(const analysis::Catalogue& catalogue,
                                          const std::string& hostile = {}) {
  using enum analysis::Verdict;
  const std::vector<std::pair<double, analysis::Verdict>> kinds = {
      {1.001, kSame}, {1.30, kFaster}, {0.96, kSlower}, {0.99, kAmbiguous},
      {1.002, kSame}, {1.10, kFaster}, {0, kSame},      {0.80, kSlower}};
  auto out = std::make_unique<Compared>();
  std::vector<core::RunRecord> records = usual_records(), before;
  if (!hostile.empty()) records[0].subject.name = hostile;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i].first > 0) before.push_back(scaled(records[i], kinds[i].first, records[i].id + 1000));
  }
  out->now = analysed(std::move(records), catalogue);
  out->base = analysed(std::move(before), catalogue);
  std::size_t b = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i].first == 0) continue;
    const analysis::RunAnalysis &base = out->base[b++], &now = out->now[i];
    out->changes.all.push_back(made_comparison(base, now, kinds[i].second, catalogue));
    if (!hostile.empty()) out->changes.all.back().sentence = hostile;
    out->extras.pairs.push_back({&base, &now, made_why(base.graph_ns->p50, now.graph_ns->p50)});
  }
  out->changes.only_now = {"fused on large"};
  out->changes.only_base = {hostile.empty() ? "scalar on mission" : hostile};
  out->changes.notes = {"the newest of two builds was taken"};
  out->extras.changes = &out->changes;
  out->extras.base_word = hostile.empty() ? "nightly" : hostile;
  out->extras.base_sentence = "the 7 runs with the tag nightly";
  out->extras.histories = {made_history(out->now, hostile.empty() ? "fused on mission" : hostile)};
  return out;
}

}  // namespace flashcore::reports::fixtures
