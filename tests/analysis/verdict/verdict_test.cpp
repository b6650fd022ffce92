#include "analysis/verdict/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

// `runs` processes whose medians lie `between` apart, samples `within`; all around `centre`.
ValueSet runs_of(int runs, double centre, double between, double within, std::uint64_t seed,
                 int samples = 200) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  ValueSet set;
  for (int r = 0; r < runs; ++r) {
    RunValues run{r + 1, {}};
    const double process = centre * std::exp(between * normal(random));
    for (int i = 0; i < samples; ++i) run.values.push_back(process * std::exp(within * normal(random)));
    set.push_back(std::move(run));
  }
  return set;
}

JudgeOptions options(double prior = 0.003) {
  JudgeOptions o;
  o.prior_spread = prior;
  return o;
}

TEST(Judge, TellsTheFourVerdictsApart) {
  const ValueSet base = runs_of(8, 100, 0.002, 0.002, 1);
  const Judgement same = judge(base, runs_of(8, 100, 0.002, 0.002, 2), options());
  EXPECT_EQ(same.verdict, Verdict::kSame) << same.because;
  const Judgement faster = judge(base, runs_of(8, 95, 0.002, 0.002, 3), options());
  EXPECT_EQ(faster.verdict, Verdict::kFaster) << faster.because;
  EXPECT_NEAR(*faster.change, -0.05, 0.004);
  EXPECT_LT(*faster.low, -0.05 + 0.004);
  EXPECT_GT(*faster.high, -0.05 - 0.004);
  EXPECT_NEAR(*faster.now / *faster.base - 1, *faster.change, 1e-12);
  EXPECT_LT(*faster.mann_whitney_p, 0.001);
  EXPECT_EQ(judge(base, runs_of(8, 105, 0.002, 0.002, 4), options()).verdict, Verdict::kSlower);
  const Judgement unsure =
      judge(runs_of(2, 100, 0.01, 0.002, 5), runs_of(2, 101.5, 0.01, 0.002, 6), options(0.01));
  EXPECT_EQ(unsure.verdict, Verdict::kAmbiguous) << unsure.because;
  ASSERT_TRUE(unsure.more_runs);
  EXPECT_GT(*unsure.more_runs, 3);
  EXPECT_THAT(unsure.because, HasSubstr("more runs of each side would decide"));
}

TEST(Judge, MoreIsBetterTurnsTheCallAround) {
  JudgeOptions o = options();
  o.lower_is_better = false;
  const ValueSet base = runs_of(6, 100, 0.002, 0.002, 1);
  EXPECT_EQ(judge(base, runs_of(6, 110, 0.002, 0.002, 2), o).verdict, Verdict::kFaster);
  EXPECT_EQ(judge(base, runs_of(6, 90, 0.002, 0.002, 2), o).verdict, Verdict::kSlower);
}

// A thousand samples of one process are one look at what differs between processes.
TEST(Judge, OneProcessIsNoMoreThanOneLook) {
  const Judgement j =
      judge(runs_of(1, 100, 0, 0.001, 1, 1000), runs_of(1, 102, 0, 0.001, 2, 1000), options(0.007));
  EXPECT_EQ(j.verdict, Verdict::kAmbiguous) << j.because;
  EXPECT_TRUE(j.spread_is_prior);
  EXPECT_TRUE(j.more_runs);
  EXPECT_FALSE(j.more_samples);
  EXPECT_EQ(
      judge(runs_of(1, 100, 0, 0.001, 1, 1000), runs_of(1, 110, 0, 0.001, 2, 1000), options(0.007)).verdict,
      Verdict::kSlower);
}

