// Whatever is compared: every split and the causes add up to the difference.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "analysis/why/attribution.h"
#include "analysis/why/why.h"
#include "tests/analysis/why/recorded_runs.h"

namespace flashcore::analysis {
namespace {

using testing::HasSubstr;
using tests::changed;
using tests::shipped;
using tests::shipped_run;

// To 1e-9 of the difference, or of the times where they are equal.
void expect_sums(const Why& why, const std::string& what) {
  ASSERT_TRUE(why.missing.empty()) << what << ": " << why.missing;
  const double close = 1e-9 * std::abs(why.difference_ns) + 1e-15 * (*why.base_ns + *why.now_ns);
  double causes = 0, shares = 0;
  for (const WhyCause& cause : why.causes) {
    ASSERT_TRUE(std::isfinite(cause.ns)) << what << ": " << cause.id;
    EXPECT_FALSE(cause.sentence.empty()) << cause.id;
    EXPECT_FALSE(cause.title.empty()) << what << ": " << cause.id;
    causes += cause.ns;
    shares += cause.share;
  }
  EXPECT_NEAR(causes, why.difference_ns, close) << what;
  if (std::abs(why.difference_ns) > 1e-3 * *why.base_ns) {
    EXPECT_NEAR(shares, 1, 1e-9) << what;
  }
  for (const WhySplit& split : why.splits) {
    EXPECT_EQ(split.parts.empty(), !split.missing.empty()) << what << ": " << split.id;
    if (split.parts.empty()) continue;
    EXPECT_FALSE(split.method.empty()) << split.id;
    double parts = 0;
    for (const WhyPart& part : split.parts) {
      ASSERT_TRUE(std::isfinite(part.ns)) << what << ": " << split.id << ", " << part.id;
      parts += part.ns;
    }
    EXPECT_NEAR(parts, why.difference_ns, close) << what << ": " << split.id;
  }
}

const WhySplit& split_of(const Why& why, const std::string& id) {
  for (const WhySplit& split : why.splits) {
    if (split.id == id) return split;
  }
  throw std::runtime_error("no split " + id);
}
const WhyPart& part_of(const WhySplit& split, const std::string& id) {
  for (const WhyPart& part : split.parts) {
    if (part.id == id) return part;
  }
  throw std::runtime_error("no part " + id);
}

core::MeasurementRecord& counters_of(core::RunRecord& run) {
  for (core::MeasurementRecord& measurement : run.measurements) {
    if (!measurement.counters.empty()) return measurement;
  }
  throw std::runtime_error("nothing was counted");
}
void set_counter(core::RunRecord& run, const std::string& name, std::optional<double> value) {
  for (core::CounterValue& counter : counters_of(run).counters) {
    if (counter.name == name) counter.value = value, counter.reason = value ? "" : "taken out";
  }
}
void drop_counters(core::RunRecord& run) {
  std::erase_if(run.measurements, [](const auto& measurement) { return !measurement.counters.empty(); });
}
void scale_times(core::RunRecord& run, double times, double clock) {
  for (core::MeasurementRecord& measurement : run.measurements) {
    for (core::Sample& sample : measurement.samples) {
      sample.duration_ns *= times;
      if (sample.effective_clock_mhz) *sample.effective_clock_mhz *= clock;
    }
  }
}

TEST(LogMean, LiesBetweenItsSidesAndKeepsItsDigits) {
  EXPECT_DOUBLE_EQ(log_mean(3, 3), 3);
  EXPECT_NEAR(log_mean(1, std::exp(1.0)), std::exp(1.0) - 1, 1e-15);
  EXPECT_DOUBLE_EQ(log_mean(2, 7), log_mean(7, 2));
  EXPECT_NEAR(log_mean(1e6 * (1 + 1e-9), 1e6), 1e6 * (1 + 0.5e-9), 1e-6);
  EXPECT_NEAR(log_mean(1 + 0.99e-4, 1), log_mean(1 + 1.01e-4, 1), 2e-6);  // where the series takes over
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(log_mean(bad, 2), 0);
    EXPECT_EQ(log_mean(2, bad), 0);
    EXPECT_EQ(log_ratio(bad, 2), 0);
  }
}

TEST(WhySums, HoldForAllPairsOfTheRecordingInBothDirections) {
  int pairs = 0;
  for (const RunAnalysis& a : shipped()) {
    for (const RunAnalysis& b : shipped()) {
      if (&a == &b || !comparable(a.run, b.run)) continue;
      expect_sums(why(a, b), run_label(a.run) + " -> " + run_label(b.run));
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 300);
}

TEST(WhySums, TurnRoundWithTheSides) {
  const RunAnalysis &a = shipped_run("wmma"), &b = shipped_run("fused");
  const Why there = why(a, b), back = why(b, a);
  EXPECT_EQ(there.difference_ns, -back.difference_ns);
  ASSERT_EQ(there.causes.size(), back.causes.size());
  for (std::size_t i = 0; i < there.causes.size(); ++i) {
    EXPECT_EQ(there.causes[i].id, back.causes[i].id);
    EXPECT_NEAR(there.causes[i].ns, -back.causes[i].ns, 1e-6);
  }
}

TEST(Why, OfARunWithItselfHasNothingToSplit) {
  const RunAnalysis& run = shipped_run("wmma");
  const Why same = why(run, run);
  expect_sums(same, "itself");
  EXPECT_EQ(same.difference_ns, 0);
  for (const WhyCause& cause : same.causes) EXPECT_EQ(cause.share, 0);
  EXPECT_TRUE(same.changed.empty());
}

TEST(Why, SaysOfACleanClockChangeThatItIsTheClock) {
  const RunAnalysis& base = shipped_run("wmma");
  const RunAnalysis now = changed(base, [](core::RunRecord& run) { scale_times(run, 1.05, 1 / 1.05); });
  const Why slower = why(base, now);
  expect_sums(slower, "clock");
  ASSERT_FALSE(slower.causes.empty());
  EXPECT_EQ(slower.causes[0].id, "clock");
  EXPECT_NEAR(slower.causes[0].share, 1, 1e-6);
  EXPECT_THAT(slower.causes[0].sentence, HasSubstr("the clock is lower"));
  EXPECT_NEAR(part_of(split_of(slower, "clock"), "cycles").ns, 0, 1e-6);
}

TEST(Why, SplitsBaselineIntoFewerInstructionsOnTheWayToWmma) {
  const Why faster = why(shipped_run("baseline"), shipped_run("wmma"));
  ASSERT_FALSE(faster.causes.empty());
  EXPECT_EQ(faster.causes[0].id, "instructions");
  EXPECT_LT(faster.causes[0].ns, 0);
  EXPECT_THAT(faster.causes[0].sentence, HasSubstr("FMA"));
  const WhySplit& instructions = split_of(faster, "instructions");
  EXPECT_GT(part_of(instructions, "tensor").ns, 0);  // more of them, and still far fewer in all
  EXPECT_LT(part_of(instructions, "fma").ns, 0);
}

TEST(Why, NamesEveryKernelOfSeveral) {
  const Why one = why(shipped_run("fused"), shipped_run("cublas"));
  expect_sums(one, "kernels");
  const WhySplit& kernels = split_of(one, "kernels");
  ASSERT_EQ(kernels.parts.size(), 3u);
  EXPECT_EQ(kernels.parts[1].base, 0);
  EXPECT_GT(kernels.parts[1].ns, 0);
  EXPECT_THAT(one.changed, testing::Contains("kernels of a launch 1 -> 3"));
}

TEST(Why, KindsOfInstructionsAreAllOfThem) {
  for (const RunAnalysis& run : shipped()) {
    const Why with_itself = why(run, shipped_run("baseline"));
    const WhySplit& split = split_of(with_itself, "instructions");
    if (split.parts.empty()) continue;
    double sum = 0;
    for (const WhyPart& part : split.parts) {
      if (part.unit != "inst") continue;
      EXPECT_GE(*part.base, 0) << run_label(run.run) << ": " << part.id;
      sum += *part.base;
    }
    EXPECT_NEAR(sum, *run.metric("instructions")->value, 1e-6 * sum);
  }
}

TEST(WhyMissing, CountersLeaveClockAndFactsAndTheCommandThatCounts) {
  const RunAnalysis& base = shipped_run("wmma");
  const RunAnalysis now = changed(shipped_run("fused"), drop_counters);
  const Why why_now = why(base, now);
  expect_sums(why_now, "no counters");
  EXPECT_TRUE(split_of(why_now, "clock").missing.empty());
  EXPECT_THAT(split_of(why_now, "issue_states").missing,
              testing::AllOf(HasSubstr("the later side"),
                             HasSubstr("flashcore-profile --phase fused --shape mission --set full")));
  EXPECT_THAT(split_of(why(now, base), "bytes").missing, HasSubstr("the base"));
  for (const WhyCause& cause : why_now.causes) EXPECT_THAT(cause.id, testing::AnyOf("clock", "unexplained"));
  EXPECT_THAT(why_now.causes[0].sentence, HasSubstr("--set full"));
  EXPECT_THAT(why_now.changed, testing::Contains(HasSubstr("registers")));
}

TEST(WhyMissing, NumbersThatAreNoneAreMissing) {
  const RunAnalysis& base = shipped_run("wmma");
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0, 0.0}) {
    for (const char* name : {"sm__cycles_elapsed.sum", "smsp__cycles_active.sum", "smsp__issue_active.sum",
                             "sm__inst_executed.sum", "smsp__warps_active.sum", "l1tex__t_bytes.sum"}) {
      const RunAnalysis now =
          changed(shipped_run("fused"), [&](core::RunRecord& run) { set_counter(run, name, bad); });
      expect_sums(why(base, now), std::string(name) + " is " + std::to_string(bad));
      expect_sums(why(now, base), std::string(name) + " was " + std::to_string(bad));
    }
  }
}

