// The harness: verdicts over real series. What it prints is what docs/verdicts.md tells.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/analysis/verdict/repeats.h"

namespace flashcore::analysis {
namespace {

using tests::draw;
using tests::is_call;
using tests::Planted;
using tests::Process;
using tests::Random;
using tests::real_kernels;
using tests::RealKernel;

std::vector<const Process*> everything(const RealKernel& kernel) {
  std::vector<const Process*> all;
  for (const Process& process : kernel.processes) all.push_back(&process);
  return all;
}

tests::Sides draw_from(std::vector<const Process*> base, std::vector<const Process*> now, Random& random) {
  tests::Sides sides;
  for (auto* side : {&base, &now}) {
    std::shuffle(side->begin(), side->end(), random);
    const std::size_t count = 1 + tests::pick(std::min<std::size_t>(8, side->size()), random);
    auto& to = side == &base ? sides.base : sides.now;
    for (std::size_t k = 0; k < count; ++k) to.push_back(tests::drawn_again(*(*side)[k], {}, random));
  }
  return sides;
}

// Sides of one kernel, one build: 1 to 8 processes each; both of one hour and one set of conditions, both of
// all of them, or each of its own.
TEST(Calibration, NoChangeIsCalledInOneInAHundred) {
  Random random(20261122);
  struct Tally {
    int compared = 0, calls = 0, same = 0, zero_outside = 0;
  };
  std::map<std::string, Tally> by;
  Tally all;
  const auto& kernels = real_kernels();
  ASSERT_GE(kernels.size(), 10U);
  for (int i = 0; i < 1000; ++i) {
    const RealKernel& kernel = kernels[static_cast<std::size_t>(i) % kernels.size()];
    const auto groups = kernel.groups();
    const auto group = [&] { return groups[tests::pick(groups.size(), random)]; };
    const int how = i / static_cast<int>(kernels.size()) % 3;
    const Comparison c = [&] {
      if (how == 2 && groups.size() > 1) {
        const std::size_t first = tests::pick(groups.size(), random);
        const std::size_t second = (first + 1 + tests::pick(groups.size() - 1, random)) % groups.size();
        return draw_from(groups[first], groups[second], random).compared();
      }
      const auto pool = how == 1 ? everything(kernel) : group();
      const std::size_t most = std::min<std::size_t>(8, pool.size() / 2);
      return draw(pool, 1 + tests::pick(most, random), 1 + tests::pick(most, random), {}, random).compared();
    }();
    const char* kind[] = {"(one hour)", "(hours and conditions mixed)", "(another hour or conditions)"};
    for (Tally* tally : {&all, &by[kernel.label], &by[kind[how]]}) {
      ++tally->compared;
      tally->calls += is_call(c.verdict);
      tally->same += c.verdict == Verdict::kSame;
      tally->zero_outside += *c.cycles->low > 0 || *c.cycles->high < 0;
    }
  }
  fmt::print("A/A, level 1 %: compared, called a change, SAME, interval of cycles without zero\n");
  by["all"] = all;
  for (const auto& [label, t] : by) {
    fmt::print("  {:<44} {:5} {:4} {:5} {:4}\n", label, t.compared, t.calls, t.same, t.zero_outside);
  }
  EXPECT_LE(all.calls, 10);
  EXPECT_LE(all.zero_outside, 20);
}

// All processes of one hour against all of another, and against those under other conditions.
TEST(Calibration, AnotherHourIsNoChange) {
  Random random(7);
  int compared = 0, calls = 0;
  for (const RealKernel& kernel : real_kernels()) {
    const auto groups = kernel.groups();
    for (std::size_t a = 0; a < groups.size(); ++a) {
      for (std::size_t b = a + 1; b < groups.size(); ++b) {
        tests::Sides sides;
        for (const Process* p : groups[a]) sides.base.push_back(tests::drawn_again(*p, {}, random));
        for (const Process* p : groups[b]) sides.now.push_back(tests::drawn_again(*p, {}, random));
        const Comparison c = sides.compared();
        ++compared;
        calls += is_call(c.verdict);
        fmt::print("  {:<44} {:2} against {:2}: cycles {:+.2f} %, {}\n", kernel.label, groups[a].size(),
                   groups[b].size(), 100 * *c.cycles->change, c.sentence);
      }
    }
  }
  fmt::print("other hours and conditions: {} of {} called\n", calls, compared);
  EXPECT_EQ(calls, 0);
  EXPECT_GT(compared, 0);
}

struct Power {
  int compared = 0, called = 0, wrong = 0, ambiguous = 0, named = 0;
};
Power power(const RealKernel& kernel, std::size_t runs, Planted planted, int repeats, Random& random) {
  Power result;
  const auto pool = kernel.groups().front();
  for (int i = 0; i < repeats; ++i) {
    const Comparison c = draw(pool, runs, runs, planted, random).compared();
    ++result.compared;
    result.called += c.verdict == Verdict::kSlower;
    result.wrong += c.verdict == Verdict::kFaster || c.verdict == Verdict::kSame;
    result.ambiguous += c.verdict == Verdict::kAmbiguous;
    const bool disagree = c.sentence.find("time and cycles disagree") != std::string::npos;
    const bool named = disagree || c.time.more_runs || c.time.more_samples ||
                       (c.cycles && (c.cycles->more_runs || c.cycles->more_samples));
    result.named += c.verdict == Verdict::kAmbiguous && named;
  }
  return result;
}

// Of 1, 2, 4 and 8 processes a side.
void print_power(double factor, int repeats, std::map<std::size_t, Power>& totals) {
  Random random(static_cast<std::uint64_t>(factor * 1000));
  fmt::print("A/B, times of one side x {}: called with 1, 2, 4, 8 processes a side, in %\n", factor);
  for (const RealKernel& kernel : real_kernels()) {
    fmt::print("  {:<44} {:8.1f} us ", kernel.label, kernel.median_ns / 1000);
    for (const std::size_t runs : {1, 2, 4, 8}) {
      const Power p = power(kernel, runs, {factor, 1}, repeats, random);
      fmt::print(" {:4.0f}", 100.0 * p.called / p.compared);
      Power& total = totals[runs];
      total.compared += p.compared;
      total.called += p.called;
      total.wrong += p.wrong;
      total.ambiguous += p.ambiguous;
      total.named += p.named;
    }
    fmt::print("\n");
  }
  for (const auto& [runs, t] : totals) {
    fmt::print("  {} processes a side: called {:.1f} %, ambiguous {:.1f} % (count named in {} of {})\n", runs,
               100.0 * t.called / t.compared, 100.0 * t.ambiguous / t.compared, t.named, t.ambiguous);
  }
}

TEST(Calibration, TwoPercentAreCalled) {
  std::map<std::size_t, Power> totals;
  print_power(1.02, 20, totals);
  EXPECT_GE(totals[8].called, 0.95 * totals[8].compared);
  for (const auto& [runs, t] : totals) {
    EXPECT_EQ(t.wrong, 0);
    EXPECT_EQ(t.named, t.ambiguous) << runs;
  }
}

// The smallest effect itself: SAME is right of it as often as a call, FASTER never.
TEST(Calibration, OnePercentIsCalledOrTheCountIsNamed) {
  std::map<std::size_t, Power> totals;
  print_power(1.01, 20, totals);
  EXPECT_GE(totals[8].called, 0.8 * totals[8].compared);
  for (const auto& [runs, t] : totals) {
    EXPECT_LE(t.wrong, 0.02 * t.compared) << runs;
    EXPECT_EQ(t.named, t.ambiguous) << runs;
  }
}

TEST(Calibration, APureChangeOfTheClockIsNone) {
  Random random(5);
  int compared = 0, calls = 0, same = 0;
  for (const RealKernel& kernel : real_kernels()) {
    for (const std::size_t runs : {1, 4, 8}) {
      for (int i = 0; i < 8; ++i) {
        const auto c = draw(kernel.groups().front(), runs, runs, {1.05, 1 / 1.05}, random).compared();
        ++compared;
        calls += is_call(c.verdict);
        same += c.verdict == Verdict::kSame;
        EXPECT_NEAR(*c.clock_change, 1 / 1.05 - 1, 0.06);
        if (c.verdict == Verdict::kSame) {
          EXPECT_NE(c.sentence.find("clock"), std::string::npos) << c.sentence;
        }
      }
    }
  }
  fmt::print("clock 5 % lower: {} of {} called, {} SAME\n", calls, compared, same);
  EXPECT_EQ(calls, 0);
  EXPECT_GE(same, compared / 3);
}

// The counter-case: as much more work at a clock that rose by as much, time unchanged, is never SAME.
TEST(Calibration, CyclesThatMoveWithTheClockAloneAreNeitherSameNorCalled) {
  Random random(6);
  int compared = 0, calls = 0, same = 0;
  for (const RealKernel& kernel : real_kernels()) {
    for (int i = 0; i < 6; ++i) {
      const auto c = draw(kernel.groups().front(), 8, 8, {1, 1.05}, random).compared();
      ++compared;
      calls += is_call(c.verdict);
      same += c.verdict == Verdict::kSame;
    }
  }
  fmt::print("clock 5 % higher, time as before: {} of {} called, {} SAME\n", calls, compared, same);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(same, 0);
}

// Whoever takes as many more runs as an AMBIGUOUS asks for, gets a verdict.
TEST(Calibration, TheCountThatIsNamedDecides) {
  Random random(99);
  int followed = 0, decided = 0, asked = 0, missed = 0;
  for (const RealKernel& kernel : real_kernels()) {
    const auto pool = kernel.groups().front();
    for (int i = 0; i < 24; ++i) {
      const Planted planted{std::array{1.0, 1.005, 1.01, 1.02}[static_cast<std::size_t>(i) % 4], 1};
      const std::size_t runs = std::array{1U, 2U, 3U}[static_cast<std::size_t>(i) % 3];
      tests::Sides sides = draw(pool, runs, runs, planted, random);
      const Comparison c = sides.compared();
      if (c.verdict != Verdict::kAmbiguous) continue;
      int more = 0;
      for (const Judgement* j : {&c.time, &*c.cycles}) {
        if (j->verdict == Verdict::kAmbiguous) more = std::max(more, j->more_runs.value_or(0));
      }
      if (more == 0 || more > 24) continue;
      ++followed;
      asked += more;
      for (int k = 0; k < more; ++k) {  // of as many processes as there are, some twice
        sides.base.push_back(tests::drawn_again(*pool[tests::pick(pool.size(), random)], {}, random));
        sides.now.push_back(tests::drawn_again(*pool[tests::pick(pool.size(), random)], planted, random));
      }
      const Verdict verdict = sides.compared().verdict;
      const bool miss = planted.time > 1.015 && verdict != Verdict::kSlower;
      missed += miss && verdict != Verdict::kAmbiguous;
      decided += verdict != Verdict::kAmbiguous && !miss;
    }
  }
  fmt::print("advice followed {} times ({:.1f} more runs a side): decided {:.1f} %\n", followed,
             static_cast<double>(asked) / std::max(followed, 1), 100.0 * decided / std::max(followed, 1));
  ASSERT_GE(followed, 30);
  EXPECT_GE(decided, 0.8 * followed);
  EXPECT_EQ(missed, 0) << "a planted 2 % that was called SAME or FASTER";
}

}  // namespace
}  // namespace flashcore::analysis
