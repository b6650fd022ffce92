// Occasions: what hangs together, steps that may be the hour, and how often constant builds of several runs
// have a confirmed change although each hour moves all runs of a build.
#include "analysis/history/occasions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "analysis/verdict/noise.h"

namespace flashcore::analysis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Builds a day apart, each moved by its hour as the kernel's duration has it, its runs by their processes.
// `step` from build `from` on.
std::vector<HistoryPoint> builds(std::mt19937_64& random, double duration_ns, int count, int runs,
                                 double step = 0, int from = 0) {
  std::normal_distribution<double> normal(0, 1);
  std::vector<HistoryPoint> all;
  for (int build = 0; build < count; ++build) {
    const double hour = 1 + hour_spread(duration_ns) * normal(random);
    for (int run = 0; run < runs; ++run) {
      HistoryPoint point;
      point.run = static_cast<core::RowId>(all.size() + 1);
      point.taken_at = fmt::format("2026-{:02}-{:02}T03:{:02}:00Z", 1 + build / 28, 1 + build % 28, run);
      point.commit = fmt::format("{:040x}", 1000 + build);
      point.source_hash = fmt::format("s{}", build);
      point.conditions = "1 visit, 1 subject";
      point.value = duration_ns * hour * (1 + process_spread(duration_ns) * normal(random)) *
                    (build >= from ? 1 + step : 1);
      point.cycles = *point.value * 1.8;
      point.clock_mhz = 1800;
      all.push_back(point);
    }
  }
  return all;
}

bool any_confirmed(const History& history) {
  return std::any_of(history.changes.begin(), history.changes.end(),
                     [](const HistoryChange& change) { return change.confirmed(); });
}

std::size_t occasions(const std::vector<HistoryPoint>& points) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < points.size(); ++i) places.push_back(i);
  return occasions_of(points, places).size();
}

TEST(Occasions, RunsOfOneBuildAndHourHangTogether) {
  std::mt19937_64 random(1);
  auto points = builds(random, 6e3, 1, 4);
  EXPECT_EQ(occasions(points), 1u);
  EXPECT_EQ(occasions({}), 0u);
  const auto with = [&](auto change) {
    auto other = points;
    for (std::size_t i = 2; i < other.size(); ++i) change(other[i]);
    return occasions(other);
  };
  EXPECT_EQ(with([](auto& p) { p.commit = "other"; }), 2u);
  EXPECT_EQ(with([](auto& p) { p.source_hash = "other"; }), 2u);
  EXPECT_EQ(with([](auto& p) { p.dirty = true; }), 2u);
  EXPECT_EQ(with([](auto& p) { p.conditions = "other"; }), 2u);
  EXPECT_EQ(with([](auto& p) { p.card = "other"; }), 2u);
  EXPECT_EQ(with([](auto& p) { p.taken_at = "2026-01-01T03:16:00Z"; }), 1u);
  EXPECT_EQ(with([](auto& p) { p.taken_at = "2026-01-01T03:17:00Z"; }), 2u);
  for (auto& point : points) point.taken_at = "no time";
  EXPECT_EQ(occasions(points), 1u);
}

TEST(Occasions, ConstantBuildsHaveNoConfirmedChange) {
  constexpr int kSeries = 500;
  for (const double duration : {6e3, 60e3}) {
    for (const int count : {4, 8, 30}) {
      std::mt19937_64 random(11);
      int any = 0, by_runs = 0;
      for (int i = 0; i < kSeries; ++i) {
        const auto points = builds(random, duration, count, 4);
        any += any_confirmed(history_of(points, Better::kLower));
        std::vector<double> values;
        for (const HistoryPoint& point : points) values.push_back(*point.value);
        by_runs += !change_points(values).empty();
      }
      std::puts(
          fmt::format("{:>2.0f} us, {:>2} constant builds of 4 runs: {:.1f} % of series have a confirmed "
                      "change, {:.1f} % by their runs",
                      duration / 1e3, count, 100.0 * any / kSeries, 100.0 * by_runs / kSeries)
              .c_str());
      EXPECT_LE(any, kSeries / 50) << duration << " ns, " << count << " builds";
    }
  }
}