TEST(WhyMissing, OneStallReasonLessStillAddsUp) {
  const RunAnalysis now = changed(shipped_run("fused"), [](core::RunRecord& run) {
    set_counter(run, "smsp__warps_issue_stalled_wait.sum", std::nullopt);
  });
  expect_sums(why(shipped_run("wmma"), now), "one reason less");
}

TEST(WhyMissing, TimesAreSaidToBeMissing) {
  const RunAnalysis& base = shipped_run("wmma");
  const RunAnalysis untimed = changed(base, [](core::RunRecord& run) {
    for (auto& measurement : run.measurements) measurement.samples.clear();
  });
  for (const Why& one : {why(base, untimed), why(untimed, base), why(untimed, untimed)}) {
    EXPECT_THAT(one.missing, HasSubstr("no graph time"));
    EXPECT_TRUE(one.causes.empty());
    EXPECT_TRUE(one.splits.empty());
  }
  const RunAnalysis wrong = changed(base, [](core::RunRecord& run) { run.answer = core::Answer::kWrong; });
  EXPECT_THAT(why(base, wrong).missing, HasSubstr("wrong"));
}

TEST(WhyMissing, ClocksLeaveTheRestToTheStates) {
  const auto without = [](core::RunRecord& run) {
    for (auto& measurement : run.measurements) {
      for (core::Sample& sample : measurement.samples) sample.effective_clock_mhz.reset();
    }
  };
  const Why one = why(changed(shipped_run("wmma"), without), shipped_run("fused"));
  expect_sums(one, "no clock");
  EXPECT_THAT(split_of(one, "clock").missing, HasSubstr("the base"));
  for (const WhyCause& cause : one.causes) EXPECT_NE(cause.id, "clock");
}

}  // namespace
}  // namespace flashcore::analysis