// The level holds: processes drawn with the spread that was expected, and with twice as much.
TEST(Judge, IntervalsHoldWhatTheySay) {
  for (const double factor : {1.0, 2.0}) {
    int outside = 0, all = 0;
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
      const int runs = 1 + static_cast<int>(seed % 6);
      JudgeOptions o = options(0.01);
      o.level = 0.05;
      const Judgement j = judge(runs_of(runs, 100, 0.01 * factor, 0.001, 2 * seed, 5),
                                runs_of(runs, 100, 0.01 * factor, 0.001, 2 * seed + 1, 5), o);
      outside += *j.low > 0 || *j.high < 0;
      ++all;
    }
    EXPECT_LE(outside, all * (factor > 1 ? 0.15 : 0.05)) << factor;
    EXPECT_GE(outside, all * 0.01) << factor;
  }
}

// Strong autocorrelation: the effective count, not the count, is what the samples are worth.
TEST(Judge, SamplesThatFollowOneAnotherAreCountedDown) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  int outside = 0;
  double effective = 0;
  for (int k = 0; k < 400; ++k) {
    ValueSet sides[2];
    for (ValueSet& side : sides) {
      RunValues run{1, {}};
      double wander = normal(random);
      for (int i = 0; i < 400; ++i) {
        wander = 0.95 * wander + std::sqrt(1 - 0.95 * 0.95) * normal(random);
        run.values.push_back(100 * std::exp(0.02 * wander));
      }
      side.push_back(std::move(run));
    }
    JudgeOptions o = options(0.00001);  // no noise but that of the samples
    o.level = 0.05;
    const Judgement j = judge(sides[0], sides[1], o);
    outside += *j.low > 0 || *j.high < 0;
    effective += j.base_series.effective / 400;
  }
  EXPECT_LT(effective, 400 / 8.0);
  EXPECT_LE(outside, 400 * 0.10);  // 0.6 of them where each counted for one
}

TEST(Judge, TheLevelIsShared) {
  JudgeOptions o = options();
  const ValueSet base = runs_of(4, 100, 0.003, 0.001, 1), now = runs_of(4, 101, 0.003, 0.001, 2);
  const Judgement one = judge(base, now, o);
  o.comparisons = 100;
  const Judgement many = judge(base, now, o);
  EXPECT_DOUBLE_EQ(one.confidence, 0.99);
  EXPECT_DOUBLE_EQ(many.confidence, 0.9999);
  EXPECT_GT(*many.high - *many.low, 1.5 * (*one.high - *one.low));
}

TEST(Judge, WhatSetsTheSidesApartIsNotAveragedOut) {
  JudgeOptions o = options();
  o.apart_spread = 0.02;
  o.apart_because = "the sides were taken at another time";
  const Judgement j = judge(runs_of(50, 100, 0.001, 0.001, 1), runs_of(50, 103, 0.001, 0.001, 2), o);
  EXPECT_EQ(j.verdict, Verdict::kAmbiguous);
  EXPECT_FALSE(j.more_runs);
  EXPECT_THAT(j.because, HasSubstr("at another time: take both in turns"));
}

TEST(Judge, NoisySamplesAskForSamplesAndFollowingDecides) {
  const Judgement j =
      judge(runs_of(3, 100, 0.0005, 0.2, 1, 50), runs_of(3, 100, 0.0005, 0.2, 2, 50), options(0.0005));
  ASSERT_EQ(j.verdict, Verdict::kAmbiguous) << j.because;
  JudgeOptions loose = options(0.0005);
  loose.smallest = 0.05;
  int decided = 0, followed = 0;
  for (std::uint64_t seed = 10; seed < 70; seed += 2) {
    const ValueSet a = runs_of(3, 100, 0.0005, 0.15, seed, 50),
                   b = runs_of(3, 100, 0.0005, 0.15, seed + 1, 50);
    const Judgement first = judge(a, b, loose);
    if (!first.more_samples) continue;
    ++followed;
    const int all = 50 + *first.more_samples;
    decided +=
        judge(runs_of(3, 100, 0.0005, 0.15, seed, all), runs_of(3, 100, 0.0005, 0.15, seed + 1, all), loose)
            .verdict != Verdict::kAmbiguous;
  }
  ASSERT_GE(followed, 10);
  EXPECT_GE(decided, 0.8 * followed);
}

