// Change points against an independent implementation's published answers, and for series that try them.
#include "analysis/history/change_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "analysis/history/e_divisive.h"
#include "tests/analysis/history/published_series.h"

namespace flashcore::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Places = std::vector<std::size_t>;

Places places_of(const std::vector<ChangePoint>& points) {
  Places places;
  for (const ChangePoint& point : points) places.push_back(point.index);
  return places;
}

// As Otava's compute_change_points(window_len=30): weak is ten times strict.
Places as_otava(double p, double smallest, int window = 30) {
  ChangePointOptions options;
  options.plain = true;
  options.window = window;
  options.weak_p = p < 0.05 ? 10 * p : 2 * p;
  options.strict_p = p;
  options.smallest = smallest;
  return places_of(change_points(tigerbeetle(), options));
}

std::vector<double> steps(std::initializer_list<std::pair<int, double>> levels, double noise,
                          unsigned seed = 2) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> values;
  for (const auto& [count, level] : levels) {
    for (int i = 0; i < count; ++i) values.push_back(level * (1 + noise * normal(random)));
  }
  return values;
}

// tests/tigerbeetle_test.py of Apache Otava 0.8.0. Two of its places are not ours: 26 (at 0.01) and 260 (at
// 0.001) stand there with a p of before a neighbour of theirs was merged; against the segments that are left
// they are above the level, as the second half shows.
TEST(ChangePoints, AnswerAsOtavaOnItsPublishedSeries) {
  EXPECT_THAT(as_otava(0.01, 0.05), ElementsAre(15, 71));
  EXPECT_THAT(as_otava(0.05, 0.05), ElementsAre(15, 71));
  EXPECT_THAT(as_otava(0.01, 0), ElementsAre(15, 61, 71, 95, 117, 131, 142, 148, 165, 169, 192, 212, 260));
  EXPECT_THAT(as_otava(0.001, 0), ElementsAre(15, 61, 71, 95, 117, 131, 142, 148, 192, 212));
  EXPECT_THAT(as_otava(0.0001, 0), ElementsAre(71, 95, 117, 131, 142, 148, 192, 212));
  EXPECT_THAT(as_otava(0.00001, 0), ElementsAre(71, 95, 131, 192, 212));

  EXPECT_GT(change_at(tigerbeetle(), 15, 26, 61).p, 0.01);
  EXPECT_GT(change_at(tigerbeetle(), 212, 260, tigerbeetle().size()).p, 0.001);
}

// tests/analysis_test.py of Apache Otava 0.8.0, tests/series_test.py and tests/change_point_divisive_test.py.
TEST(ChangePoints, AnswerAsOtavaAndHunterOnTheirShortSeries) {
  ChangePointOptions plain;
  plain.plain = true;
  plain.smallest = 0;
  const auto of = [&](const std::vector<double>& values, double p, int window) {
    plain.strict_p = p;
    plain.weak_p = 10 * p;
    plain.window = window;
    return places_of(change_points(values, plain));
  };
  const std::vector<double> halves{1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96,
                                   0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50, 0.49};
  EXPECT_THAT(of(halves, 0.0001, 10), ElementsAre(10));
  EXPECT_THAT(of({1.02, 0.95, 0.99, 1.00, 1.12, 0.90, 0.50, 0.51, 0.48, 0.48, 0.55}, 0.001, 50),
              ElementsAre(6));
  EXPECT_THAT(of({2.02, 2.03, 2.01, 2.04, 1.82, 1.85, 1.79, 1.81, 1.80, 1.76, 1.78}, 0.001, 50),
              ElementsAre(4));
  EXPECT_THAT(
      of({0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0}, 0.001, 50),
      ElementsAre(5, 8));
  const std::vector<double> same{1.00, 1.02, 1.05, 0.95, 0.98, 1.00, 1.02, 1.05, 0.95, 0.98};
  const std::vector<double> lower{1.00, 1.02, 1.05, 0.95, 0.98, 0.80, 0.82, 0.85, 0.79, 0.77};
  EXPECT_DOUBLE_EQ(change_at(same, 0, 5, 10).p, 1);
  EXPECT_LT(change_at(lower, 0, 5, 10).p, 0.001);
}

