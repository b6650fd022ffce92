// Estimates: what a set of runs says of its centre, and how sure a difference of two of them is. From the
// same numbers follows what more runs, or longer ones, would bring.
//
// A run's median varies with its process (variance `process`) and with its samples (`sampling`). The variance
// of a median over runs is the scaled inverse chi-squared posterior of the expectation before any was seen
// and of the runs' own scatter (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6); an interval is
// then Student's, degrees of freedom by Welch and Satterthwaite.
//
// Owns: plain values. Units: those of the working scale (logarithms, or shares of the larger side). Threads:
// pure functions. Errors: none.
#pragma once

#include <optional>
#include <vector>

#include "analysis/verdict/series.h"

namespace flashcore::analysis {

struct SideEstimate {
  int runs = 0;
  double centre = 0;
  double sampling = 0;  // variance of a run's median by its samples; mean over the runs
  double variance = 0;  // of a run's median, all in all
  double freedom = 0;   // degrees of freedom of `variance`
  double samples = 0;   // of a run, mean
};
SideEstimate estimate(const std::vector<MedianOfRun>& runs, double prior_spread, double prior_weight);

struct Difference {
  double value = 0;
  double variance = 0;
  double freedom = 0;
  double reach = 0;  // half of the interval
};
// `confidence` two-sided; `apart` is the variance that no number of runs reduces, known with `apart_freedom`.
Difference difference_of(const SideEstimate& base, const SideEstimate& now, double apart,
                         double apart_freedom, double confidence);

struct Advice {
  std::optional<int> more_runs;     // of each side
  std::optional<int> more_samples;  // of each run
};
// What would decide with a chance of nine in ten, were the truth as likely where it is as the difference now
// says (a preposterior analysis: Raiffa and Schlaifer 1961). Longer runs are named where most of the variance
// is of samples; nothing where a thousand runs would not do.
Advice advice(const SideEstimate& base, const SideEstimate& now, double apart, double apart_freedom,
              double confidence, double smallest);

}  // namespace flashcore::analysis
