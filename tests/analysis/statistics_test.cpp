#include "analysis/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace flashcore::analysis {
namespace {

TEST(Statistics, NothingForNoValues) {
  EXPECT_FALSE(summarise(std::span<const double>{}).has_value());
  EXPECT_FALSE(summarise(std::span<const core::Sample>{}, core::SampleKind::kGraph).has_value());
}

TEST(Statistics, OneValueIsEverything) {
  const std::vector<double> values{7};
  const auto s = summarise(values);
  ASSERT_TRUE(s);
  for (const double v : {s->p50, s->p90, s->p99, s->min, s->max, s->mean}) EXPECT_EQ(v, 7);
  EXPECT_EQ(s->stdev, 0);
  EXPECT_EQ(s->n, 1);
}

TEST(Statistics, HandComputed) {
  const std::vector<double> values{9, 2, 4, 4, 5, 4, 7, 5};
  const auto s = summarise(values);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->n, 8);
  EXPECT_EQ(s->min, 2);
  EXPECT_EQ(s->max, 9);
  EXPECT_EQ(s->mean, 5);
  EXPECT_EQ(s->p50, 4);                            // the fourth of 2 4 4 4 5 5 7 9
  EXPECT_EQ(s->p90, 9);                            // ceil(7.2) = the eighth
  EXPECT_NEAR(s->stdev, 2.13808993529939, 1e-12);  // sqrt(32 / 7)
}

TEST(Statistics, NearestRankOfTenAndOfAHundred) {
  std::vector<double> ten(10), hundred(100);
  for (int i = 0; i < 10; ++i) ten[i] = i + 1;
  for (int i = 0; i < 100; ++i) hundred[i] = i + 1;
  EXPECT_EQ(summarise(ten)->p50, 5);
  EXPECT_EQ(summarise(ten)->p90, 9);
  EXPECT_EQ(summarise(ten)->p99, 10);
  EXPECT_EQ(summarise(hundred)->p50, 50);
  EXPECT_EQ(summarise(hundred)->p90, 90);
  EXPECT_EQ(summarise(hundred)->p99, 99);
}

TEST(Statistics, PropertiesOnRandomSamples) {
  std::mt19937_64 random(42);
  std::lognormal_distribution<double> values_of(2, 1);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> values(1 + random() % 200);
    for (double& v : values) v = values_of(random);
    const auto s = summarise(values);
    ASSERT_TRUE(s);
    EXPECT_LE(s->min, s->p50);
    EXPECT_LE(s->p50, s->p90);
    EXPECT_LE(s->p90, s->p99);
    EXPECT_LE(s->p99, s->max);
    EXPECT_GE(s->mean, s->min);
    EXPECT_LE(s->mean, s->max * (1 + 1e-12));
    for (const double p : {s->p50, s->p90, s->p99}) {
      EXPECT_NE(std::find(values.begin(), values.end(), p), values.end()) << "a percentile is a sample";
    }
    const auto at_most = std::count_if(values.begin(), values.end(), [&](double v) { return v <= s->p90; });
    EXPECT_GE(static_cast<double>(at_most), 0.9 * static_cast<double>(values.size()) - 1e-6);
    std::shuffle(values.begin(), values.end(), random);
    EXPECT_EQ(summarise(values)->stdev, s->stdev) << "the order of samples does not matter";
  }
}

TEST(Statistics, SpreadSurvivesALargeOffset) {
  const std::vector<double> values{1e9 + 1, 1e9 + 2, 1e9 + 3};
  EXPECT_NEAR(summarise(values)->stdev, 1.0, 1e-6);
}

TEST(Statistics, KindsAreKeptApart) {
  std::vector<core::Sample> samples(5);
  for (int i = 0; i < 5; ++i) {
    samples[i].kind = i < 2 ? core::SampleKind::kLaunch : core::SampleKind::kGraph;
    samples[i].duration_ns = 10.0 * (i + 1);
  }
  EXPECT_EQ(summarise(samples, core::SampleKind::kLaunch)->n, 2);
  EXPECT_EQ(summarise(samples, core::SampleKind::kGraph)->p50, 40);
  // The floor is not of the subject.
  core::Sample empty;
  empty.kind = core::SampleKind::kEmpty;
  empty.duration_ns = 1;
  samples.push_back(empty);
  EXPECT_EQ(summarise(samples, core::SampleKind::kGraph)->min, 30);
  EXPECT_EQ(summarise(samples, core::SampleKind::kLaunch)->n, 2);
  EXPECT_EQ(summarise(samples, core::SampleKind::kEmpty)->p50, 1);
}

TEST(Statistics, TheEffectiveClockGoesBeforeNvmls) {
  std::vector<core::Sample> samples(3);
  for (core::Sample& sample : samples) {
    sample.kind = core::SampleKind::kGraph;
    sample.nominal_before_mhz = sample.nominal_after_mhz = 1980;
  }
  samples[0].kind = core::SampleKind::kLaunch;
  auto clock = median_clock(samples, core::SampleKind::kGraph);
  ASSERT_TRUE(clock);
  EXPECT_EQ(clock->mhz, 1980);
  EXPECT_TRUE(clock->nominal);
  samples[1].effective_clock_mhz = 1797;
  samples[2].effective_clock_mhz = 1812;
  clock = median_clock(samples, core::SampleKind::kGraph);
  EXPECT_EQ(clock->mhz, 1797);
  EXPECT_FALSE(clock->nominal);
  EXPECT_TRUE(median_clock(samples, core::SampleKind::kLaunch)->nominal);
  EXPECT_FALSE(median_clock(samples, core::SampleKind::kEmpty));
}

}  // namespace
}  // namespace flashcore::analysis
