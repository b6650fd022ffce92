// Runs of a session that are taken together: prepared and timed as far as the memory holds them, counted in
// shared passes, and where the time of it all goes.
#include <map>
#include <thread>

#include "tests/app/session/profile_fixture.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::MeasurementStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::FakeWorld;

// --- a problem's runs together -----------------------------------------------------------------------------

TEST_F(Profile, ThePhasesOfAProblemAreCheckedTimedAndCheckedAgainTogether) {
  well();
  const std::vector<std::string> expected{"begin cupti",      "look for slow,fast,other",
                                          "driver",           "ahead slow,fast,other",
                                          "start cupti",      "prepare slow",
                                          "prepare fast",     "prepare other",
                                          "load peaked tiny", "peaked slow",
                                          "peaked fast",      "peaked other",
                                          "load normal tiny", "normal slow",
                                          "normal fast",      "normal other",
                                          "poison slow",      "poison fast",
                                          "poison other",     "settle cupti",
                                          "resources slow",   "resources fast",
                                          "resources other",  "together timing slow,fast,other",
                                          "timing slow",      "timing fast",
                                          "timing other",     "check after slow",
                                          "check after fast", "check after other",
                                          "finish launching", "together cupti slow,fast,other",
                                          "cupti slow",       "cupti fast",
                                          "cupti other"};
  EXPECT_EQ(world_.log, expected);
  for (const auto& run : stored()) {
    const auto checks = run.measured_by("check");
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0]->parameters.at("moment"), "before timing");
    ASSERT_EQ(checks[0]->checks.size(), 2U);
    EXPECT_EQ(checks[0]->checks[0].input, "peaked");
    EXPECT_EQ(checks[0]->checks[0].seed, 12345U);
    EXPECT_EQ(checks[0]->checks[1].input, "normal");
    EXPECT_EQ(checks[0]->checks[1].seed, request_.seed);
    EXPECT_EQ(checks[1]->parameters.at("moment"), "after timing");
    ASSERT_EQ(checks[1]->checks.size(), 1U);
    EXPECT_EQ(checks[1]->checks[0].input, "normal");
  }
}

TEST_F(Profile, OneProblemIsDoneBeforeTheNextIsPrepared) {
  request_.problems.push_back(*core::parse_problem("small"));
  well();
  EXPECT_EQ(world_.most_prepared, 3);
  EXPECT_LT(at("check after other"), at("load peaked small"));
  EXPECT_EQ(stored().size(), 6U);
}

// 60% of the device's 141 GiB are 84.6.
TEST_F(Profile, AsManyPhasesAreTogetherAsTheMemoryHolds) {
  world_.subject_bytes = std::int64_t{40} << 30;
  world_.shared_bytes = 0;
  well();
  EXPECT_EQ(world_.most_prepared, 2);
  EXPECT_THAT(world_.log, Contains("together timing slow,fast"));
  EXPECT_THAT(world_.log, Contains("together timing other"));
  for (const auto& run : stored()) EXPECT_EQ(collectors_of(run), kAllOfARun);
}

TEST_F(Profile, WhatTheyShareCountsOnce) {
  world_.subject_bytes = std::int64_t{40} << 30;
  world_.shared_bytes = std::int64_t{30} << 30;
  well();
  EXPECT_EQ(world_.most_prepared, 3);
}

TEST_F(Profile, WhereTheMemoryIsTakenByOthersFewerAreTogether) {
  fail_at("prepare", 3, {ErrorCode::kUsage, "the device's memory does not hold it", "", ""});
  const auto outcome = well();
  EXPECT_EQ(outcome.runs.size(), 3U);
  EXPECT_THAT(world_.log, Contains("together timing slow,fast"));
  EXPECT_THAT(world_.log, Contains("together timing other"));
  EXPECT_LT(at("check after fast"), at("load peaked tiny", 2));
  const auto runs = stored();
  for (std::size_t i = 0; i < runs.size(); ++i) EXPECT_EQ(collectors_of(runs[i]), kAllOfARun) << i;
  std::vector<int> started;
  for (const auto& e : events_) {
    if (e.kind == ProfileEvent::Kind::kRunStarted) started.push_back(e.run_index);
  }
  EXPECT_THAT(started, ElementsAre(0, 1, 2));
}