// Of the sums of columns against the definition, term by term.
TEST(ChangePoints, TheStatisticIsThatOfTheDefinition) {
  const std::vector<double> values = steps({{7, 10}, {9, 11}}, 0.02);
  Candidate best;
  const auto distance = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d, bool pairs) {
    double sum = 0;
    for (std::size_t i = a; i < b; ++i) {
      for (std::size_t j = pairs ? i + 1 : c; j < (pairs ? b : d); ++j)
        sum += std::abs(values[i] - values[j]);
    }
    return sum;
  };
  for (std::size_t tau = 1; tau < values.size(); ++tau) {
    for (std::size_t kappa = tau + 1; kappa <= values.size(); ++kappa) {
      const auto n = static_cast<double>(tau), m = static_cast<double>(kappa - tau);
      const double across = 2 / (n * m) * distance(0, tau, tau, kappa, false);
      const double x = n > 1 ? 2 / (n * (n - 1)) * distance(0, tau, 0, 0, true) : 0;
      const double y = m > 1 ? 2 / (m * (m - 1)) * distance(tau, kappa, 0, 0, true) : 0;
      const double q = n * m / (n + m) * (across - x - y);
      if (best.index == 0 || q > best.q) best = {tau, q};
    }
  }
  const Candidate ours = best_split(values, 0, values.size(), 1);
  EXPECT_EQ(ours.index, best.index);
  EXPECT_NEAR(ours.q, best.q, 1e-12 * best.q);
}

TEST(ChangePoints, AStepHasItsSizeAndAnIntervalThatHoldsIt) {
  const auto points = change_points(steps({{30, 100}, {30, 104}, {30, 99}}, 0.01));
  ASSERT_THAT(places_of(points), ElementsAre(30, 60));
  EXPECT_NEAR(points[0].change, 0.04, 0.01);
  EXPECT_LT(points[0].low, 0.04);
  EXPECT_GT(points[0].high, 0.04);
  EXPECT_NEAR(points[1].change, 99.0 / 104 - 1, 0.01);
  EXPECT_LT(points[1].p, 1e-4);
}

TEST(ChangePoints, WelchsIntervalIsThatOfTheTables) {
  // Means 2 and 5, variances 1 and 4, n 3 and 3: 3 / 2 +- t(0.995; 2.941) * sqrt(5 / 3) / 2.
  const std::vector<double> values{1, 2, 3, 3, 5, 7};
  const ChangePoint change = change_at(values, 0, 3, 6);
  EXPECT_DOUBLE_EQ(change.change, 1.5);
  const double half = (change.high - change.low) / 2;
  EXPECT_NEAR(half, 5.9399 * std::sqrt(5.0 / 3) / 2, 0.02);
  // Student: t = 3 / sqrt(2.5 * 2 / 3) = 2.3238 of 4 degrees of freedom.
  EXPECT_NEAR(change.p, 0.08076, 2e-4);
}

TEST(ChangePoints, NoneWhereNothingChanges) {
  EXPECT_THAT(change_points(std::vector<double>{}), IsEmpty());
  EXPECT_THAT(change_points(std::vector<double>{1, 2, 3}), IsEmpty());
  for (const double value : {0.0, -3.5, 1e-300, 1e300, 0.1}) {
    const LevelChanges found = level_changes(std::vector<double>(200, value));
    EXPECT_THAT(found.points, IsEmpty()) << value;
    EXPECT_FALSE(found.drift) << value;
    EXPECT_THAT(found.outliers, IsEmpty()) << value;
  }
}

TEST(ChangePoints, NoneOfWhatIsNoNumber) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<double> values = steps({{30, 100}, {30, 150}}, 0.01);
    values[7] = bad;
    EXPECT_THAT(change_points(values), IsEmpty());
  }
}

TEST(ChangePoints, ZeroAndNegativeLevelsHaveNoShareButBreakNothing) {
  const auto from_zero = change_points(steps({{30, 0}, {30, 5}}, 0.01));
  for (const ChangePoint& point : from_zero) EXPECT_TRUE(std::isfinite(point.change));
  const auto negative = change_points(steps({{30, -100}, {30, -110}}, 0.005));
  ASSERT_THAT(places_of(negative), ElementsAre(30));
  EXPECT_NEAR(negative[0].change, 0.1, 0.01);
  EXPECT_LT(negative[0].low, negative[0].high);
}

