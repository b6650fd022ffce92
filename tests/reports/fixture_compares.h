// Comparisons made by hand, one of each verdict, for the tests of what is printed of them. The numbers are
// made for the tests; nothing of them is a measurement.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reports/compare_parts.h"
#include "tests/reports/fixtures.h"

namespace flashcore::reports::fixtures {

inline analysis::Judgement judgement_of(analysis::Verdict verdict, double base, double change,
                                        double half = 0.004) {
  analysis::Judgement j;
  j.verdict = verdict;
  j.base = base;
  j.now = base * (1 + change);
  j.change = change;
  j.low = change - half;
  j.high = change + half;
  j.because = "made by hand";
  j.base_series = {.runs = 8,
                   .samples = 800,
                   .effective = 412.5,
                   .warm_up = 3,
                   .drift = 0.0012,
                   .mild_outliers = 4,
                   .severe_outliers = 1};
  j.now_series = {.runs = 4, .samples = 400, .effective = 390};
  return j;
}

// Points into itself, so it stays where it was made.
struct ComparedRuns {
  analysis::Catalogue catalogue = *analysis::Catalogue::builtin();
  std::vector<analysis::RunAnalysis> base, now;
  analysis::Comparisons result;

  CompareView view() const {
    return {.result = result,
            .base_word = "baseline@mission",
            .now_word = "wmma@mission",
            .base_sentence = "the 8 runs of baseline on mission at 0123456789",
            .now_sentence = "the 4 runs of wmma on mission at 0123456789"};
  }
  const analysis::Metric* metric(const char* id) const {
    const analysis::Metric* found = catalogue.find(id);
    if (found == nullptr) std::abort();
    return found;
  }
};

inline void add_pair(ComparedRuns& all, std::size_t place, analysis::Verdict verdict, double change,
                     std::string sentence) {
  analysis::Comparison pair;
  pair.base = {"baseline@mission", {&all.base[place]}};
  pair.now = {"wmma@mission", {&all.now[place]}};
  pair.label = analysis::run_label(all.base[place].run) + " -> " + analysis::run_label(all.now[place].run);
  pair.verdict = verdict;
  pair.sentence = std::move(sentence);
  pair.time = judgement_of(verdict, 412'400, change);
  pair.cycles = judgement_of(verdict, 724'000, change);
  pair.clock_change = -0.001;
  pair.metrics.push_back(
      {all.metric("tensor_pipe_active"), judgement_of(analysis::Verdict::kFaster, 12.5, 0.31), false, ""});
  pair.metrics.push_back(
      {all.metric("registers"), judgement_of(analysis::Verdict::kSlower, 62, 1.0645, 0), true, ""});
  pair.metrics.push_back(
      {all.metric("achieved_occupancy"), judgement_of(analysis::Verdict::kSame, 61, 0.001), false, ""});
  pair.metrics.push_back({all.metric("dram_bytes"), {}, false, "now: not counted"});
  all.result.all.push_back(std::move(pair));
}

inline std::unique_ptr<ComparedRuns> compared_runs(std::size_t pairs = 4) {
  auto all = std::make_unique<ComparedRuns>();
  std::vector<core::RunRecord> base, now;
  const char* const shapes[] = {"mission", "small", "medium", "large"};
  for (std::size_t i = 0; i < 4; ++i) {
    base.push_back(record(ladder()[0], shapes[i]));
    now.push_back(record(ladder()[1], shapes[i]));
    base.back().id = static_cast<core::RowId>(10 + i);
    now.back().id = static_cast<core::RowId>(20 + i);
  }
  all->base = analysed(std::move(base), all->catalogue);
  all->now = analysed(std::move(now), all->catalogue);
  using enum analysis::Verdict;
  add_pair(*all, 0, kFaster, -0.786, "FASTER by 78.6 % (78.2 to 79.0), confirmed in cycles");
  if (pairs > 1) add_pair(*all, 1, kSlower, 0.05, "SLOWER by 5.0 % (4.6 to 5.4), confirmed in cycles");
  if (pairs > 2) {
    add_pair(*all, 2, kAmbiguous, 0.01, "AMBIGUOUS: between 0.6 and 1.4 %");
    all->result.all.back().time.more_runs = 12;
  }
  if (pairs > 3) {
    add_pair(*all, 3, kSame, 0.0004, "SAME within 1 %");
    all->result.all.back().metrics.clear();
    all->result.only_now = {"fused on mission"};
    all->result.notes = {"of 2 builds the newest was taken"};
    all->result.all.front().notes = {"the drivers differ: 580 against 590"};
    all->result.all.front().time.notes = {"3 of 800 samples belong to the warm-up"};
  }
  return all;
}

// What a file of somebody else may hold, in every text that is shown.
inline std::unique_ptr<ComparedRuns> hostile_compared_runs() {
  auto all = compared_runs();
  const std::string evil = "\x1b[31m<script>alert(1)</script>|**b**\n@someone \xe2\x80\xae\xff";
  for (auto& pair : all->result.all) {
    pair.label = evil;
    pair.sentence = evil;
    pair.base.word = pair.now.word = evil + std::string(10'000, 'w');
    pair.notes = {evil};
    pair.time.notes = {evil};
    pair.time.because = evil;
    for (auto& metric : pair.metrics) {
      if (!metric.missing.empty()) metric.missing = evil;
    }
  }
  for (auto* runs : {&all->base, &all->now}) {
    for (auto& run : *runs) run.run.subject.name = evil;
  }
  all->result.only_base = {evil, std::string(10'000, 'x')};
  all->result.notes = {evil};
  return all;
}

}  // namespace flashcore::reports::fixtures
