// judge: whether the values of one set of runs differ from those of another, by how much, and how sure that
// is.
//
// Two levels of noise are told apart. Within a process samples follow one another (their effective count is
// smaller than their number); between processes the same kernel differs by placement in memory, by what the
// process did before and by the hour. A run is one process, so a hundred samples of one run are one look at
// the second kind of noise: with few runs a prior of it, measured on real GPUs, stands in
// (analysis/verdict/noise.h). What differs between the sides as wholes (another hour, other conditions) is a
// third kind, which no number of runs averages out. docs/verdicts.md tells method, sources and calibration.
//
// The interval of the relative change decides:
//   SAME        all of it lies within the smallest effect that matters
//   FASTER      all of it is below zero, and it reaches past the smallest effect (of a metric where more is
//               better: above zero)
//   SLOWER      the other way round
//   AMBIGUOUS   it holds zero and reaches past the smallest effect; `more_runs`, `more_samples` say what
//               would decide
//
// Owns: plain values. Units: of the values given; changes are relative, 0.02 is 2%. Threads: pure functions;
// the same input gives the same answer, for nothing is drawn. Errors: none: what cannot be judged is
// AMBIGUOUS and says why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/records.h"

namespace flashcore::analysis {

enum class Verdict { kSame, kFaster, kSlower, kAmbiguous };

// What one run (one process) gave, in the order taken.
struct RunValues {
  core::RowId run = 0;
  std::vector<double> values;
};
using ValueSet = std::vector<RunValues>;

struct JudgeOptions {
  double smallest = 0.01;  // relative effect that matters
  double level = 0.01;     // chance of a call where there is no change, of the whole family
  int comparisons = 1;     // how many verdicts are given together: the level is shared (Bonferroni)
  bool lower_is_better = true;
  // Relative standard deviation between processes that is expected before any was seen, and how many runs
  // that expectation weighs. 0: values are exact (registers, bytes of a model), and any difference is one.
  double prior_spread = 0.01;
  double prior_weight = 4;
  // What sets the two sides apart beside their processes (other conditions, another hour), as a relative
  // standard deviation of the difference: no number of runs averages it out. `apart_because` names it.
  double apart_spread = 0;
  std::string apart_because;
};

// What is to be known of one side's samples before they are compared. Nothing is ever dropped.
struct SeriesReview {
  int runs = 0, samples = 0;
  double effective = 0;     // samples, as many independent ones as they are worth
  int warm_up = 0;          // leading samples of the runs that stand apart from the rest, all runs together
  double drift = 0;         // last fifth over first fifth of the runs, relative; median over runs
  int mild_outliers = 0;    // past 1.5 and
  int severe_outliers = 0;  // past 3 interquartile ranges (Tukey 1977), each in its own run
};

struct Judgement {
  Verdict verdict = Verdict::kAmbiguous;
  std::optional<double> base, now;       // centres of the runs' medians (analysis/verdict/series.h)
  std::optional<double> change;          // now / base - 1
  std::optional<double> low, high;       // interval of it at `confidence`
  double confidence = 0.99;              // 1 - level / comparisons
  std::optional<double> mann_whitney_p;  // where the counts can reach the level
  SeriesReview base_series, now_series;
  std::optional<double> between_spread;  // relative, of runs of one side: what the interval used
  bool spread_is_prior = false;          // no more than the prior was known of it
  double apart_spread = 0;               // as given: what more runs do not average out
  // AMBIGUOUS alone: what each side would need, beside what it has, to be decided at this spread.
  std::optional<int> more_runs;
  std::optional<int> more_samples;  // of each run, where more runs are not what lacks
  std::string because;              // one sentence, for people
  std::vector<std::string> notes;   // warm-up, drift, outliers, few samples
};

Judgement judge(const ValueSet& base, const ValueSet& now, const JudgeOptions& options);

// "FASTER"; of a metric "BETTER" and "WORSE".
std::string_view word_of(Verdict verdict, bool is_time = true) noexcept;

}  // namespace flashcore::analysis

namespace flashcore::core {
template <>
inline constexpr auto kNames<analysis::Verdict> =
    names<analysis::Verdict>({{analysis::Verdict::kSame, "same"},
                              {analysis::Verdict::kFaster, "faster"},
                              {analysis::Verdict::kSlower, "slower"},
                              {analysis::Verdict::kAmbiguous, "ambiguous"}});
}  // namespace flashcore::core