// A library that is there may still have no kernel for a problem on this GPU, and says so when it plans.
TEST_F(Profile, APhaseWhoseLibraryRefusesTheProblemIsSkippedAndTheOthersAreMeasured) {
  fail_at("prepare", 2, {ErrorCode::kExternalTool, "the library has no kernel for it", "take another", ""});
  const auto outcome = well();
  EXPECT_EQ(outcome.runs.size(), 2U);
  ASSERT_EQ(outcome.skipped.size(), 1U);
  EXPECT_THAT(outcome.skipped[0], HasSubstr("the library has no kernel for it; take another"));
  EXPECT_THAT(world_.log, Contains("together timing slow,other"));
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 2U);
  for (const auto& run : runs) EXPECT_EQ(collectors_of(run), kAllOfARun);
}

TEST_F(Profile, AloneWithoutMemoryItIsAnError) {
  world_.on_step = [](const std::string& step, const std::string& subject, const auto*) -> core::Status {
    if (step != "prepare" || subject != "other") return {};
    return core::fail(ErrorCode::kUsage, "the device's memory does not hold it");
  };
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUsage);
  const auto runs = stored();  // what went before it is kept
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_FALSE(core::all_samples(runs[1]).empty());
}

TEST_F(Profile, AFaultThatOnlyThePeakedInputShowsIsNotTimed) {
  world_.wrong_peaked = {"fast"};
  const auto outcome = well();
  EXPECT_EQ(outcome.wrong_answers, 1);
  EXPECT_THAT(world_.log, Contains("together timing slow,other"));
  const auto runs = stored();
  EXPECT_EQ(runs[1].answer, core::Answer::kWrong);
  EXPECT_THAT(collectors_of(runs[1]), ElementsAre("check"));
  EXPECT_THAT(runs[1].measurements[0].diagnostics[0].message, HasSubstr("peaked input, seed 12345"));
  EXPECT_TRUE(core::all_samples(runs[1]).empty());
}

TEST_F(Profile, AFaultThatOnlyShowsBackToBackMakesTheRunWrongAndUncounted) {
  world_.wrong_after = {"fast"};
  const auto outcome = well();
  EXPECT_EQ(outcome.wrong_answers, 1);
  const auto runs = stored();
  EXPECT_EQ(runs[1].answer, core::Answer::kWrong);
  EXPECT_THAT(collectors_of(runs[1]), ElementsAre("check", "resources", "timing", "check"));
  EXPECT_TRUE(has_diagnostic(runs[1], "wrong_answer"));
  EXPECT_THAT(runs[1].measurements.back().diagnostics[0].message, HasSubstr("after timing"));
  EXPECT_THAT(world_.log, Contains("together cupti slow,other"));
  EXPECT_DOUBLE_EQ(events_.back().fraction, 1.0);
  // A list shows no time of it.
  const auto page = store_->list_runs({});
  ASSERT_TRUE(page);
  for (const auto& summary : page->runs) {
    EXPECT_EQ(summary.graph_p50_ns.has_value(), summary.subject != "fast");
  }
}

// The output is poisoned before timing: where nothing is launched it would be taken for a wrong answer.
TEST_F(Profile, WithoutTimesThereIsNoCheckAfterThem) {
  request_.collectors = {"cupti"};
  const auto outcome = well();
  EXPECT_EQ(outcome.wrong_answers, 0);
  for (const auto& run : stored())
    EXPECT_THAT(collectors_of(run), ElementsAre("check", "resources", "cupti"));
  EXPECT_DOUBLE_EQ(events_.back().fraction, 1.0);
}

TEST_F(Profile, TheStateOfTheCachesIsStoredAndToldToEveryCollector) {
  request_.cache = core::CacheState::kCold;
  well();
  for (const auto& run : stored()) {
    EXPECT_EQ(run.cache, core::CacheState::kCold);
    EXPECT_EQ(run.measured_by("timing").front()->parameters.at("cache"), "cold");
    EXPECT_EQ(run.measured_by("cupti").front()->parameters.at("cache"), "cold");
  }
  EXPECT_EQ(store_->list_runs({.cache = core::CacheState::kWarm})->runs.size(), 0U);
  request_.cache = core::CacheState::kWarm;
  well();
  EXPECT_EQ(stored().back().cache, core::CacheState::kWarm);
}

// --- where the time goes -----------------------------------------------------------------------------------

