// What clocks say: effective clocks from stamps, steadiness, and the diagnostics of a timing.
#include "collectors/clock_review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace flashcore::collectors {
namespace {

using ::testing::HasSubstr;

using Stamps = std::vector<ClockStamp>;
using Clocks = std::vector<std::optional<double>>;

// `sms` SMs that are stamped, then again `ns` later at `mhz`. Each SM counts its cycles from its own zero.
struct Window {
  Stamps begin, end;
};
Window window(int sms, double mhz, std::uint64_t ns = 1'000'000) {
  Window made;
  for (int sm = 0; sm < sms; ++sm) {
    const ClockStamp begin{1'000'000u + 977u * static_cast<unsigned>(sm), 5'000'000'000u};
    made.begin.push_back(begin);
    made.end.push_back(
        {begin.cycles + static_cast<std::uint64_t>(static_cast<double>(ns) * mhz / 1000), begin.ns + ns});
  }
  return made;
}

TEST(EffectiveClock, IsCyclesOverTime) {
  const Window w = window(132, 1797.0);
  const auto mhz = effective_clock_mhz(w.begin, w.end);
  ASSERT_TRUE(mhz);
  EXPECT_NEAR(*mhz, 1797.0, 0.01);
}

TEST(EffectiveClock, HoldsAcrossAWrapOfEitherCounter) {
  Window w = window(3, 1000.0);
  const std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t sm = 0; sm < 3; ++sm) {
    w.begin[sm] = {end - 100, end - 50};
    w.end[sm] = {999'899, 999'949};  // a million later
  }
  EXPECT_NEAR(effective_clock_mhz(w.begin, w.end).value_or(0), 1000.0, 0.01);
}

TEST(EffectiveClock, TakesTheSmsThatAreInBoth) {
  Window w = window(4, 1500.0);
  w.begin[0] = {};  // no block landed there
  w.end[1] = {};
  w.end.resize(3);  // and nothing is known of the last
  EXPECT_NEAR(effective_clock_mhz(w.begin, w.end).value_or(0), 1500.0, 0.01);
  w.end[2] = {};
  EXPECT_FALSE(effective_clock_mhz(w.begin, w.end));
  EXPECT_FALSE(effective_clock_mhz({}, {}));
}

TEST(EffectiveClock, TimeThatStandsStillOrGoesBackIsNoClock) {
  Window w = window(2, 1500.0);
  w.end[0].ns = w.begin[0].ns;
  EXPECT_NEAR(effective_clock_mhz(w.begin, w.end).value_or(0), 1500.0, 0.01);
  w.end[1].ns = w.begin[1].ns - 1000;
  EXPECT_FALSE(effective_clock_mhz(w.begin, w.end));
  EXPECT_FALSE(effective_clock_mhz(w.begin, w.begin));  // no cycles, no time
}

TEST(EffectiveClock, AnOutlierDoesNotMoveTheMedian) {
  Window w = window(5, 1800.0);
  w.end[0].cycles = w.begin[0].cycles + 5'000'000;  // 5 GHz: a torn stamp
  w.end[1].cycles = w.begin[1].cycles + 100'000;
  EXPECT_NEAR(effective_clock_mhz(w.begin, w.end).value_or(0), 1800.0, 0.01);
  // A counter that was set back reads as a rate that no GPU has.
  Window back = window(2, 1800.0);
  back.end[0].cycles = 7;
  EXPECT_NEAR(effective_clock_mhz(back.begin, back.end).value_or(0), 1800.0, 0.01);
}

TEST(EffectiveClock, OfAnEvenNumberIsTheMiddle) {
  const Window slow = window(1, 1700.0), fast = window(1, 1900.0);
  const Stamps begin{slow.begin[0], fast.begin[0]}, end{slow.end[0], fast.end[0]};
  EXPECT_NEAR(effective_clock_mhz(begin, end).value_or(0), 1800.0, 0.01);
}

// The flush between two launches runs at a clock of its own and lasts longer than they do.
TEST(WindowClock, IsTheCyclesOfAllWindowsOverTheirTimeWithoutWhatLiesBetween) {
  std::vector<Window> launches{window(132, 1700.0, 10'000), window(132, 1800.0, 30'000)};
  for (auto* stamps : {&launches[1].begin, &launches[1].end}) {
    for (ClockStamp& stamp : *stamps) stamp = {stamp.cycles + 1'980u * 50u, stamp.ns + 50'000u};
  }
  const std::vector<ClockWindow> windows{{launches[0].begin, launches[0].end},
                                         {launches[1].begin, launches[1].end}};
  const auto clock = window_clock(windows);
  ASSERT_TRUE(clock);
  EXPECT_NEAR(clock->mhz, (1700.0 * 10 + 1800.0 * 30) / 40, 0.01);
  EXPECT_DOUBLE_EQ(clock->ns, 40'000);
}

TEST(WindowClock, AnSmLacksTheWindowsInWhichItIsNotStampedTwice) {
  std::vector<Window> launches{window(3, 1500.0, 10'000), window(3, 1800.0, 10'000)};
  launches[0].begin[0] = {};
  launches[0].end[1].cycles += 1'000'000'000;  // its counter was set back: no GPU is that fast
  launches[1].end[2] = launches[1].begin[2];   // no time passed
  const std::vector<ClockWindow> windows{{launches[0].begin, launches[0].end},
                                         {launches[1].begin, launches[1].end}};
  const auto clock = window_clock(windows);
  ASSERT_TRUE(clock);
  EXPECT_NEAR(clock->mhz, 1800.0, 0.01);  // the median of 1800, 1800 and 1500
  EXPECT_DOUBLE_EQ(clock->ns, 10'000);
  EXPECT_FALSE(window_clock({}));
  EXPECT_FALSE(window_clock(std::vector<ClockWindow>(2)));
}

TEST(Steady, WantsTheLastInARowToAgree) {
  EXPECT_FALSE(steady({}, 3));
  EXPECT_FALSE(steady(Clocks{1800.0, 1800.0}, 3));
  EXPECT_TRUE(steady(Clocks{1800.0, 1805.0, 1802.0}, 3));
  EXPECT_FALSE(steady(Clocks{1800.0, 1815.0, 1802.0}, 3));  // 0.8%
  EXPECT_TRUE(steady(Clocks{1200.0, 1980.0, 1800.0, 1801.0, 1799.0}, 3));
  // Each step is small, but together they climb.
  EXPECT_FALSE(steady(Clocks{1800.0, 1806.0, 1812.0}, 3));
  EXPECT_TRUE(steady(Clocks{1800.0, 1806.0, 1812.0}, 2));
}

TEST(Steady, AnUnknownClockIsNotSteady) {
  EXPECT_FALSE(steady(Clocks{1800.0, std::nullopt, 1800.0}, 3));
  EXPECT_TRUE(steady(Clocks{std::nullopt, 1800.0, 1800.0}, 2));
  EXPECT_FALSE(steady(Clocks{std::nullopt, std::nullopt}, 1));
}

TEST(ClockReview, SpeaksOfSamplesOffTheMedianOnly) {
  std::vector<core::Sample> samples;
  for (int i = 0; i < 20; ++i) samples.push_back({core::SampleKind::kGraph, i, 10, 1000, 1800.0});
  EXPECT_FALSE(review_clocks(samples));
  samples[3].effective_clock_mhz = 1800 * 0.96;  // within 5%
  EXPECT_FALSE(review_clocks(samples));
  samples[4].effective_clock_mhz = 1500.0;
  samples[5].effective_clock_mhz = 1550.0;
  const auto drift = review_clocks(samples);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->code, "clock_drift");
  EXPECT_THAT(drift->message, HasSubstr("2 of 20 graph samples"));
  EXPECT_THAT(drift->message, HasSubstr("effective clock"));
  EXPECT_THAT(drift->message, HasSubstr("1800 MHz"));
  EXPECT_FALSE(drift->hint.empty());
}

// Between two single launches the GPU idles: their clocks scatter where nothing is wrong.
TEST(ClockReview, JudgesGraphSamplesAndSingleLaunchesWhereThereAreNone) {
  std::vector<core::Sample> launches;
  for (int i = 0; i < 20; ++i) {
    launches.push_back({core::SampleKind::kLaunch, i, 1, 1000, i % 10 == 0 ? 1980.0 : 1800.0});
  }
  std::vector<core::Sample> both = launches;
  for (int i = 0; i < 10; ++i) both.push_back({core::SampleKind::kGraph, i, 10, 1000, 1800.0});
  for (int i = 0; i < 5; ++i) both.push_back({core::SampleKind::kEmpty, i, 10, 1000, 1980.0});
  EXPECT_FALSE(review_clocks(both));
  both[20].effective_clock_mhz = 1500.0;
  ASSERT_TRUE(review_clocks(both));
  EXPECT_THAT(review_clocks(both)->message, HasSubstr("1 of 10 graph samples"));
  ASSERT_TRUE(review_clocks(launches));
  EXPECT_THAT(review_clocks(launches)->message, HasSubstr("2 of 20 launch samples"));
}

TEST(ClockReview, TheNominalClockSaysNothingOfDrift) {
  // NVML reads 1980 MHz whatever runs: drift is what the stamps say.
  std::vector<core::Sample> samples;
  for (int i = 0; i < 20; ++i) {
    samples.push_back({core::SampleKind::kGraph, i, 10, 1000, i < 3 ? 1300.0 : 1800.0, 1980.0, 1980.0});
  }
  EXPECT_TRUE(review_clocks(samples));
  for (auto& sample : samples) {
    sample.effective_clock_mhz = 1800.0;
    sample.nominal_before_mhz = sample.index < 3 ? 600.0 : 1980.0;
  }
  EXPECT_FALSE(review_clocks(samples));
}

TEST(ClockReview, UnknownClocksAreNoDrift) {
  std::vector<core::Sample> samples(5);
  EXPECT_FALSE(review_clocks(samples));
  for (auto& sample : samples) sample.kind = core::SampleKind::kGraph;
  EXPECT_FALSE(review_clocks(samples));
  EXPECT_FALSE(review_clocks({}));
}

TEST(ClockReview, AWarmupThatWasGivenUpSaysItsNumbers) {
  const auto unsteady = review_warmup(Clocks{1980.0, 1300.0, 1250.0, 1275.0}, 402, 151.6);
  EXPECT_EQ(unsteady.code, "clock_unsteady");
  EXPECT_THAT(unsteady.message, HasSubstr("152 ms"));
  EXPECT_THAT(unsteady.message, HasSubstr("402 launches"));
  EXPECT_THAT(unsteady.message, HasSubstr("1300, 1250, 1275 MHz"));
  EXPECT_THAT(unsteady.message, HasSubstr("3.9% apart"));
  EXPECT_FALSE(unsteady.hint.empty());
  EXPECT_THAT(review_warmup(Clocks{std::nullopt, 1250.0}, 2, 10).message, HasSubstr("unknown, 1250 MHz"));
  EXPECT_THAT(review_warmup({}, 0, 0).message, HasSubstr("0 launches"));
}

TEST(ClockReview, SettingsAndRestAreNoThrottling) {
  EXPECT_FALSE(review_reasons(0));
  EXPECT_FALSE(review_reasons(0x1 | 0x2 | 0x10 | 0x100));
  const auto throttling = review_reasons(0x1 | 0x4 | 0x40);
  ASSERT_TRUE(throttling);
  EXPECT_EQ(throttling->code, "throttling");
  EXPECT_THAT(throttling->message, HasSubstr("power cap, hardware thermal slowdown"));
}

TEST(ClockReview, CompanyIsNamedAndAnUnknownOneIsNone) {
  std::vector<core::ClockRecord> clocks(3);
  EXPECT_FALSE(review_company(clocks));
  EXPECT_FALSE(review_company({}));
  for (auto& clock : clocks) clock.other_processes = 0;
  EXPECT_FALSE(review_company(clocks));
  clocks[1].other_processes = 2;  // one that came and went
  const auto company = review_company(clocks);
  ASSERT_TRUE(company);
  EXPECT_EQ(company->code, "other_processes");
  EXPECT_THAT(company->message, HasSubstr("2 other processes"));
  EXPECT_FALSE(company->hint.empty());
}

}  // namespace
}  // namespace flashcore::collectors
