#include "analysis/verdict/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "analysis/run_analysis.h"
#include "analysis/verdict/noise.h"
#include "tests/analysis/sample_run.h"
#include "tests/analysis/verdict/repeats.h"

namespace flashcore::analysis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using tests::Sides;

const Catalogue& catalogue() {
  static const Catalogue all = *Catalogue::builtin();
  return all;
}

// So many processes of the sample run; duration and clock as given, jittered a little.
std::vector<RunAnalysis> processes(int count, double ns, double mhz, core::RowId first = 1) {
  std::vector<RunAnalysis> all;
  for (int i = 0; i < count; ++i) {
    core::RunRecord run = sample_run();
    run.id = first + i;
    run.taken_at = "2026-11-22T00:49:05Z";
    run.environment.git_sha = "0123456789abcdef";
    auto& samples = measured(run, "timing").samples;
    samples.clear();
    add_samples(run, core::SampleKind::kGraph, ns, 40, mhz);
    for (std::size_t k = 0; k < samples.size(); ++k) {
      samples[k].duration_ns *= 1 + 0.0005 * static_cast<double>((k * 7 + static_cast<std::size_t>(i)) % 5);
    }
    all.push_back(analyse(std::move(run), catalogue()));
  }
  return all;
}

RunSet set_of(const std::vector<RunAnalysis>& runs, const char* word = "a word") {
  return Sides::set_of(word, runs);
}

Comparison compared(const std::vector<RunAnalysis>& base, const std::vector<RunAnalysis>& now,
                    const CompareOptions& options = {}) {
  return *compare(set_of(base), set_of(now), options);
}

std::string refusal(const std::vector<RunAnalysis>& base, const std::vector<RunAnalysis>& now) {
  const auto result = compare(set_of(base), set_of(now), {});
  return result ? "not refused" : result.error().message;
}