std::vector<std::string> names_of(const std::vector<core::StepRecord>& steps) {
  std::vector<std::string> names;
  for (const auto& step : steps) names.push_back(step.name);
  return names;
}

TEST_F(Profile, WhereTheTimeWentIsMeasuredAndKeptWithTheSession) {
  world_.on_step = [](const std::string& step, const auto&, const auto*) {
    if (step == "peaked") std::this_thread::sleep_for(std::chrono::milliseconds(15));
    if (step == "cupti") std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return core::Status();
  };
  std::vector<core::StepRecord> before;
  ASSERT_TRUE(check_request(request_, bench_, &before));
  EXPECT_THAT(names_of(before), ElementsAre("plan", "helper start", "driver"));
  before.push_back({"catalogue", 1000});
  const auto outcome =
      profile(request_, bench_, *store_, *analysis::Catalogue::builtin(), cancel_, {}, before);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(names_of(outcome->steps),
              ElementsAre("plan", "helper start", "driver", "catalogue", "module", "prepare", "check",
                          "store", "set-up wait", "resources", "timing", "check after", "counting", "total"));
  std::map<std::string, double> ms;
  double sum = 0;
  for (const auto& step : outcome->steps) {
    ms[step.name] = step.ms;
    sum += step.name == "total" ? 0 : step.ms;
  }
  EXPECT_GE(ms["check"], 3 * 15);
  EXPECT_GE(ms["counting"], 3 * 25);
  EXPECT_GE(ms["total"], 1000 + 3 * 15 + 3 * 25);
  EXPECT_GT(ms["store"], 0);
  EXPECT_LE(sum, ms["total"] + 1e-6);  // nothing counts twice
  EXPECT_LT(ms["timing"], 25);         // what is stored meanwhile is not its
  EXPECT_EQ(store_->read_session(outcome->session_id)->steps, outcome->steps);
  for (const auto& run : stored()) {
    EXPECT_EQ(run.measured_by("cupti").front()->steps, (std::vector<core::StepRecord>{{"passes", 2.5}}));
  }
}

TEST_F(Profile, ASessionThatBreaksOrIsStoppedKeepsItsStepsToo) {
  fail_at("cupti", 1, {ErrorCode::kDevice, "the launch failed", "look again", ""});
  request_.phases = {"slow"};
  ASSERT_FALSE(run());
  auto session = store_->read_session(*store_->latest_session());
  ASSERT_TRUE(session);
  EXPECT_EQ(session->steps.back().name, "total");
  world_.on_step = [&](const std::string& step, const auto&, const auto*) {
    if (step == "timing") cancel_.request();
    return core::Status();
  };
  EXPECT_TRUE(well().cancelled);
  session = store_->read_session(*store_->latest_session());
  ASSERT_TRUE(session);
  EXPECT_EQ(session->id, 2);
  EXPECT_EQ(session->steps.back().name, "total");
}

// --- runs that share passes --------------------------------------------------------------------------------

TEST_F(Profile, EightRunsAtMostShareTheirPasses) {
  for (const char* shape : {"small", "medium"}) request_.problems.push_back(*core::parse_problem(shape));
  well();
  EXPECT_THAT(shared_by(world_), ElementsAre("slow,fast,other,slow,fast,other,slow,fast", "other"));
  for (const auto& run : stored()) {
    EXPECT_EQ(run.measurements.back().counters.front().name, "gpu__time_duration.sum");
    EXPECT_EQ(run.measurements.back().parameters.at("nvtx"),
              run.subject.name + "/" + core::problem_label(*run.problem) + "/count");
  }
}

// Half of the device's 141 GiB are 70.5.
TEST_F(Profile, AsManyRunsShareTheirPassesAsTheMemoryHolds) {
  request_.problems.push_back(*core::parse_problem("small"));
  world_.subject_bytes = std::int64_t{34} << 30;
  world_.shared_bytes = std::int64_t{30} << 30;
  well();
  EXPECT_THAT(shared_by(world_), ElementsAre("slow,fast,other", "slow,fast,other"));
}

