// What every form of a comparison says in the same words: terminal, Markdown, JSON.
//
// Owns: nothing; a view points to what it shows. Units: as analysis/verdict/comparison.h has them. Threads:
// pure functions. Texts are as they came: each form makes them safe for itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/verdict/comparison.h"

namespace flashcore::reports {

// A comparison as it is shown, by whatever shows it.
struct CompareView {
  const analysis::Comparisons& result;
  std::string base_word, now_word;
  std::string base_sentence, now_sentence;  // "the 8 runs of wmma on mission at 1a2b3c4d5e"
  double smallest = 0.01;                   // relative effect that matters
  bool all_metrics = false;                 // those that did not change, too
  bool ascii = false;                       // terminal: with pictures of both distributions, of one pair
};

// "+1.25 %", with two digits where the interval is so narrow that they say something, else one; "0.0 %" has
// no sign. Empty where nothing is known.
std::string change_text(const analysis::Judgement& judgement);
// "-62.4 to -61.8 %"; empty where there is no interval.
std::string interval_text(const analysis::Judgement& judgement);
// "99 %", as many digits as it takes.
std::string confidence_text(double confidence);
// "12.35 µs"; empty for nothing.
std::string time_text(const std::optional<double>& ns);
std::string cycles_text(const std::optional<double>& cycles);

// "confirmed", "SAME", "not stamped": what the cycles say beside the time.
std::string cycles_word(const analysis::Comparison& pair);

// "2 FASTER, 1 SLOWER"; what there is none of is left out.
std::string verdict_counts(const analysis::Comparisons& result);

// "16 runs, 1600 samples"
std::string series_text(const analysis::SeriesReview& series);

// The metrics to show: with a verdict of change, or all of them.
std::vector<const analysis::MetricComparison*> shown_metrics(const analysis::Comparison& pair, bool all);

// Two kernels that differ in everything change in every metric: leaves the 20 that changed most, by their
// factor, in the order given, and the exact ones before any other. How many it took out.
std::size_t keep_most_telling(std::vector<const analysis::MetricComparison*>& shown);

// The command that takes the samples that are missing; empty where the runs cannot be taken again by one.
std::string measuring_command(const analysis::Comparison& pair);

// What would decide an AMBIGUOUS pair: "16 more runs of each side would decide; take them: flashcore-profile
// compare --measure ..."; where no count would, the command that takes both in turns, if there is one. Empty
// for any other verdict.
std::string what_decides(const analysis::Comparison& pair);
// The same without what the pair's sentence says already.
std::string how_to_decide(const analysis::Comparison& pair);

}  // namespace flashcore::reports