TEST(Compare, CallsAndConfirmsInCycles) {
  const auto base = processes(8, 500'000, 1800), now = processes(8, 450'000, 1800, 20);
  const Comparison c = compared(base, now);
  EXPECT_EQ(c.verdict, Verdict::kFaster);
  EXPECT_THAT(c.sentence, HasSubstr("FASTER by 10.0"));
  EXPECT_THAT(c.sentence, HasSubstr("confirmed in cycles"));
  EXPECT_EQ(c.label, "wmma on mission");
  EXPECT_EQ(compared(now, base).verdict, Verdict::kSlower);
  EXPECT_EQ(compared(base, processes(8, 500'000, 1800, 20)).verdict, Verdict::kSame);
}

TEST(Compare, AClockThatMovesIsNoKernelThatChanges) {
  const auto base = processes(8, 500'000, 1800);
  const Comparison slow = compared(base, processes(8, 525'000, 1800 / 1.05, 20));
  EXPECT_EQ(slow.verdict, Verdict::kSame);
  EXPECT_THAT(slow.sentence,
              testing::StartsWith("SAME kernel: time +5.00 % because the clock fell by 4.8 %"));
}

// Counter-cases of the above: what a moved clock does not explain is no SAME.
TEST(Compare, TimeAndCyclesThatDisagreeAreAmbiguous) {
  const auto base = processes(8, 500'000, 1800);
  // Worse code at a higher clock, or a kernel that waits for memory: the same numbers.
  const Comparison alone = compared(base, processes(8, 500'000, 1980, 20));
  ASSERT_EQ(alone.time.verdict, Verdict::kSame);
  ASSERT_EQ(alone.cycles->verdict, Verdict::kSlower);
  EXPECT_EQ(alone.verdict, Verdict::kAmbiguous);
  EXPECT_THAT(alone.sentence, HasSubstr("time and cycles disagree"));
  EXPECT_THAT(alone.sentence, HasSubstr("the clock rose by 10.0 %"));
  EXPECT_THAT(alone.sentence, HasSubstr("got worse while the clock rose"));
  EXPECT_THAT(alone.sentence, HasSubstr("compare --measure"));
  const Comparison better = compared(base, processes(8, 500'000, 1710, 20));
  EXPECT_THAT(better.sentence, HasSubstr("got better while the clock fell"));
  const Comparison opposed = compared(base, processes(8, 480'000, 1980, 20));
  ASSERT_EQ(opposed.time.verdict, Verdict::kFaster);
  ASSERT_EQ(opposed.cycles->verdict, Verdict::kSlower);
  EXPECT_EQ(opposed.verdict, Verdict::kAmbiguous);
  EXPECT_THAT(opposed.sentence, HasSubstr("the clock rose by 10.0 %"));
}

TEST(Compare, AClockThatHardlyMovedIsNoCause) {
  const auto base = processes(8, 500'000, 1800);
  const Comparison c = compared(base, processes(8, 504'900, 1800 * 0.998, 20));
  ASSERT_EQ(c.time.verdict, Verdict::kSlower) << c.time.because;
  ASSERT_EQ(c.cycles->verdict, Verdict::kSame) << c.cycles->because;
  EXPECT_EQ(c.verdict, Verdict::kSame);
  EXPECT_THAT(c.sentence, testing::StartsWith("SAME in cycles: +"));
  EXPECT_THAT(c.sentence, HasSubstr("clock -0.2 %"));
}

TEST(Compare, OneRunASideSaysThatTheSpreadIsAnExpectation) {
  auto base = processes(1, 20'000, 1800), now = processes(1, 20'000, 1800, 20);
  const Comparison here = compared(base, now);
  EXPECT_THAT(here.notes,
              Contains(HasSubstr("one run a side: how much processes differ is what was measured")));
  for (auto* side : {&base, &now}) side->front().run.device->chip = "AD104";
  const Comparison other = compared(base, now);
  EXPECT_THAT(other.notes, Contains(HasSubstr("another chip, so 2 times as much")));
  EXPECT_GT(*other.time.between_spread, 1.8 * *here.time.between_spread);
  EXPECT_THAT(compared(processes(2, 20'000, 1800), processes(1, 20'000, 1800, 20)).notes,
              testing::Not(Contains(HasSubstr("one run a side"))));
}

// Under a power cap: a clock that swings by 7 % in one slow wave, and time against it.
std::vector<RunAnalysis> capped(double cycles, double mhz, core::RowId first) {
  auto all = processes(8, 500'000, mhz, first);
  for (RunAnalysis& run : all) {
    auto& samples = measured(run.run, "timing").samples;
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const double phase = 6.283 * static_cast<double>(k) / static_cast<double>(samples.size());
      const double now = mhz * (1 + 0.07 * std::sin(phase + static_cast<double>(run.run.id)));
      samples[k].effective_clock_mhz = now;
      samples[k].duration_ns = cycles * (1 + 1e-5 * static_cast<double>(k % 3)) * 1000 / now;
    }
  }
  return all;
}

TEST(Compare, CyclesCallAloneOnlyWhereTheClockCannotHaveMovedThem) {
  const auto base = capped(900'000, 1800, 1);
  const Comparison slower = compared(base, capped(918'000, 1800, 20));
  ASSERT_EQ(slower.time.verdict, Verdict::kAmbiguous) << slower.time.because;
  EXPECT_EQ(slower.verdict, Verdict::kSlower) << slower.sentence;
  EXPECT_THAT(slower.sentence, HasSubstr("in cycles"));
  // Time did not move and the clock did, as where memory sets the time: no call.
  const Comparison memory = compared(base, capped(918'000, 1836, 20));
  ASSERT_EQ(memory.cycles->verdict, Verdict::kSlower);
  EXPECT_FALSE(tests::is_call(memory.verdict)) << memory.sentence;
  EXPECT_EQ(compared(base, capped(900'000, 1710, 20)).verdict, Verdict::kSame);
}

TEST(Compare, WithoutAClockTimeCallsAloneAndSaysSo) {
  const Comparison c = compared(processes(8, 500'000, 0), processes(8, 400'000, 0, 20));
  EXPECT_EQ(c.verdict, Verdict::kFaster);
  EXPECT_FALSE(c.cycles);
  EXPECT_THAT(c.sentence, HasSubstr("by time alone"));
}

TEST(Compare, RefusesWhatIsNotOfOneKindAndSaysEverything) {
  const auto base = processes(2, 10'000, 1800);
  auto now = base;
  for (RunAnalysis& run : now) {
    run.run.problem = *core::parse_problem("large");
    run.run.device->name = "NVIDIA A100";
    run.run.cache = core::CacheState::kCold;
  }
  const std::string message = refusal(base, now);
  EXPECT_THAT(message, HasSubstr("different problems: mission against large"));
  EXPECT_THAT(message, HasSubstr("NVIDIA H200 against NVIDIA A100"));
  EXPECT_THAT(message, HasSubstr("warm against cold"));
  CompareOptions anyway;
  anyway.anyway = true;
  const Comparison c = compared(base, now, anyway);
  EXPECT_THAT(c.notes, Contains(HasSubstr("compared anyway: they solve different problems")));
  auto nameless = base;
  nameless[0].run.problem.reset();
  EXPECT_THAT(refusal(base, nameless), HasSubstr("nothing says that both computed the same"));
  EXPECT_THAT(refusal(base, {}), HasSubstr("holds no runs"));
  auto other = base;
  for (RunAnalysis& run : other) run.run.subject.name = "fused";
  EXPECT_TRUE(objections(set_of(base), set_of(other)).empty());
}

TEST(Compare, WrongAnswersAndTimesThatAreNoneAreNamedAndNotUsed) {
  const auto base = processes(4, 500'000, 1800);
  auto now = processes(4, 500'000, 1800, 20);
  now[1].run.answer = core::Answer::kWrong;
  const double bad[] = {0, -3, std::numeric_limits<double>::quiet_NaN(),
                        std::numeric_limits<double>::infinity()};
  for (const double ns : bad) {
    measured(now[2].run, "timing").samples[5].duration_ns = ns;
    const Comparison c = compared(base, now);
    EXPECT_EQ(c.time.now_series.runs, 2);
    EXPECT_THAT(c.notes, Contains(HasSubstr("run 21: the answer is wrong")));
    EXPECT_THAT(c.notes, Contains(HasSubstr("run 22: graph sample 5 lasts")));
  }
  for (RunAnalysis& run : now) run.run.answer = core::Answer::kUnchecked;
  EXPECT_THAT(refusal(base, now), HasSubstr("has no times that are results"));
  CompareOptions anyway;
  anyway.anyway = true;
  EXPECT_EQ(compared(base, now, anyway).verdict, Verdict::kAmbiguous);
}

TEST(Compare, FewerThanThreeSamplesAreNoVerdict) {
  const auto base = processes(1, 500'000, 1800);
  auto now = processes(1, 500'000, 1800, 20);
  measured(now[0].run, "timing").samples.resize(2);
  const Comparison c = compared(base, now);
  EXPECT_EQ(c.verdict, Verdict::kAmbiguous);
  EXPECT_THAT(c.sentence, HasSubstr("now has 2 graph samples of a run; a verdict needs 3"));
  EXPECT_EQ(c.time.more_samples, 1);
  measured(now[0].run, "timing").samples.clear();
  EXPECT_THAT(refusal(base, now), HasSubstr("it has no graph samples"));
}

TEST(Compare, ImportsNeedSamples) {
  const auto base = processes(2, 20'000, 1800);
  core::RunRecord record = imported_run();
  record.problem = base[0].run.problem;
  record.cache = base[0].run.cache;
  std::vector<RunAnalysis> import;
  import.push_back(analyse(record, catalogue()));
  EXPECT_THAT(refusal(base, import), HasSubstr("imported without samples"));
  add_samples(record, core::SampleKind::kGraph, 20'000, 20, 0);
  import[0] = analyse(record, catalogue());
  EXPECT_THAT(compared(base, import).notes, Contains(HasSubstr("now: imported")));
}

TEST(Compare, MetricsAreJudgedByWhereTheyComeFrom) {
  auto base = processes(8, 500'000, 1800), now = processes(8, 450'000, 1800, 20);
  for (auto* side : {&base, &now}) {
    for (RunAnalysis& run : *side) {
      core::RunRecord record = run.run;
      measured(record, "resources").resources[0].registers = side == &base ? 168 : 128;
      add_counter(record, "sm__inst_executed.sum", side == &base ? 1e6 : 8e5);
      run = analyse(std::move(record), catalogue());
    }
  }
  const Comparison c = compared(base, now);
  const auto find = [&](const char* id) -> const MetricComparison& {
    return *std::find_if(c.metrics.begin(), c.metrics.end(),
                         [&](const auto& m) { return m.metric->id == id; });
  };
  EXPECT_TRUE(find("registers").exact);
  EXPECT_EQ(find("registers").judgement.verdict, Verdict::kFaster);
  EXPECT_EQ(find("duration").judgement.verdict, c.verdict);
  EXPECT_EQ(*find("duration").judgement.change, *c.time.change);
  EXPECT_EQ(find("achieved_flops").judgement.verdict, c.verdict);
  EXPECT_NEAR(*find("achieved_flops").judgement.change, 1 / 0.9 - 1, 1e-6);
  EXPECT_LT(*find("achieved_flops").judgement.low, *find("achieved_flops").judgement.high);
  EXPECT_EQ(find("instructions").judgement.verdict, Verdict::kFaster)
      << find("instructions").judgement.because;
  EXPECT_LT(find("instructions").judgement.confidence, 1.0);
  EXPECT_THAT(find("dram_bytes").missing, HasSubstr("base: "));
  for (const MetricComparison& metric : c.metrics) EXPECT_NE(metric.metric->direction, Direction::kNeutral);
}

// What follows from the time may not contradict it: a moved clock is no better rate.
TEST(Compare, RatesSayWhatTheTimeSays) {
  const Comparison c = compared(processes(8, 500'000, 1800), processes(8, 525'000, 1800 / 1.05, 20));
  for (const MetricComparison& metric : c.metrics) {
    const std::string& id = metric.metric->id;
    if (id == "duration" || id == "achieved_flops" || id == "limit_share" || id == "duration_cycles") {
      EXPECT_EQ(metric.judgement.verdict, Verdict::kSame) << id;
    }
  }
}

TEST(Compare, CountersOfFourProcessesOfOneKernelAreNoChange) {
  int judged = 0;
  for (const auto& file : tests::repeat_files()) {
    std::map<std::string, std::vector<RunAnalysis>> by;
    for (core::RunRecord& run : tests::read_recording(file)) {
      if (run.measured_by("cupti").empty()) continue;
      std::string label = run_label(run);
      by[std::move(label)].push_back(analyse(std::move(run), catalogue()));
    }
    for (auto& [label, runs] : by) {
      ASSERT_EQ(runs.size(), 4U);
      for (const std::size_t half : {1, 2}) {
        const std::vector<RunAnalysis> base(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(half));
        const std::vector<RunAnalysis> now(runs.begin() + static_cast<std::ptrdiff_t>(half), runs.end());
        for (const MetricComparison& m : compared(base, now).metrics) {
          if (!m.missing.empty()) continue;
          ++judged;
          EXPECT_FALSE(tests::is_call(m.judgement.verdict))
              << label << ", " << m.metric->id << ": " << *m.judgement.base << " -> " << *m.judgement.now
              << ", " << m.judgement.because;
        }
      }
    }
  }
  EXPECT_GT(judged, 600);
}

TEST(Compare, TellsTimesAndConditionsApart) {
  auto base = processes(2, 500'000, 1800), now = processes(2, 500'000, 1800, 20);
  EXPECT_EQ(compared(base, now).time.apart_spread, 0);
  for (RunAnalysis& run : now) run.run.taken_at = "2026-11-22T01:30:00Z";
  EXPECT_GT(compared(base, now).time.apart_spread, 0.001);
  EXPECT_THAT(compared(base, now).notes, Contains(HasSubstr("taken at another time")));
  // Both sides at both hours: nothing between them.
  base[1].run.taken_at = now[1].run.taken_at;
  now[0].run.taken_at = base[0].run.taken_at;
  EXPECT_EQ(compared(base, now).time.apart_spread, 0);
  for (RunAnalysis& run : now) measured(run.run, "timing").parameters["beside"] = "a counting process";
  EXPECT_THAT(compared(base, now).notes, Contains(HasSubstr("under other conditions")));
}

TEST(Compare, NamesOfTenThousandCharactersStayReadable) {
  auto base = processes(1, 500'000, 1800), now = processes(1, 500'000, 1800, 20);
  const std::string endless(10'000, 'x');
  base[0].run.subject.name = endless;
  now[0].run.device->name = endless;
  now[0].run.environment.driver = endless;
  EXPECT_LT(refusal(base, now).size(), 1500U);
  CompareOptions anyway;
  anyway.anyway = true;
  for (const std::string& note : compared(base, now, anyway).notes) EXPECT_LT(note.size(), 1500U);
}

TEST(Compare, ALaterSideThatOnlyAnswersWrongDoesNotPassSilently) {
  auto base = processes(2, 500'000, 1800), now = processes(2, 500'000, 1800, 20);
  now[0].run.answer = now[1].run.answer = core::Answer::kWrong;
  Pairing pairing{.pairs = {{set_of(base), set_of(now)}}, .only_base = {}, .only_now = {}, .notes = {}};
  const auto alone = compare_all(pairing, {});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, core::ErrorCode::kWrongAnswer);
  EXPECT_THAT(alone.error().message, testing::StartsWith("WRONG ANSWER: wmma on mission"));
  const auto right = processes(2, 500'000, 1800, 40);
  pairing.pairs.push_back({set_of(base), set_of(right)});
  const auto beside = compare_all(pairing, {});
  ASSERT_TRUE(beside);
  EXPECT_THAT(beside->wrong_now, testing::ElementsAre("wmma on mission"));
  EXPECT_THAT(beside->notes, Contains(testing::StartsWith("WRONG ANSWER: wmma on mission")));
  // Both sides wrong: no later fault. Some of them right: told in the pair's notes.
  now[1].run.answer = core::Answer::kRight;
  EXPECT_THAT(compare_all(pairing, {})->wrong_now, testing::IsEmpty());
  now[1].run.answer = base[0].run.answer = base[1].run.answer = core::Answer::kWrong;
  EXPECT_EQ(compare_all(pairing, {}).error().code, core::ErrorCode::kUsage);
}

// --- pairs -----------------------------------------------------------------------------------------------

std::vector<RunAnalysis> of(std::initializer_list<std::pair<const char*, const char*>> what,
                            const char* commit, const char* taken_at = "2026-11-22T00:49:05Z") {
  std::vector<RunAnalysis> all;
  for (const auto& [subject, problem] : what) {
    all.push_back(processes(1, 500'000, 1800).front());
    all.back().run.subject.name = subject;
    all.back().run.problem = *core::parse_problem(problem);
    all.back().run.environment.git_sha = commit;
    all.back().run.taken_at = taken_at;
  }
  return all;
}

TEST(PairUp, OneSubjectEachWhateverItIs) {
  const auto base = of({{"baseline", "mission"}}, "a"), now = of({{"wmma", "mission"}}, "a");
  const Pairing pairing = pair_up("b", base, "n", now);
  ASSERT_EQ(pairing.pairs.size(), 1U);
  EXPECT_EQ(compare_all(pairing, {})->all[0].label, "baseline on mission -> wmma on mission");
  const Pairing many = pair_up("b", of({{"baseline", "mission"}, {"baseline", "large"}}, "a"), "n",
                               of({{"wmma", "large"}}, "a"));
  ASSERT_EQ(many.pairs.size(), 1U);
  EXPECT_THAT(many.only_base, testing::ElementsAre("baseline on mission"));
}

TEST(PairUp, EqualSubjectsAndProblemsOthersAreListed) {
  const auto base = of({{"wmma", "mission"}, {"fused", "mission"}, {"wmma", "large"}}, "a");
  const auto now = of({{"fused", "mission"}, {"wmma", "mission"}, {"cudnn", "mission"}}, "b");
  const Pairing pairing = pair_up("b", base, "n", now);
  ASSERT_EQ(pairing.pairs.size(), 2U);
  EXPECT_EQ(pairing.pairs[0].now.runs[0]->run.subject.name, "wmma");
  EXPECT_THAT(pairing.only_base, testing::ElementsAre("wmma on large"));
  EXPECT_THAT(pairing.only_now, testing::ElementsAre("cudnn on mission"));
  const auto result = compare_all(pairing, {});
  ASSERT_TRUE(result);
  EXPECT_DOUBLE_EQ(result->all[0].time.confidence, 0.995);  // two verdicts share the level
}

TEST(PairUp, OfSeveralBuildsTheNewest) {
  auto base = of({{"wmma", "mission"}, {"wmma", "mission"}}, "old", "2026-01-01T00:00:00Z");
  for (auto& run : of({{"wmma", "mission"}}, "new")) base.push_back(run);
  const auto now = of({{"wmma", "mission"}}, "new");
  const Pairing pairing = pair_up("all of it", base, "n", now);
  ASSERT_EQ(pairing.pairs.size(), 1U);
  EXPECT_EQ(pairing.pairs[0].base.runs.size(), 1U);
  EXPECT_THAT(pairing.notes, Contains(HasSubstr("runs of 2 builds")));
}

TEST(PairUp, NothingToCompareIsAnError) {
  const auto base = of({{"wmma", "mission"}, {"fused", "mission"}}, "a"), now = of({{"cudnn", "large"}}, "a");
  const auto result = compare_all(pair_up("b", base, "n", now), {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("wmma on mission"));
  EXPECT_FALSE(compare_all(pair_up("b", {}, "n", {}), {}));
}

}  // namespace
}  // namespace flashcore::analysis