TEST(Occasions, StepsBetweenNightlyBuildsAreFound) {
  constexpr int kSeries = 200;
  for (const int runs : {1, 4}) {
    std::mt19937_64 random(12);
    int found = 0;
    for (int i = 0; i < kSeries; ++i) {
      const History history = history_of(builds(random, 60e3, 40, runs, 0.03, 20), Better::kLower);
      for (const HistoryChange& change : history.changes)
        found += change.confirmed() && change.point.index == static_cast<std::size_t>(20 * runs);
    }
    std::puts(fmt::format("+3 % among 40 nightly builds of {} run{}: confirmed at its build in {:.1f} %",
                          runs, runs == 1 ? "" : "s", 100.0 * found / kSeries)
                  .c_str());
    EXPECT_GE(found, kSeries * 97 / 100) << runs;
  }
}

// A series of single runs, each an occasion, is searched as its values are.
TEST(Occasions, SingleRunsAreSearchedAsBefore) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const auto points = builds(random, 60e3, 50, 1, 0.02, 25);
    std::vector<double> values;
    ChangePointOptions options;
    for (std::size_t i = 0; i < points.size(); ++i) {
      values.push_back(*points[i].value);
      if (i > 0) options.preferred.push_back(i);
    }
    const auto expected = change_points(values, options);
    const History history = history_of(points, Better::kLower);
    EXPECT_TRUE(history.by_occasion);
    ASSERT_THAT(history.changes, SizeIs(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(history.changes[i].point.index, expected[i].index);
      EXPECT_EQ(history.changes[i].point.p, expected[i].p);
    }
  }
}

TEST(Occasions, WhatTheHourMayHaveDoneIsNotConfirmed) {
  std::mt19937_64 random(13);
  // Two occasions of 16 runs: a step for certain, but of what?
  const History two = history_of(builds(random, 60e3, 2, 16, 0.05, 1), Better::kLower);
  EXPECT_FALSE(two.by_occasion);
  EXPECT_EQ(two.occasions, 2u);
  ASSERT_THAT(two.changes, SizeIs(1));
  EXPECT_EQ(two.changes[0].point.index, 16u);
  EXPECT_THAT(two.changes[0].because, Contains(HasSubstr("1 occasion before and 1 after")));

  const auto plain = builds(random, 60e3, 12, 4, 0.05, 6);
  const auto because = [&](auto change) {
    auto points = plain;
    for (std::size_t i = 0; i < points.size(); ++i) change(points[i], i);
    const History history = history_of(points, Better::kLower);
    EXPECT_TRUE(history.by_occasion);
    EXPECT_EQ(history.changes.size(), 1u);
    EXPECT_EQ(history.changes.at(0).point.index, 24u);
    return history.changes.at(0).because;
  };
  EXPECT_THAT(because([](auto&, std::size_t) {}), IsEmpty());
  EXPECT_THAT(because([](auto& p, std::size_t) { p.source_hash = "one"; }),
              Contains(HasSubstr("sources are the same")));
  EXPECT_THAT(because([](auto& p, std::size_t) {
                p.commit = "one";
                p.source_hash.clear();
              }),
              Contains("the same commit on both sides"));
  EXPECT_THAT(because([](auto& p, std::size_t) { p.commit = "one"; }), IsEmpty());  // other sources
  EXPECT_THAT(because([](auto& p, std::size_t i) {
                if (i >= 24) p.conditions = "other";
              }),
              Contains("the conditions changed there"));

  // A count without noise is what it is.
  auto registers = plain;
  for (std::size_t i = 0; i < registers.size(); ++i) registers[i].value = i < 44 ? 128 : 168;
  const History exact = history_of(registers, Better::kLower);
  EXPECT_FALSE(exact.by_occasion);
  ASSERT_THAT(exact.changes, SizeIs(1));
  EXPECT_EQ(exact.changes[0].point.index, 44u);
  EXPECT_TRUE(exact.changes[0].confirmed());
}

}  // namespace
}  // namespace flashcore::analysis