// Registers, bytes of a model: no noise, so that one value is a level.
TEST(ChangePoints, WithoutNoiseEveryDifferenceCounts) {
  std::vector<double> registers(8, 96);
  registers.push_back(128);
  const auto points = change_points(registers);
  ASSERT_THAT(places_of(points), ElementsAre(8));
  EXPECT_NEAR(points[0].change, 1.0 / 3, 1e-12);
  EXPECT_EQ(points[0].p, 0);
  EXPECT_THAT(places_of(change_points(std::vector<double>{1, 1, 1, 1, 2, 2, 2, 3, 3})), ElementsAre(4, 7));
}

TEST(ChangePoints, ALoneOutlierIsNoLevelAndHidesNone) {
  std::vector<double> values = steps({{40, 100}, {40, 103}}, 0.01);
  values[20] = 160;
  values[38] = 155;
  values[60] = 40;
  const LevelChanges found = level_changes(values);
  ASSERT_EQ(found.points.size(), 1u);
  EXPECT_NEAR(static_cast<double>(found.points[0].index), 40, 2);
  EXPECT_NEAR(found.points[0].change, 0.03, 0.01);
  EXPECT_THAT(found.outliers, ElementsAre(20, 38, 60));
  ChangePointOptions plain;
  plain.plain = true;
  EXPECT_NE(places_of(change_points(values, plain)), Places{40}) << "the remedy is for nothing";
}

TEST(ChangePoints, ADriftIsNoStepAndHidesNone) {
  std::vector<double> values = steps({{60, 100}, {60, 106}}, 0.005);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= 1 + 0.05 * static_cast<double>(i) / 120;
  const LevelChanges found = level_changes(values);
  ASSERT_THAT(places_of(found.points), ElementsAre(60));
  EXPECT_NEAR(found.points[0].change, 0.06, 0.01);  // the step alone
  ASSERT_TRUE(found.drift);
  EXPECT_NEAR(*found.drift, 0.05, 0.015);
  ChangePointOptions plain;
  plain.plain = true;
  EXPECT_GT(change_points(values, plain).size(), 1u) << "the remedy is for nothing";
}

TEST(ChangePoints, WhatIsSurelySmallerThanWhatMattersIsNone) {
  const std::vector<double> values = steps({{60, 100}, {60, 100.3}}, 0.001);
  EXPECT_THAT(change_points(values), IsEmpty());
  ChangePointOptions fine;
  fine.smallest = 0.001;
  ASSERT_EQ(change_points(values, fine).size(), 1u);
  EXPECT_NEAR(static_cast<double>(change_points(values, fine)[0].index), 60, 2);
  // Just at what matters: its interval reaches past it.
  EXPECT_EQ(change_points(steps({{60, 100}, {60, 101}}, 0.005)).size(), 1u);
}

TEST(ChangePoints, TheLastTwoValuesAreNoLevelYet) {
  std::vector<double> values = steps({{40, 100}, {2, 120}}, 0.005);
  EXPECT_THAT(change_points(values), IsEmpty());
  values.push_back(120);
  EXPECT_THAT(places_of(change_points(values)), ElementsAre(40));
}

TEST(ChangePoints, ABuildThatBeginsBesideIsTakenUnlessTheValuesSpeakAgainstIt) {
  const std::vector<double> values = steps({{40, 100}, {40, 103}}, 0.015, 11);
  const auto found = places_of(change_points(values));
  ASSERT_EQ(found.size(), 1u);
  ChangePointOptions options;
  options.preferred = {40};
  EXPECT_THAT(places_of(change_points(values, options)), ElementsAre(40));
  const std::vector<double> clear = steps({{40, 100}, {40, 150}}, 0.01);
  options.preferred = {39};
  EXPECT_THAT(places_of(change_points(clear, options)), ElementsAre(40));
}

}  // namespace
}  // namespace flashcore::analysis
