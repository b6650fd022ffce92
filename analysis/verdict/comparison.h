// Comparison: two sets of runs of one kernel or of two, judged by time, by cycles and by every metric that
// has a direction.
//
// The verdict on a kernel is that of its time, confirmed in cycles (time x effective clock): where time moved
// and cycles did not, the clock moved and the kernel is the SAME. Where they disagree, or cycles moved with
// the clock and time did not, it is AMBIGUOUS: nothing here tells which of them speaks of the kernel. Where a
// wandering clock hides time's
// change, cycles call alone as long as the clock cannot be what moved them. Where no clock was stamped the
// verdict is of the time alone, and says so. Times of a counter pass never enter.
//
// Owns: plain values; points to the runs' analyses and the catalogue, which must outlive it. Units: ns,
// cycles; changes are relative. Threads: pure functions. Errors: kUsage with every objection where the sets
// cannot be compared; `anyway` turns objections into notes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "analysis/verdict/verdict.h"
#include "core/result.h"

namespace flashcore::analysis {

// Runs of one subject on one problem, on one class of device, from caches in one state, at one build: several
// processes. In the order taken.
struct RunSet {
  std::string word;  // as it was asked for, "wmma@mission@1a2b3c4"
  std::vector<const RunAnalysis*> runs;
};

struct CompareOptions {
  double smallest = 0.01;
  double level = 0.01;
  int comparisons = 1;  // kernels that are judged together
  bool anyway = false;
};

struct MetricComparison {
  const Metric* metric = nullptr;
  Judgement judgement;  // base and now in the metric's unit
  bool exact = false;   // from the compiler, the launch or the problem: no noise
  std::string missing;  // why there is no judgement: a side has no value
};

struct Comparison {
  RunSet base, now;
  std::string label;  // "wmma on mission", or "baseline on mission -> wmma on mission"
  Verdict verdict = Verdict::kAmbiguous;
  Judgement time;  // graph samples, ns
  std::optional<Judgement> cycles;
  std::optional<double> clock_change;  // relative, of the median effective clocks
  // "FASTER by 62.1 % (61.8 to 62.4), confirmed in cycles": what everybody shows first.
  std::string sentence;
  std::vector<MetricComparison> metrics;  // with a direction, in the catalogue's order; missing ones too
  std::vector<std::string> notes;  // objections that were overridden, conditions, imports, dirty builds
};

// Why these two cannot be compared: other problem, other class of device, other cache state, a wrong answer.
// Empty where they can.
std::vector<std::string> objections(const RunSet& base, const RunSet& now);

core::Result<Comparison> compare(const RunSet& base, const RunSet& now, const CompareOptions& options);

// Which runs of two selections belong together. Of one subject each: these two, whatever their subjects.
// Else those of equal subject, problem, class of device and cache state; what has no partner is listed.
// Of several builds in one selection the newest is taken, and `notes` says so.
struct Pairing {
  struct Pair {
    RunSet base, now;
  };
  std::vector<Pair> pairs;
  std::vector<std::string> only_base, only_now;  // run_label()s
  std::vector<std::string> notes;
};
Pairing pair_up(const std::string& base_word, std::span<const RunAnalysis> base, const std::string& now_word,
                std::span<const RunAnalysis> now);

// All pairs, as one family (their number is `comparisons`); `notes` of those that were refused with their
// objections, unless `anyway`.
struct Comparisons {
  std::vector<Comparison> all;
  std::vector<std::string> only_base, only_now;
  std::vector<std::string> notes;
  // Labels of pairs whose later side answers wrong in every run while the base has results; a note that
  // begins "WRONG ANSWER" tells each.
  std::vector<std::string> wrong_now;

  bool any(Verdict verdict) const;
};
// kUsage where nothing can be compared; kWrongAnswer where that is because the later side answers wrong.
core::Result<Comparisons> compare_all(const Pairing& pairing, const CompareOptions& options);

}  // namespace flashcore::analysis
