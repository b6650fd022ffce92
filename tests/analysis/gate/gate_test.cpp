// Limits held against runs: kept, broken, ambiguous, missing.
#include "analysis/gate/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/sample_runs.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;
using tests::measurement_of;
using tests::sample_run;

const Catalogue& catalogue() {
  static const Catalogue kBuiltin = *Catalogue::builtin();
  return kBuiltin;
}

using Runs = std::vector<core::RunRecord>;

class Gate : public ::testing::Test {
 protected:
  static std::vector<RunAnalysis> analysed(Runs records) {
    std::vector<RunAnalysis> all;
    for (core::RunRecord& run : records) {
      run.id = static_cast<core::RowId>(++ids_);
      all.push_back(analyse(std::move(run), catalogue()));
    }
    return all;
  }
  // The result of one limit; `file_` keeps what its rows point into.
  GateResult check(const std::string& keys, Runs runs) {
    auto file = parse_gate_file("[[limit]]\nname = \"it\"\n" + keys, "x.toml", catalogue());
    EXPECT_TRUE(file) << core::to_text(file.error());
    if (!file) return {};
    file_ = std::move(*file);
    const auto judged = analysed(std::move(runs));
    auto result = check_gates(file_, judged,
                              [&](const std::string& word) -> core::Result<std::vector<RunAnalysis>> {
                                ++asked_[word];
                                if (const auto found = bases_.find(word); found != bases_.end())
                                  return analysed(found->second);
                                return core::fail(error_, "'" + word + "' names no runs");
                              },
                              {});
    if (!result) last_error_ = result.error();
    return result ? std::move(*result) : GateResult{};
  }
  GateRow one(const std::string& keys, Runs runs) {
    const GateResult result = check(keys, std::move(runs));
    EXPECT_EQ(result.rows.size(), 1U);
    return result.rows.empty() ? GateRow{} : result.rows.front();
  }
  GateState state(const std::string& keys, Runs runs) { return one(keys, std::move(runs)).state; }

  GateFile file_;
  std::map<std::string, Runs> bases_;
  std::map<std::string, int> asked_;
  core::ErrorCode error_ = core::ErrorCode::kUsage;
  std::optional<core::Error> last_error_;
  static inline int ids_ = 0;
};

