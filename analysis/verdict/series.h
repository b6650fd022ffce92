// Series: what the samples of one process are worth. Their order counts: neighbours resemble each other, so
// that n of them tell less than n independent ones would.
//
// Effective count: n over the integrated autocorrelation time of the signs about the median, for it is those
// that a median depends on (Gastwirth and Rubin 1975), and an outlier cannot hide them. The sum is cut by
// Geyer's initial positive sequence (Geyer 1992, section 3.3).
//
// Sampling error of the median: the variance of the bootstrap's own distribution, computed exactly instead of
// drawn (Maritz and Jarrett 1978; Hutson and Ernst 2000): the median of m draws lies at a quantile that
// follows Beta((m + 1) / 2, (m + 1) / 2), and m is the effective count.
//
// Owns: nothing. Units: those of the values, squared for variances. Threads: pure functions. Errors: none;
// values must be finite.
#pragma once

#include <span>
#include <vector>

#include "analysis/verdict/verdict.h"

namespace flashcore::analysis {

// At least 1: how many samples in a row count for one.
double autocorrelation_time(std::span<const double> values);

struct MedianOfRun {
  double value = 0;      // nearest rank, as everywhere (analysis/statistics.h)
  double variance = 0;   // of it, over repetitions of the same samples; 0 for one value: not known
  double effective = 0;  // count
};
MedianOfRun median_of_run(std::span<const double> values);

// The variance of the median of `draws` values (any number from 1) from `sorted`.
double bootstrap_variance_of_median(std::span<const double> sorted, double draws);

// Every k-th value, k the autocorrelation time: nearly independent ones.
std::vector<double> thinned(std::span<const double> values);

// The centre of the runs' medians: the median of all means of two (Hodges and Lehmann 1963), which one wild
// process cannot drag along and which is as exact as the mean to 5%. Of more than 300 the plain median.
double centre_of(std::vector<double> medians);
// Its variance over that of a mean of as many.
double cost_of_centre(std::size_t count);

// Counts what there is to be said about samples; drops nothing.
SeriesReview review(const ValueSet& set);
// The same in sentences, `side` is "base" or "now".
std::vector<std::string> sentences_of(const SeriesReview& review, const char* side);

}  // namespace flashcore::analysis
