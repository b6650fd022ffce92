// Histories: commits, directions, marks beside changes and never as causes, cycles, points without a value.
#include "analysis/history/history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace flashcore::analysis {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Builds of five runs each; the time goes from 100 to 104 us with build 6 (index 30).
std::vector<HistoryPoint> points(int builds = 12, double step = 0.04, unsigned seed = 3) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::vector<HistoryPoint> all;
  for (int i = 0; i < 5 * builds; ++i) {
    HistoryPoint point;
    point.run = i + 1;
    point.taken_at = fmt::format("2026-01-{:02}T00:{:02}:00Z", 1 + i / 5, i % 5);
    point.commit = fmt::format("{:040x}", 1000 + i / 5);
    point.source_hash = i < 30 ? "old" : "new";
    point.driver = "580.1";
    point.toolkit = "13.0";
    point.catalogue = "abc";
    point.conditions = "1 visit, 1 subject";
    point.clock_mhz = 1800;
    point.value = 100'000 * (1 + (i < 30 ? 0 : step)) * (1 + 0.004 * normal(random));
    point.cycles = *point.value * 1.8;
    all.push_back(point);
  }
  return all;
}

TEST(History, AChangeNamesItsCommits) {
  const History history = history_of(points(), Better::kLower);
  ASSERT_THAT(history.changes, SizeIs(1));
  const HistoryChange& change = history.changes[0];
  EXPECT_EQ(change.point.index, 30u);
  EXPECT_EQ(change.commit_before, fmt::format("{:040x}", 1005));
  EXPECT_EQ(change.commit_at, fmt::format("{:040x}", 1006));
  EXPECT_FALSE(change.better);
  EXPECT_FALSE(change.same_source);
  EXPECT_THAT(change.beside, IsEmpty());
  EXPECT_THAT(history.marks, IsEmpty());
  EXPECT_THAT(history.notes, IsEmpty());
}

TEST(History, BetterFollowsTheDirection) {
  for (const double step : {0.04, -0.04}) {
    EXPECT_EQ(history_of(points(12, step), Better::kLower).changes.at(0).better, step < 0);
    EXPECT_EQ(history_of(points(12, step), Better::kHigher).changes.at(0).better, step > 0);
    EXPECT_FALSE(history_of(points(12, step), Better::kNeither).changes.at(0).better);
  }
}

TEST(History, MarksStandBesideAndMoveNothing) {
  auto with_driver = points();
  for (std::size_t i = 31; i < with_driver.size(); ++i) with_driver[i].driver = "590.2";
  const History plain = history_of(points(), Better::kLower),
                marked = history_of(with_driver, Better::kLower);
  ASSERT_THAT(marked.marks, SizeIs(1));
  EXPECT_EQ(marked.marks[0].index, 31u);
  EXPECT_EQ(marked.marks[0].kind, "driver");
  EXPECT_EQ(marked.marks[0].text, "driver 580.1 -> 590.2");
  ASSERT_THAT(marked.changes, SizeIs(1));
  EXPECT_THAT(marked.changes[0].beside, ElementsAre("driver 580.1 -> 590.2"));
  EXPECT_EQ(marked.changes[0].point.index, plain.changes[0].point.index);
  EXPECT_EQ(marked.changes[0].point.change, plain.changes[0].point.change);

  // A mark where the values are level is a mark, and no change; one that is two points away stands not
  // beside.
  auto level = points(12, 0);
  for (std::size_t i = 30; i < level.size(); ++i) level[i].driver = "590.2";
  EXPECT_THAT(history_of(level, Better::kLower).changes, IsEmpty());
  EXPECT_THAT(history_of(level, Better::kLower).marks, SizeIs(1));
  auto far = points();
  for (std::size_t i = 32; i < far.size(); ++i) far[i].toolkit = "13.1";
  EXPECT_THAT(history_of(far, Better::kLower).changes.at(0).beside, IsEmpty());
  far[31].toolkit = "13.1";
  EXPECT_THAT(history_of(far, Better::kLower).changes.at(0).beside, SizeIs(1));
}