// Both processes have their runs on the device at the same time: of 141 GiB, 14.1 are the helper's to
// prepare.
TEST_F(Profile, AHelperPreparesWhatItCountsFirstAsFarAsTheMemoryGoes) {
  world_.shared_bytes = 0;
  world_.subject_bytes = std::int64_t{6} << 30;
  well();
  EXPECT_THAT(world_.log, Contains("ahead slow,fast"));
  world_.log.clear();
  world_.subject_bytes = std::int64_t{15} << 30;
  well();
  EXPECT_EQ(std::count_if(world_.log.begin(), world_.log.end(),
                          [](const std::string& line) { return line.starts_with("ahead"); }),
            0);
  world_.log.clear();
  world_.subject_bytes = 1;
  request_.nvtx_filter = "fast";  // the others are not counted
  well();
  EXPECT_THAT(world_.log, Contains("ahead fast"));
}

// Kills the helper whenever `subject` is counted.
auto killed_by(const std::string& subject) {
  return [subject](const std::string& step, const std::string& name, const auto*) -> core::Status {
    if (step != "cupti" || name != subject) return {};
    return core::fail(ErrorCode::kExternalTool, "the process ended (signal 9)", "again");
  };
}

TEST_F(Profile, AHelperThatDiesInABatchIsStartedAgainAndItsRunsAreTakenOneByOne) {
  world_.on_step = killed_by("fast");
  well();
  EXPECT_THAT(shared_by(world_), ElementsAre("slow,fast,other", "slow", "fast", "other"));
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].measurements.back().status, MeasurementStatus::kComplete);
  EXPECT_EQ(runs[1].measurements.back().status, MeasurementStatus::kFailed);
  EXPECT_THAT(runs[1].measurements.back().reason, HasSubstr("signal 9"));
  ASSERT_FALSE(runs[1].measurements.back().counters.empty());
  EXPECT_FALSE(runs[1].measurements.back().counters.front().value);
  EXPECT_FALSE(core::all_samples(runs[1]).empty());
  EXPECT_EQ(runs[2].measurements.back().status, MeasurementStatus::kComplete);
  EXPECT_EQ(world_.helpers_started, 3);
  for (const auto& run : runs) EXPECT_EQ(collectors_of(run), kAllOfARun);  // none is taken twice
  double before = 0;
  for (const auto& e : events_) {
    EXPECT_GE(e.fraction, before);
    before = e.fraction;
  }
  EXPECT_DOUBLE_EQ(before, 1.0);
  // What was lost is no progress.
  const auto slow = std::find_if(events_.begin(), events_.end(), [](const ProfileEvent& e) {
    return e.kind == ProfileEvent::Kind::kRunFinished && e.subject == "slow";
  });
  ASSERT_NE(slow, events_.end());
  EXPECT_LT(slow->fraction, 0.8);
}

TEST_F(Profile, AHelperThatAlwaysDiesIsNotStartedForEver) {
  for (const char* shape : {"small", "medium"}) request_.problems.push_back(*core::parse_problem(shape));
  world_.on_step = [](const std::string& step, const auto&, const auto*) -> core::Status {
    if (step != "cupti") return {};
    return core::fail(ErrorCode::kExternalTool, "gone");
  };
  well();
  EXPECT_EQ(world_.helpers_started, 4);  // once for the batch, then for three runs
  EXPECT_EQ(stored().size(), 9U);
  for (const auto& run : stored()) EXPECT_EQ(run.measurements.back().status, MeasurementStatus::kFailed);
}

TEST_F(Profile, ADeviceErrorWhileCountingIsStoredAndReturned) {
  world_.on_step = [](const std::string& step, const std::string& name, const auto*) -> core::Status {
    if (step != "cupti" || name != "fast") return {};
    return core::fail(ErrorCode::kDevice, "the launch failed", "look again");
  };
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kDevice);
  const auto runs = stored();
  EXPECT_EQ(runs[0].measurements.back().status, MeasurementStatus::kComplete);
  EXPECT_EQ(runs[1].measurements.back().status, MeasurementStatus::kFailed);
  EXPECT_FALSE(core::all_samples(runs[2]).empty());
  EXPECT_TRUE(has_diagnostic(runs[2], "counters_not_taken"));
}

TEST_F(Profile, OutsideToolsTakeRunByRun) {
  request_.collectors = {"timing", "ncu"};
  well();
  EXPECT_EQ(std::count_if(world_.log.begin(), world_.log.end(),
                          [](const std::string& line) { return line.starts_with("together ncu"); }),
            0);
  EXPECT_EQ(std::count(world_.log.begin(), world_.log.end(), "ncu fast"), 1);
}

}  // namespace
}  // namespace flashcore::session
