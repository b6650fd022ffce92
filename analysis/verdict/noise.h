// Noise: what is known of differences between processes before any was seen. A verdict over few processes
// cannot measure it, so that it starts from these expectations (JudgeOptions::prior_spread) and leaves them
// as processes come.
//
// Three sizes, all relative standard deviations:
//   between processes  the same kernel in another process: where its memory lies, what ran before it
//   between conditions beside a counting process or not, in turns with how many others
//   between hours      the same conditions at another time, perhaps on another card of the class
// Conditions and hours shift all processes of a side together: more of them do not average that out, only
// taking both sides together does.
//
// Fitted on recordings/repeats and recordings/h200.db.zst (H200, driver 580); docs/verdicts.md has the table.
//
// Owns: nothing. Units: ns for durations; relative for spreads. Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/run_analysis.h"

namespace flashcore::analysis {

// How many processes an expectation weighs: 4 of time and cycles, as widely as kernels of one duration
// differ.
inline constexpr double kProcessWeight = 4;
inline constexpr double kCounterWeight = 8;

// The chip on which the expectations were measured, and how many times as wide they are taken on any other.
// The factor is no measurement: it is the distance that the measured kernels keep from their own curve.
inline constexpr std::string_view kMeasuredChip = "GH100";
inline constexpr double kOtherChip = 2;

double process_spread(double duration_ns);
double condition_spread(double duration_ns);
double hour_spread(double duration_ns);

// Under what a run was timed.
struct Circumstances {
  std::string conditions;  // the timing's parameters "beside" and "turns"
  std::string card;        // UUID; empty where it is not known
  std::string taken_at;    // UTC, ISO 8601
};
Circumstances circumstances_of(const core::RunRecord& run);

// The relative standard deviation by which two sides differ because their runs were taken under different
// circumstances, in random effects: sqrt(spread^2 * sum over circumstances of (share of base - share of
// now)^2). Zero where both have the same mixture; runs further apart than a quarter of an hour are of
// different hours.
struct Apart {
  double spread = 0;
  std::string because;  // "taken under other conditions and at another time"; empty where it is zero
};
Apart apart(std::span<const Circumstances> base, std::span<const Circumstances> now, double duration_ns);

// What a value of a metric varies by from process to process, from the counters that its formula reads.
double counter_spread(const Metric& metric, const RunAnalysis& run, double value);

}  // namespace flashcore::analysis