TEST(Judge, ExactValuesHaveNoNoise) {
  const JudgeOptions exact = options(0);
  EXPECT_EQ(judge({{1, {128}}}, {{2, {128}}}, exact).verdict, Verdict::kSame);
  const Judgement more = judge({{1, {1000}}}, {{2, {1001}}}, exact);
  EXPECT_EQ(more.verdict, Verdict::kSlower);
  EXPECT_NEAR(*more.change, 0.001, 1e-12);
  const Judgement from_zero = judge({{1, {0}}}, {{2, {64}}}, exact);
  EXPECT_EQ(from_zero.verdict, Verdict::kSlower);
  EXPECT_FALSE(from_zero.change);
  EXPECT_EQ(judge({{1, {64}}}, {{2, {0}}}, exact).verdict, Verdict::kFaster);
  EXPECT_EQ(judge({{1, {64}}, {2, {65}}}, {{3, {64}}}, exact).verdict, Verdict::kAmbiguous);
}

TEST(Judge, WhatCannotBeJudgedSaysWhy) {
  const ValueSet good = runs_of(2, 100, 0.001, 0.001, 1);
  EXPECT_THAT(judge({}, good, options()).because, HasSubstr("base has no values"));
  EXPECT_THAT(judge(good, {{1, {}}}, options()).because, HasSubstr("now has no values"));
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const Judgement j = judge(good, {{7, {100, bad, 100}}}, options());
    EXPECT_EQ(j.verdict, Verdict::kAmbiguous);
    EXPECT_THAT(j.because, HasSubstr("value 2 of run 7"));
  }
  JudgeOptions blind = options();
  blind.prior_weight = 0;
  EXPECT_THAT(judge({{1, {1, 2, 3}}}, {{2, {1, 2, 3}}}, blind).because, HasSubstr("one run of a side"));
}

TEST(Judge, ZeroNegativeAndEqualValues) {
  EXPECT_EQ(judge({{1, {0}}, {2, {0}}}, {{3, {0}}}, options()).verdict, Verdict::kSame);
  const Judgement from_zero = judge({{1, {0}}, {2, {0}}}, {{3, {500}}, {4, {500}}}, options());
  EXPECT_EQ(from_zero.verdict, Verdict::kSlower) << from_zero.because;
  EXPECT_FALSE(from_zero.change);
  const Judgement below = judge({{1, {-5, -5, -5}}}, {{2, {5, 5, 5}}}, options());
  EXPECT_EQ(below.verdict, Verdict::kSlower);
  EXPECT_NEAR(*below.change, 2, 1e-9);
  const ValueSet equal = {{1, std::vector<double>(200, 100.0)}};
  const Judgement j = judge(equal, equal, options(0.0005));
  EXPECT_EQ(j.verdict, Verdict::kSame) << j.because;
  EXPECT_EQ(*j.change, 0);
  EXPECT_TRUE(std::isfinite(*j.low));
  const Judgement one = judge({{1, {100}}}, {{2, {101}}}, options(0.01));
  EXPECT_EQ(one.verdict, Verdict::kAmbiguous);
  const Judgement extreme = judge({{1, {1e-300, 1e-300, 1e-300}}}, {{2, {1e300, 1e300, 1e300}}}, options());
  EXPECT_EQ(extreme.verdict, Verdict::kSlower);
}

TEST(Judge, WordsOfVerdicts) {
  EXPECT_EQ(word_of(Verdict::kFaster), "FASTER");
  EXPECT_EQ(word_of(Verdict::kSlower, false), "WORSE");
  EXPECT_EQ(word_of(Verdict::kAmbiguous, false), "AMBIGUOUS");
}

}  // namespace
}  // namespace flashcore::analysis
