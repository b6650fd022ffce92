// When a measurement may stop, and what that costs: stopping early must not call more changes than one look.
#include "app/session/measure_looks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <numeric>
#include <random>

#include "tests/support/sample_runs.h"

namespace flashcore::session {
namespace {

using analysis::Verdict;
using ::testing::ElementsAre;

TEST(MeasureLooks, TheMomentsAreFixedBeforeTheFirstTurnAndShareTheLevel) {
  EXPECT_THAT(plan_looks({}).rounds, ElementsAre(2, 3, 4, 6, 8, 11, 15, 20));
  MeasureRequest until;
  until.until = 0.005;
  until.rounds = 5;
  EXPECT_THAT(plan_looks(until).rounds, ElementsAre(2, 3, 4, 5));
  until.rounds = 1;
  EXPECT_THAT(plan_looks(until).rounds, ElementsAre(1));
  for (const MeasureRequest& request : {MeasureRequest{}, until}) {
    const auto plan = plan_looks(request);
    EXPECT_LE(plan.level * static_cast<double>(plan.rounds.size()), kWholeLevel * (1 + 1e-12));
    EXPECT_TRUE(plan.may_stop(plan.rounds.back()));
    EXPECT_FALSE(plan.may_stop(7));
  }
}

// Nothing is looked at before the end, so that look has all of it.
TEST(MeasureLooks, AFixedNumberOfRoundsIsOneLook) {
  MeasureRequest request;
  request.rounds = 7;
  const auto plan = plan_looks(request);
  EXPECT_THAT(plan.rounds, ElementsAre(7));
  EXPECT_DOUBLE_EQ(plan.level, kWholeLevel);
}

TEST(MeasureLooks, EachSideHasEachPlaceOfARoundEquallyOften) {
  EXPECT_EQ(order_of_round(1), (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(order_of_round(2), (std::vector<bool>{true, false, false, true}));
  // A drift that is a straight line over the turns takes nothing from either side.
  for (int round = 1; round <= 4; ++round) {
    const auto order = order_of_round(round);
    int sum = 0;
    for (int place = 0; place < 4; ++place) sum += order[static_cast<std::size_t>(place)] ? place : -place;
    EXPECT_EQ(sum, 0);
  }
}

// Processes of one kernel: they differ among one another, and their samples hang together.
class Machine {
 public:
  Machine(std::uint64_t seed, double between) : random_(seed), between_(between) {}
  analysis::RunAnalysis run(double mean_ns) {
    auto record = tests::sample_head("fused", 2, "tiny");
    record.id = ++id_;
    core::add_measurement(record, tests::sample_check(*core::attention_of(*record.problem)));
    const double of_process = mean_ns * (1 + between_ * normal_(random_));
    auto timing = tests::sample_timing(of_process, 12);
    double neighbour = 0;
    for (core::Sample& sample : timing.samples) {
      neighbour = 0.5 * neighbour + 0.002 * normal_(random_);
      sample.duration_ns = of_process * (1 + neighbour);
    }
    core::add_measurement(record, std::move(timing));
    return analysis::analyse(std::move(record), catalogue_);
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  double between_;
  core::RowId id_ = 0;
  analysis::Catalogue catalogue_ = *analysis::Catalogue::builtin();
};

struct Ended {
  Verdict verdict = Verdict::kAmbiguous;
  int rounds = 0;
};

// A whole measurement as measure_pair() does it, without processes.
Ended measured(Machine& machine, const LookPlan& plan, double base_ns, double now_ns,
               double smallest = 0.01) {
  SideRuns base{"a", {}}, now{"b", {}};
  for (int round = 1; round <= plan.rounds.back(); ++round) {
    for (const bool is_now : order_of_round(round))
      (is_now ? now : base).runs.push_back(machine.run(is_now ? now_ns : base_ns));
    if (!plan.may_stop(round)) continue;
    const auto comparisons = compare_sides(base, now, true, plan, smallest);
    EXPECT_TRUE(comparisons) << core::to_text(comparisons.error());
    if (!comparisons) return {};
    if (all_stand(*comparisons) || round == plan.rounds.back())
      return {comparisons->all.front().verdict, round};
  }
  return {};
}

// How many of `all` measurements of a kernel against itself call a change, in percent.
double called_percent(const std::string& what, const LookPlan& plan, int all, double between,
                      double smallest) {
  int called = 0, same = 0, rounds = 0;
  for (int i = 0; i < all; ++i) {
    Machine machine(static_cast<std::uint64_t>(i) * 977 + 13, between);
    const auto ended = measured(machine, plan, 40'000, 40'000, smallest);
    called += ended.verdict == Verdict::kFaster || ended.verdict == Verdict::kSlower ? 1 : 0;
    same += ended.verdict == Verdict::kSame ? 1 : 0;
    rounds += ended.rounds;
  }
  std::cout << fmt::format(
      "A/A, {}, processes {:.1f} % apart, smallest {:.1f} %: {} of {} called a change ({:.2f} %), "
      "{} SAME, {:.1f} rounds on average\n",
      what, between * 100, smallest * 100, called, all, 100.0 * called / all, same,
      static_cast<double>(rounds) / all);
  return 100.0 * called / all;
}

// With a smallest effect of 0.1 % hardly any measurement ends as SAME, so nearly all of them look eight
// times. FLASHCORE_AA_MEASUREMENTS=500 gives the figures of docs/measure.md, and what they would be without
// the plan.
TEST(MeasureLooks, OfAgainstItselfAChangeIsCalledInAtMostOneOfAHundred) {
  const char* more = std::getenv("FLASHCORE_AA_MEASUREMENTS");
  const int all = more == nullptr ? 40 : std::atoi(more);
  const double allowed = std::max(1.0, 100.0 / all);
  const LookPlan plan = plan_looks({});
  for (const double between : {0.002, 0.005, 0.008})
    EXPECT_LE(called_percent("the plan", plan, all, between, 0.01), allowed);
  EXPECT_LE(called_percent("the plan", plan, all, 0.005, 0.001), allowed);
  if (more == nullptr) return;
  LookPlan naive{{}, kWholeLevel};
  for (int round = kFirstLook; round <= kMostRounds; ++round) naive.rounds.push_back(round);
  for (const double smallest : {0.01, 0.001})
    called_percent("a look of the whole level after every round", naive, all, 0.005, smallest);
}

TEST(MeasureLooks, ARealChangeIsCalled) {
  int called = 0, rounds = 0;
  constexpr int kAll = 40;
  for (int i = 0; i < kAll; ++i) {
    Machine machine(static_cast<std::uint64_t>(i) * 31 + 7, 0.005);
    const auto ended = measured(machine, plan_looks({}), 40'000, 39'200);
    called += ended.verdict == Verdict::kFaster ? 1 : 0;
    rounds += ended.rounds;
  }
  std::cout << fmt::format("A/B of 2 %, processes 0.5 % apart: {} of {} called, {:.1f} rounds on average\n",
                           called, kAll, static_cast<double>(rounds) / kAll);
  EXPECT_GE(called, kAll * 95 / 100);
}

}  // namespace
}  // namespace flashcore::session
