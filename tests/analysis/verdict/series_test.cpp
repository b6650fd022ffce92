#include "analysis/verdict/series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "analysis/verdict/ranks.h"

namespace flashcore::analysis {
namespace {

std::vector<double> noise(std::size_t n, double correlation, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(n);
  double last = normal(random);
  for (double& value : values) {
    last = correlation * last + std::sqrt(1 - correlation * correlation) * normal(random);
    value = last;
  }
  return values;
}

TEST(Series, IndependentSamplesCountFully) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) sum += autocorrelation_time(noise(400, 0, seed));
  EXPECT_NEAR(sum / 50, 1, 0.2);
}

// Of signs of an AR(1) process the correlation is 2 / pi asin(r) (Kendall and Stuart).
TEST(Series, NeighboursThatResembleEachOtherCountForFewer) {
  double expected = 1;
  for (int lag = 1; lag < 500; ++lag) expected += 2 * (2 / M_PI) * std::asin(std::pow(0.9, lag));
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) sum += autocorrelation_time(noise(5000, 0.9, seed));
  EXPECT_NEAR(sum / 20, expected, 0.15 * expected);
}

TEST(Series, AStaircaseCountsForAHandful) {
  std::vector<double> drift;
  for (int i = 0; i < 200; ++i) drift.push_back(1000 + i);
  EXPECT_LT(200 / autocorrelation_time(drift), 6);
  EXPECT_EQ(autocorrelation_time(std::vector<double>(100, 7.0)), 1);
  EXPECT_EQ(autocorrelation_time(std::vector<double>{}), 1);
}

// Maritz and Jarrett's variance against drawing it, and against theory: pi / 2 / n for a normal.
TEST(Series, TheBootstrapOfTheMedianIsExact) {
  std::vector<double> values = noise(201, 0, 3);
  std::sort(values.begin(), values.end());
  std::mt19937_64 random(11);
  double mean = 0, square = 0;
  constexpr int kDraws = 20000;
  std::vector<double> drawn(values.size());
  for (int k = 0; k < kDraws; ++k) {
    for (double& value : drawn) value = values[random() % values.size()];
    std::nth_element(drawn.begin(), drawn.begin() + 100, drawn.end());
    mean += drawn[100] / kDraws;
    square += drawn[100] * drawn[100] / kDraws;
  }
  const double exact = bootstrap_variance_of_median(values, 201);
  EXPECT_NEAR(exact, square - mean * mean, 0.08 * exact);
  double theory = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    theory += median_of_run(noise(400, 0, 100 + seed)).variance / 60;
  }
  EXPECT_NEAR(theory, M_PI / 2 / 400, 0.3 * M_PI / 2 / 400);
}

TEST(Series, CentreIsTheMedianOfMeansOfTwo) {
  EXPECT_EQ(centre_of({5}), 5);
  EXPECT_EQ(centre_of({4, 6}), 5);
  EXPECT_EQ(centre_of({1, 2, 3, 4, 1000}), 3);  // means of two: 1, 1.5, 2, 2, 2.5, 2.5, 3, 3, ...
  std::vector<double> many(1001, 2.0);
  many[0] = 1e9;
  EXPECT_EQ(centre_of(many), 2);
}

TEST(Series, ReviewFindsWarmUpDriftAndOutliersAndDropsNothing) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(1000 + i % 7);
  values[0] = 1500;
  values[1] = 1300;
  values[50] = 1012;
  const SeriesReview found = review({{1, values}});
  EXPECT_EQ(found.warm_up, 2);
  EXPECT_EQ(found.severe_outliers, 2);
  EXPECT_EQ(found.mild_outliers, 1);
  EXPECT_EQ(found.samples, 100);
  for (int i = 0; i < 100; ++i) values[static_cast<std::size_t>(i)] = 1000 * (1 + 0.001 * i);
  EXPECT_NEAR(review({{1, values}}).drift, 0.079, 0.003);
  EXPECT_EQ(review({}).runs, 0);
}

// scipy.stats.mannwhitneyu's documented example, without ties: U = 17 of 5 and 4, exact p = 0.1111.
TEST(Ranks, AgreeWithPublishedExamples) {
  const std::vector<double> males{19, 22, 16, 29, 24}, females{20, 11, 17, 12};
  EXPECT_NEAR(mann_whitney(males, females), 0.1111111, 1e-6);
  const std::vector<double> a{1, 2, 3, 4, 5}, b{6, 7, 8, 9, 10};
  EXPECT_NEAR(mann_whitney(a, b), 2.0 / 252, 1e-12);
  EXPECT_NEAR(smallest_p(5, 5), 2.0 / 252, 1e-12);
  EXPECT_NEAR(smallest_p(4, 4), 2.0 / 70, 1e-12);
  EXPECT_EQ(smallest_p(1, 1), 1);
  EXPECT_EQ(mann_whitney({}, a), 1);
}

TEST(Ranks, TiesAndManyValues) {
  const std::vector<double> same(30, 1.0);
  EXPECT_EQ(mann_whitney(same, same), 1);
  EXPECT_EQ(mann_whitney(std::vector<double>(5, 1.0), std::vector<double>(5, 1.0)), 1);
  // The approximation takes over where counting ends; both say the same of one sample.
  std::vector<double> a = noise(12, 0, 1), b = noise(12, 0, 2);
  for (double& value : b) value += 0.8;
  std::vector<double> all = a, more = b;
  all.insert(all.end(), b.begin(), b.end());
  std::nth_element(all.begin(), all.begin() + 12, all.end());
  more.push_back(all[12] - 1e-9);  // in the middle of all: it says nothing
  EXPECT_NEAR(mann_whitney(a, b), mann_whitney(a, more), 0.03);
}

TEST(Ranks, CallFalselyAsOftenAsTheyMay) {
  int small = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    small += mann_whitney(noise(8, 0, 2 * seed), noise(8, 0, 2 * seed + 1)) <= 0.05;
  }
  EXPECT_NEAR(small, 50, 25);
}

}  // namespace
}  // namespace flashcore::analysis