core::RunRecord run_of(const std::string& phase, double ns, double spread = 1, int samples = 100) {
  core::RunRecord run = sample_run(phase, 2, "mission", ns);
  auto& timing = measurement_of(run, "timing");
  timing.samples.clear();
  for (int i = 0; i < samples; ++i) {
    const double at = ns * (1 + 0.001 * spread * ((i * 37) % 11 - 5));
    timing.samples.push_back({core::SampleKind::kGraph, i, 50, at, 1980.0, {}, {}});
  }
  return run;
}
Runs several(const std::string& phase, double ns, int count, double spread = 1) {
  Runs runs;
  for (int i = 0; i < count; ++i) runs.push_back(run_of(phase, ns * (1 + 0.0002 * i), spread));
  return runs;
}
Runs together(Runs a, const Runs& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
core::RunRecord with_registers(int registers, const std::string& phase = "wmma") {
  core::RunRecord run = run_of(phase, 40'000);
  measurement_of(run, "resources").resources.front().registers = registers;
  return run;
}

TEST_F(Gate, BothBoundsAreAllowedThemselves) {
  const std::string at_most = "metric = \"registers\"\nmax = 120\n";
  EXPECT_EQ(state(at_most, {with_registers(119)}), GateState::kKept);
  EXPECT_EQ(state(at_most, {with_registers(120)}), GateState::kKept);
  EXPECT_EQ(state(at_most, {with_registers(121)}), GateState::kBroken);
  const std::string at_least = "metric = \"registers\"\nmin = 120\n";
  EXPECT_EQ(state(at_least, {with_registers(119)}), GateState::kBroken);
  EXPECT_EQ(state(at_least, {with_registers(120)}), GateState::kKept);
  const std::string both = "metric = \"registers\"\nmin = 100\nmax = 120\n";
  EXPECT_EQ(state(both, {with_registers(99)}), GateState::kBroken);
  EXPECT_EQ(state(both, {with_registers(110)}), GateState::kKept);
  EXPECT_EQ(state(both, {with_registers(121)}), GateState::kBroken);
}

TEST_F(Gate, SaysValueAndLimitWithUnitsThatDiffer) {
  const GateRow row = one("metric = \"registers\"\nmax = 120\n", {with_registers(142)});
  EXPECT_EQ(row.value, "142 registers");
  EXPECT_EQ(row.allowed, "at most 120 registers");
  EXPECT_EQ(row.label, "wmma on mission");
  EXPECT_EQ(row.measured, 142);
  EXPECT_EQ(row.runs, 1);
  // A value that would round to the limit is written so that it does not.
  const GateRow near = one("metric = \"duration\"\nmax = 40_000\n", {run_of("wmma", 40'001, 0)});
  EXPECT_EQ(near.state, GateState::kBroken);
  EXPECT_NE("at most " + near.value, near.allowed);
  EXPECT_EQ(one("metric = \"shared_bytes\"\nmax = 65536\n", {run_of("wmma", 40'000)}).allowed,
            "at most 65.536 kB");
}

TEST_F(Gate, AnyRunPastAnExactLimitBreaksItAndMeasuredOnesAreMedians) {
  const GateRow exact = one("metric = \"registers\"\nmax = 120\n",
                            {with_registers(96), with_registers(140), with_registers(96)});
  EXPECT_EQ(exact.state, GateState::kBroken);
  EXPECT_THAT(exact.sentence, HasSubstr("the worst of 3 runs"));
  const Runs slow_one{run_of("wmma", 40'000), run_of("wmma", 40'100), run_of("wmma", 90'000)};
  const GateRow measured = one("metric = \"duration\"\nmax = 41_000\n", slow_one);
  EXPECT_EQ(measured.state, GateState::kKept);
  EXPECT_EQ(measured.runs, 3);
  EXPECT_THAT(measured.sentence, HasSubstr("the median of 3 runs"));
}

TEST_F(Gate, AnyKernelOfALaunchPastALimitBreaksIt) {
  core::RunRecord run = run_of("wmma", 40'000);
  auto& resources = measurement_of(run, "resources");
  core::KernelRecord second = resources.kernels.front();
  second.ordinal = 1;
  second.name = "combine_kernel";
  core::ResourceRecord more = resources.resources.front();
  more.kernel = 1;
  more.registers = 200;
  more.dynamic_shared_bytes = 60'000;
  resources.kernels.push_back(second);
  resources.resources.push_back(more);
  run.kernels.push_back(second);
  const GateRow row = one("metric = \"registers\"\nmax = 120\n", {run});
  EXPECT_EQ(row.state, GateState::kBroken);
  EXPECT_EQ(row.measured, 200);
  EXPECT_THAT(row.sentence, HasSubstr("of kernel combine_kernel"));
  EXPECT_EQ(one("metric = \"shared_bytes\"\nmax = 1\n", {run}).measured, 61'024);
}

TEST_F(Gate, ErrorsAreThoseOfTheWorstCheck) {
  core::RunRecord run = run_of("wmma", 40'000);
  measurement_of(run, "check").checks[1].max_error = 0.5;
  EXPECT_EQ(one("metric = \"max_error\"\nmax = 0.06\n", {run}).measured, 0.5);
  EXPECT_EQ(state("metric = \"max_error\"\nmax = 0.5\n", {run}), GateState::kKept);
  EXPECT_EQ(state("metric = \"error_share\"\nmax = 1\n", {run}), GateState::kBroken);
  EXPECT_EQ(state("metric = \"error_share\"\nmax = 1\n", {run_of("wmma", 40'000)}), GateState::kKept);
  measurement_of(run, "check").checks[1].max_error = 0;
  measurement_of(run, "check").checks[1].nan_count = 3;
  const GateRow nan = one("metric = \"max_error\"\nmax = 1e30\n", {run});
  EXPECT_EQ(nan.state, GateState::kBroken);
  EXPECT_EQ(nan.value, "NaN or Inf");
  EXPECT_FALSE(nan.measured);
  EXPECT_EQ(state("metric = \"max_error\"\nmax = 1\n", {tests::sample_head("wmma", 2, "mission")}),
            GateState::kMissing);
}

TEST_F(Gate, TheAnswerMustBeRight) {
  const std::string answer = "metric = \"answer\"\n";
  EXPECT_EQ(state(answer, {run_of("wmma", 40'000)}), GateState::kKept);
  core::RunRecord wrong = tests::sample_head("wmma", 2, "mission");
  core::add_measurement(wrong, tests::sample_check(*core::attention_of(*wrong.problem), false));
  const GateRow row = one(answer, {run_of("wmma", 40'000), wrong});
  EXPECT_EQ(row.state, GateState::kBroken);
  EXPECT_THAT(row.sentence, HasSubstr("WRONG"));
  EXPECT_EQ(state(answer, {tests::sample_head("wmma", 2, "mission")}), GateState::kMissing);
  // Its time is no result, so a limit of time is missing and not kept.
  EXPECT_EQ(state("metric = \"duration\"\nmax = 1e12\n", {wrong}), GateState::kMissing);
}

TEST_F(Gate, WhatMatchesNoRunIsMissingAndFails) {
  const Runs runs{run_of("wmma", 40'000)};
  GateResult result = check("metric = \"registers\"\nmax = 120\nphases = [\"wmm\"]\n", runs);
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].state, GateState::kMissing);
  EXPECT_EQ(result.rows[0].sentence, "no run of phase 'wmm'; did you mean wmma?");
  EXPECT_FALSE(result.passed(false));
  result = check("metric = \"registers\"\nmax = 120\nphases = [\"wmma\", \"fused\"]\n", runs);
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_EQ(result.rows[0].state, GateState::kKept);
  EXPECT_EQ(result.rows[1].state, GateState::kMissing);
  EXPECT_FALSE(result.passed(false));
  result = check("metric = \"registers\"\nmax = 120\nproblems = [\"long\"]\n", runs);
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].sentence, "no run on long");
  for (const char* other : {"device = \"A100\"\n", "cache = \"cold\"\n"}) {
    result = check("metric = \"registers\"\nmax = 120\n" + std::string(other), runs);
    ASSERT_EQ(result.rows.size(), 1U) << other;
    EXPECT_EQ(result.rows[0].state, GateState::kMissing) << other;
    EXPECT_FALSE(result.passed(false));
    result = check("metric = \"registers\"\nmax = 120\noptional = true\n" + std::string(other), runs);
    EXPECT_EQ(result.count(GateState::kMissing), 1);
    EXPECT_FALSE(result.passed(true)) << "optional";
  }
  EXPECT_EQ(check("metric = \"registers\"\nmax = 120\n", {}).count(GateState::kMissing), 1);
  EXPECT_FALSE(GateResult{}.passed(false));
}

TEST_F(Gate, AMissingValueIsMissingWithItsReason) {
  const GateRow row = one("metric = \"tensor_pipe_active\"\nmin = 50\n", {run_of("wmma", 40'000)});
  EXPECT_EQ(row.state, GateState::kMissing);
  EXPECT_THAT(row.sentence, HasSubstr("was not collected"));
  EXPECT_EQ(row.value, "missing");
}

TEST_F(Gate, ARegressionIsBrokenAnImprovementIsNot) {
  const std::string keys = "metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n";
  bases_["main"] = several("wmma", 40'000, 5);
  const GateRow slower = one(keys, several("wmma", 44'000, 5));
  EXPECT_EQ(slower.state, GateState::kBroken) << slower.sentence;
  EXPECT_NEAR(*slower.measured, 0.10, 0.002);
  EXPECT_THAT(slower.value, ::testing::StartsWith("+10.0 % (+"));
  EXPECT_EQ(slower.allowed, "at most 2 % worse than main");
  EXPECT_THAT(slower.sentence, HasSubstr("SLOWER"));
  EXPECT_THAT(slower.sentence, HasSubstr("against 5 runs of main at 0123456789ab"));
  EXPECT_EQ(state(keys, several("wmma", 36'000, 5)), GateState::kKept);
  const GateRow same = one(keys, several("wmma", 40'010, 5));
  EXPECT_EQ(same.state, GateState::kKept) << same.sentence;
  EXPECT_EQ(
      state("metric = \"duration\"\nbase = \"main\"\nmax_change = \"20%\"\n", several("wmma", 44'000, 5)),
      GateState::kKept);
}

// The clock moved and the kernel did not: its cycles are the same.
TEST_F(Gate, AnotherClockIsNoRegression) {
  bases_["main"] = several("wmma", 40'000, 5);
  Runs slow = several("wmma", 44'000, 5);
  for (core::RunRecord& run : slow) {
    for (core::Sample& sample : measurement_of(run, "timing").samples) sample.effective_clock_mhz = 1800.0;
  }
  const GateRow row = one("metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n", slow);
  EXPECT_EQ(row.state, GateState::kKept) << row.sentence;
}

TEST_F(Gate, NoiseIsAmbiguousAndFailsWhenStrict) {
  bases_["main"] = several("wmma", 40'000, 2, 30);
  Runs noisy{run_of("wmma", 38'000, 30), run_of("wmma", 44'500, 30)};
  const GateResult result = check("metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n", noisy);
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].state, GateState::kAmbiguous) << result.rows[0].sentence;
  EXPECT_TRUE(result.passed(false));
  EXPECT_FALSE(result.passed(true));
  EXPECT_EQ(result.summary(), "0 kept, 0 broken, 1 ambiguous, 0 missing");
}

TEST_F(Gate, AMetricIsComparedInItsDirection) {
  bases_["main"] = {with_registers(100), with_registers(100)};
  const std::string keys = "metric = \"registers\"\nbase = \"main\"\nmax_change = \"5%\"\n";
  EXPECT_EQ(state(keys, {with_registers(100)}), GateState::kKept);
  EXPECT_EQ(state(keys, {with_registers(80)}), GateState::kKept);
  EXPECT_EQ(state(keys, {with_registers(104)}), GateState::kKept);
  EXPECT_EQ(state(keys, {with_registers(110)}), GateState::kBroken);
  const std::string none = "metric = \"registers\"\nbase = \"main\"\nmax_change = \"0%\"\n";
  EXPECT_EQ(state(none, {with_registers(100)}), GateState::kKept);
  EXPECT_EQ(state(none, {with_registers(101)}), GateState::kBroken);
  // Where more is better.
  bases_["main"] = several("wmma", 40'000, 5);
  const std::string flops = "metric = \"achieved_flops\"\nbase = \"main\"\nmax_change = \"2%\"\n";
  EXPECT_EQ(state(flops, several("wmma", 36'000, 5)), GateState::kKept);
  EXPECT_EQ(state(flops, several("wmma", 48'000, 5)), GateState::kBroken);
}

TEST_F(Gate, SpillsFromNothingAreBrokenThoughNoPercentageSaysSo) {
  bases_["main"] = {run_of("wmma", 40'000)};
  core::RunRecord spilling = run_of("wmma", 40'000);
  measurement_of(spilling, "resources").resources.front().spill_store_bytes = 8;
  const std::string keys = "metric = \"spill_bytes\"\nbase = \"main\"\nmax_change = \"50%\"\n";
  EXPECT_EQ(state(keys, {spilling}), GateState::kBroken);
  EXPECT_EQ(state(keys, {run_of("wmma", 40'000)}), GateState::kKept);
}

// The allowance is what matters to who wrote it: a smallest effect above it must not swallow it.
TEST_F(Gate, AnAllowanceBelowTheSmallestEffectIsJudgedByItself) {
  const auto allowed = [this](const char* change) {
    bases_["main"] = several("baseline", 500'000, 16);
    return state("metric = \"duration\"\nbase = \"main\"\nmax_change = \"" + std::string(change) + "\"\n",
                 several("baseline", 503'000, 16));
  };
  EXPECT_EQ(allowed("0.2%"), GateState::kBroken);
  EXPECT_EQ(allowed("2%"), GateState::kKept);
}

TEST_F(Gate, OnlyWhatBelongsTogetherIsCompared) {
  const std::string keys = "metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n";
  bases_["main"] = several("fused", 10'000, 3);
  const GateRow none = one(keys, several("wmma", 40'000, 3));
  EXPECT_EQ(none.state, GateState::kMissing);
  EXPECT_EQ(none.sentence, "main holds no run of wmma on mission");
  Runs cold = several("wmma", 10'000, 3);
  for (core::RunRecord& run : cold) run.cache = core::CacheState::kCold;
  bases_["main"] = cold;
  EXPECT_EQ(state(keys, several("wmma", 40'000, 3)), GateState::kMissing);
  bases_.clear();
  const GateResult result = check(keys + "optional = true\n", several("wmma", 40'000, 3));
  EXPECT_EQ(result.rows.front().sentence, "'main' names no runs");
  EXPECT_FALSE(result.passed(true));
  EXPECT_FALSE(check(keys, several("wmma", 40'000, 3)).passed(false));
}

TEST_F(Gate, OneWrongAnswerAmongTheRunsLeavesNoTime) {
  Runs runs{run_of("wmma", 40'000), run_of("wmma", 40'000)};
  runs.back().answer = core::Answer::kWrong;
  const GateRow row = one("metric = \"duration\"\nmax = 90_000", std::move(runs));
  EXPECT_EQ(row.state, GateState::kMissing);
  EXPECT_NE(row.sentence.find("a wrong answer has no time"), std::string::npos);
}

TEST_F(Gate, WarmAndColdCachesAreTwoSeries) {
  core::RunRecord cold = run_of("wmma", 90'000);
  cold.cache = core::CacheState::kCold;
  const GateResult result = check("metric = \"duration\"\nmax = 50_000\n", {run_of("wmma", 40'000), cold});
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_EQ(result.rows[0].state, GateState::kKept);
  EXPECT_EQ(result.rows[1].state, GateState::kBroken);
  EXPECT_EQ(result.rows[1].label, "wmma on mission, cold caches");
}

// One sentence, not one a run.
TEST_F(Gate, ABaseThatIsNotThereIsOneRow) {
  const Runs runs{run_of("wmma", 40'000), run_of("fused", 10'000)};
  const GateRow row = one("metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n", runs);
  EXPECT_EQ(row.state, GateState::kMissing);
  EXPECT_EQ(row.label, "2 series");
}

TEST_F(Gate, ABaseIsAskedOnceAndItsOwnErrorsAreTold) {
  auto file = parse_gate_file(
      "[[limit]]\nname = \"a\"\nmetric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n"
      "[[limit]]\nname = \"b\"\nmetric = \"registers\"\nbase = \"main\"\nmax_change = \"2%\"\n",
      "x.toml", catalogue());
  ASSERT_TRUE(file);
  const auto judged = analysed(several("wmma", 40'000, 2));
  int asked = 0;
  const auto found = check_gates(
      *file, judged,
      [&](const std::string&) {
        return ++asked, core::Result<std::vector<RunAnalysis>>(analysed(several("wmma", 40'000, 2)));
      },
      {});
  ASSERT_TRUE(found);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(found->rows.size(), 2U);
  error_ = core::ErrorCode::kDatabase;
  check("metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n", several("wmma", 40'000, 2));
  ASSERT_TRUE(last_error_);
  EXPECT_EQ(last_error_->code, core::ErrorCode::kDatabase);
}

// On the main branch itself `base = "main"` names the runs that are judged.
TEST_F(Gate, ARunIsNoBaseOfItself) {
  auto file = parse_gate_file(
      "[[limit]]\nname = \"a\"\nmetric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n", "x.toml",
      catalogue());
  const auto judged = analysed(several("wmma", 40'000, 2));
  const auto result = check_gates(
      *file, judged, [&](const std::string&) { return core::Result<std::vector<RunAnalysis>>(judged); }, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->rows.front().state, GateState::kMissing);
  EXPECT_EQ(result->rows.front().sentence, "main names no other runs than those judged");
}

TEST_F(Gate, ASpeedupIsHeldAgainstTheReferenceOnTheSameProblem) {
  const Runs runs = together(several("wmma", 40'000, 4), several("fused", 10'000, 4));
  const auto speedup = [&](const char* least, const char* more = "") {
    return one(
        "phases = [\"fused\"]\nreference = \"wmma\"\nmin_speedup = " + std::string(least) + "\n" + more,
        runs);
  };
  const GateRow kept = speedup("3");
  EXPECT_EQ(kept.state, GateState::kKept) << kept.sentence;
  EXPECT_NEAR(*kept.measured, 4.0, 0.01);
  EXPECT_LT(*kept.low, *kept.measured);
  EXPECT_GT(*kept.high, *kept.measured);
  EXPECT_EQ(kept.allowed, "at least 3x wmma");
  EXPECT_EQ(speedup("5").state, GateState::kBroken);
  EXPECT_EQ(speedup("4.0").state, GateState::kAmbiguous) << "the limit lies within the interval";
  // More likely kept than not is not kept.
  const auto between = std::to_string((*kept.low + *kept.measured) / 2),
             above = std::to_string(*kept.high + 0.01);
  EXPECT_EQ(speedup(between.c_str()).state, GateState::kAmbiguous) << between;
  EXPECT_EQ(speedup(above.c_str()).state, GateState::kBroken) << above;
  // The reference is not held against itself.
  EXPECT_EQ(check("reference = \"wmma\"\nmin_speedup = 2\n", runs).rows.size(), 1U);
  const GateRow none = one("phases = [\"fused\"]\nreference = \"wmm\"\nmin_speedup = 2\n", runs);
  EXPECT_EQ(none.state, GateState::kMissing);
  EXPECT_EQ(none.sentence, "no run of the reference 'wmm' beside fused on mission; did you mean wmma?");
}

TEST_F(Gate, TheNewestBuildIsJudgedAndOlderOnesAreNoted) {
  core::RunRecord old = with_registers(200);
  old.environment.git_sha = std::string(40, '1');
  old.taken_at = "2025-01-01T00:00:00Z";
  const GateResult result = check("metric = \"registers\"\nmax = 120\n", {with_registers(96), old});
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows.front().state, GateState::kKept);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_EQ(result.notes.front(),
            "wmma on mission: 1 run(s) of other builds were left out, the newest build is judged");
}

TEST_F(Gate, FewAndOddSamplesAreNeverKeptBySilence) {
  const std::string keys = "metric = \"duration\"\nbase = \"main\"\nmax_change = \"2%\"\n";
  bases_["main"] = {run_of("wmma", 40'000, 1, 2)};
  const GateRow few = one(keys, {run_of("wmma", 60'000, 1, 2)});
  EXPECT_NE(few.state, GateState::kKept) << few.sentence;
  bases_["main"] = {run_of("wmma", 0, 1, 20)};
  EXPECT_NE(state(keys, {run_of("wmma", 40'000)}), GateState::kKept);
}

}  // namespace
}  // namespace flashcore::analysis