TEST(History, EveryKindOfMark) {
  auto all = points(12, 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i >= 10) all[i].toolkit = "13.1";
    if (i >= 20) all[i].catalogue = "0123456789abcdef";
    if (i >= 40) all[i].conditions = "2 visits, 3 subjects";
    all[i].card = i >= 50 ? "GPU-2" : "GPU-1";
    if (i >= 25) all[i].clock_mhz = 1710;
  }
  const History history = history_of(all, Better::kLower);
  std::vector<std::string> kinds;
  for (const HistoryMark& mark : history.marks) kinds.push_back(fmt::format("{} {}", mark.index, mark.kind));
  EXPECT_THAT(kinds, ElementsAre("10 toolkit", "20 catalogue", "25 clock", "40 conditions", "50 card"));
  EXPECT_EQ(history.marks[1].text, "catalogue abc -> 0123456789ab");
  EXPECT_EQ(history.marks[2].text, "clock 1800 -> 1710 MHz (-5.0 %)");
  EXPECT_THAT(history.marks[4].text, ::testing::Not(HasSubstr("GPU-")));

  // What is not known is no change; a clock that moves by 1.5% or for one run is none either.
  auto unknown = points(12, 0);
  unknown[10].driver = unknown[11].driver = "";
  for (std::size_t i = 30; i < 60; ++i) unknown[i].clock_mhz = 1773;
  unknown[45].clock_mhz = 1500;
  EXPECT_THAT(history_of(unknown, Better::kLower).marks, IsEmpty());
}

TEST(History, ATimeIsConfirmedInCyclesOrNot) {
  EXPECT_EQ(history_of(points(), Better::kLower).changes.at(0).in_cycles, InCycles::kConfirmed);
  auto slow_clock = points();
  for (std::size_t i = 30; i < slow_clock.size(); ++i) {
    slow_clock[i].clock_mhz = 1800 / 1.04;
    slow_clock[i].cycles = *slow_clock[i].value * 1.8 / 1.04;
  }
  const History clock = history_of(slow_clock, Better::kLower);
  ASSERT_THAT(clock.changes, SizeIs(1));
  EXPECT_EQ(clock.changes[0].in_cycles, InCycles::kNot);
  EXPECT_EQ(clock.changes[0].cycles->index, 30u);
  EXPECT_NEAR(clock.changes[0].cycles->change, 0, 0.01);
  EXPECT_THAT(clock.changes[0].beside, Contains(HasSubstr("clock 1800 -> 1731 MHz")));
  auto unknown = points();
  unknown[40].cycles.reset();
  EXPECT_EQ(history_of(unknown, Better::kLower).changes.at(0).in_cycles, InCycles::kUnknown);
  EXPECT_FALSE(history_of(unknown, Better::kLower).changes.at(0).cycles);
}

TEST(History, PointsWithoutValueAreLeftOutAndSaid) {
  auto all = points();
  for (const std::size_t i : {3, 29, 30, 44}) {
    all[i].value.reset();
    all[i].reason = "the answer is wrong";
  }
  const History history = history_of(all, Better::kLower);
  ASSERT_THAT(history.changes, SizeIs(1));
  EXPECT_EQ(history.changes[0].point.index, 31u);
  EXPECT_EQ(history.changes[0].commit_before, all[28].commit);
  EXPECT_THAT(history.notes, ElementsAre("4 of 60 runs have no value: the answer is wrong"));
}

TEST(History, FewPointsSaySo) {
  const auto notes = [](std::vector<HistoryPoint> some) {
    return history_of(std::move(some), Better::kLower).notes;
  };
  EXPECT_THAT(notes({}), ElementsAre(HasSubstr("nothing to look for")));
  auto some = points();
  some.resize(1);
  EXPECT_THAT(notes(some), ElementsAre("1 run has a value: change points need at least 4"));
  some = points();
  for (auto& point : some) point.value = 5;
  EXPECT_THAT(notes(some), ElementsAre("all values are equal"));
}

// Noise may place a change inside of a build; a build that begins beside it is taken where the values allow
// it.
TEST(History, AChangeFallsOnABuildWhereItCan) {
  int on_build = 0;
  constexpr int kSeeds = 40;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    auto all = points(12, 0.012, seed);
    const History history = history_of(all, Better::kLower);
    if (history.changes.size() == 1) on_build += history.changes[0].point.index == 30;
  }
  EXPECT_GE(on_build, 36);
}

}  // namespace
}  // namespace flashcore::analysis
