// Parts of compare(): what is used of each run, metrics beside the time, words.
//
// Owns: plain values; points into the runs. Units: ns, cycles, MHz. Threads: pure functions. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "analysis/verdict/comparison.h"

namespace flashcore::analysis {

// One side's times, run by run; cycles of those runs whose samples carry a clock.
struct SideTimes {
  ValueSet ns, cycles;
  std::vector<double> clocks_mhz;        // medians of the runs that have one
  std::vector<const RunAnalysis*> used;  // of `ns`
  std::vector<std::string> left_out;     // "run 5: the answer is wrong, so that its timing is no result"
  int too_few = 0;                       // samples of the best run that had fewer than three; 0: none had
};
SideTimes times_of(const RunSet& set);

inline constexpr std::size_t kFewestSamples = 3;

// All with a direction; `all` has the judgements of time and cycles already.
std::vector<MetricComparison> compare_metrics(const Comparison& all, const CompareOptions& options);

// Verdict and sentence of time and cycles together; `smallest` as it was judged by.
void decide(Comparison& comparison, double smallest);

// At most so many bytes of a name from outside; whole characters.
std::string shortened(const std::string& name);
std::string name_of_run(const RunAnalysis& run);  // "run 12"

}  // namespace flashcore::analysis
