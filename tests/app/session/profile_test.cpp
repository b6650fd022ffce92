// The orchestration of a session, without a GPU: what is taken in which order, and what is kept when
// something outside breaks, refuses or is stopped.
#include "core/child_process.h"
#include "tests/app/session/profile_fixture.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::MeasurementStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using tests::FakeWorld;

TEST_F(Profile, EveryRunIsTimedBeforeTheFirstIsCountedAndTheHelperStartsFirst) {
  const auto outcome = well();
  EXPECT_EQ(outcome.runs.size(), 3U);
  EXPECT_EQ(world_.log.front(), "begin cupti");
  EXPECT_LT(at("timing other"), at("cupti slow"));
  for (const auto& run : stored()) {
    EXPECT_EQ(collectors_of(run), kAllOfARun);
    EXPECT_EQ(run.answer, core::Answer::kRight);
    EXPECT_EQ(run.subject.source_hash, std::string(64, 'c'));
    EXPECT_EQ(run.session_id, outcome.session_id);
  }
  EXPECT_EQ(world_.helpers_started, 1);
}

// --- what is told ------------------------------------------------------------------------------------------

TEST_F(Profile, EachMeasurementIsInTheDatabaseBeforeItsEndIsTold) {
  std::vector<std::size_t> measurements;
  request_.phases = {"slow"};
  const auto outcome = profile(
      request_, bench_, *store_, *analysis::Catalogue::builtin(), cancel_, [&](const ProfileEvent& e) {
        if (e.kind != ProfileEvent::Kind::kStep || e.done != e.total) return;
        auto watcher = store::Store::open(folder_ / "runs.db", store::Mode::kReadOnly);
        ASSERT_TRUE(watcher) << core::to_text(watcher.error());
        measurements.push_back(watcher->read_run(e.run_id)->measurements.size());
      });
  ASSERT_TRUE(outcome);
  EXPECT_THAT(measurements, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(Profile, ProgressNeverGoesBackAndEndsAtOne) {
  world_.wrong = {"fast"};
  well();
  double before = 0;
  for (const auto& e : events_) {
    EXPECT_GE(e.fraction, before);
    before = e.fraction;
  }
  EXPECT_DOUBLE_EQ(before, 1.0);
}

TEST_F(Profile, AWrongAnswerIsNotTimed) {
  world_.wrong = {"fast"};
  const auto outcome = well();
  EXPECT_EQ(outcome.wrong_answers, 1);
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[1].answer, core::Answer::kWrong);
  EXPECT_THAT(collectors_of(runs[1]), ElementsAre("check"));
  EXPECT_TRUE(has_diagnostic(runs[1], "wrong_answer"));
  EXPECT_EQ(collectors_of(runs[2]), kAllOfARun);
}

// --- the ladder --------------------------------------------------------------------------------------------

TEST_F(Profile, RefusedByCuptiItFallsToNcu) {
  world_.refused = {"cupti"};
  request_.phases = {"slow"};
  const auto outcome = well();
  EXPECT_FALSE(outcome.counter_refusal);
  const auto run = stored().front();
  EXPECT_THAT(collectors_of(run), ElementsAre("check", "resources", "timing", "check", "cupti", "ncu"));
  EXPECT_EQ(run.measurements[4].status, MeasurementStatus::kRefused);
  EXPECT_EQ(run.measurements[5].status, MeasurementStatus::kComplete);
  EXPECT_TRUE(has_diagnostic(run, "counters_refused"));
  EXPECT_TRUE(has_diagnostic(run, "counters_fell_back"));
}

TEST_F(Profile, RefusedByBothTimesStandWithTheModelAndTheRemedyIsTold) {
  world_.refused = {"cupti", "ncu"};
  const auto outcome = well();
  ASSERT_TRUE(outcome.counter_refusal);
  EXPECT_EQ(outcome.counter_refusal->code, ErrorCode::kPermission);
  EXPECT_EQ(outcome.counter_refusal->hint, "ask for the right");
  for (const auto& run : stored()) {
    EXPECT_FALSE(core::all_samples(run).empty());
    EXPECT_TRUE(run.model.has_value());
    EXPECT_TRUE(has_diagnostic(run, "counters_missing"));
  }
  // A tool outside that was refused once is not started again for every run.
  EXPECT_EQ(std::count(world_.log.begin(), world_.log.end(), "ncu slow"), 1);
  EXPECT_EQ(std::count(world_.log.begin(), world_.log.end(), "ncu fast"), 0);
}

// One program at a time may hold a GPU's counters: seen on an H200, a helper that stayed ready kept ncu from
// them.
TEST_F(Profile, TheHelperLetsGoOfTheCountersBeforeNcuIsStarted) {
  request_.phases = {"slow", "fast"};
  request_.collectors = {"timing", "cupti", "ncu"};
  well();
  EXPECT_LT(at("cupti fast"), at("drop cupti"));
  EXPECT_LT(at("drop cupti"), at("ncu slow"));
  for (const auto& run : stored()) {
    EXPECT_THAT(collectors_of(run), ElementsAre("check", "resources", "timing", "check", "cupti", "ncu"));
  }
}

TEST_F(Profile, WhatWasRefusedOnceIsNotStartedAgain) {
  world_.refused = {"cupti"};
  well();
  EXPECT_EQ(world_.helpers_started, 1);
  EXPECT_EQ(std::count(world_.log.begin(), world_.log.end(), "drop cupti"), 1);
  for (const auto& run : stored()) EXPECT_TRUE(has_diagnostic(run, "counters_fell_back"));
}

TEST_F(Profile, AskedForNcuAloneCuptiIsNeverStarted) {
  request_.collectors = {"timing", "ncu"};
  request_.phases = {"slow"};
  well();
  EXPECT_THAT(collectors_of(stored().front()), ElementsAre("check", "resources", "timing", "check", "ncu"));
  EXPECT_EQ(world_.helpers_started, 0);
}

TEST_F(Profile, StrictEndsWithPermissionAfterStoringAllTimes) {
  world_.refused = {"cupti"};
  request_.strict = true;
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kPermission);
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 3U);
  for (const auto& run : runs) EXPECT_THAT(collectors_of(run), Contains("timing"));
  EXPECT_THAT(collectors_of(runs[0]), Not(Contains("ncu")));
  EXPECT_TRUE(has_diagnostic(runs[1], "counters_not_taken"));
}

// --- what breaks -------------------------------------------------------------------------------------------

TEST_F(Profile, ADeviceErrorInTheSecondProblemKeepsTheFirst) {
  request_.problems.push_back(*core::parse_problem("small"));
  fail_at("timing", 5, {ErrorCode::kDevice, "the launch failed", "look again", ""});
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kDevice);
  EXPECT_THAT(outcome.error().hint, HasSubstr("session 1"));
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 6U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(core::all_samples(runs[i]).empty());
    EXPECT_TRUE(has_diagnostic(runs[i], "counters_not_taken"));
    EXPECT_FALSE(has_diagnostic(runs[i], "run_broken"));
  }
  // They were timed in turns: whose launch it was is not known.
  for (int i = 3; i < 6; ++i) {
    EXPECT_THAT(collectors_of(runs[i]), ElementsAre("check", "resources"));
    EXPECT_TRUE(has_diagnostic(runs[i], "run_broken"));
  }
}

TEST_F(Profile, ADeviceErrorBeforeTheFirstMeasurementLeavesNoEmptySession) {
  fail_at("peaked", 1, {ErrorCode::kDevice, "the launch failed", "", ""});
  ASSERT_FALSE(run());
  EXPECT_THAT(store_->list_sessions()->sessions, IsEmpty());
}

// --- cancel ------------------------------------------------------------------------------------------------

TEST_F(Profile, ACancelAtAnyStepKeepsWhatIsWholeAndNoEmptySession) {
  // First without a cancel, to know how many steps there are.
  int steps = 0;
  world_.on_step = [&](const auto&, const auto&, const auto*) { return ++steps, core::Status(); };
  well();
  const int all = steps;
  ASSERT_GT(all, 20);
  for (int at = 1; at <= all; ++at) {
    SCOPED_TRACE(at);
    tests::TemporaryFolder folder;
    auto store = store::Store::open(folder / "runs.db");
    ASSERT_TRUE(store);
    FakeWorld world;
    core::CancelToken cancel;
    int seen = 0;
    world.on_step = [&](const auto&, const auto&, const auto*) {
      if (++seen == at) cancel.request();
      return core::Status();
    };
    tests::FakeWorkbench bench(world);
    const auto outcome = profile(request_, bench, *store, *analysis::Catalogue::builtin(), cancel, {});
    ASSERT_TRUE(outcome) << core::to_text(outcome.error());
    EXPECT_TRUE(outcome->cancelled);
    EXPECT_LE(seen, at + 1);  // the step at hand ends, at most
    const auto page = store->list_runs({.limit = 100});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->runs.size(), outcome->runs.size());
    EXPECT_EQ(store->list_sessions()->sessions.empty(), outcome->runs.empty());
    for (const auto& summary : page->runs) {
      const auto run = store->read_run(summary.id);
      ASSERT_TRUE(run);
      EXPECT_GE(core::all_checks(*run).size(), 2U);
      EXPECT_EQ(run->answer, core::Answer::kRight);
      for (const auto& m : run->measurements) EXPECT_EQ(m.status, MeasurementStatus::kComplete);
    }
  }
}

// --- NVTX --------------------------------------------------------------------------------------------------

TEST_F(Profile, RangesAreStoredWithEveryMeasurement) {
  well();  // also where a step was taken for several runs together
  std::vector<std::string> ranges;
  const auto all = stored();
  for (const auto& m : all.front().measurements) ranges.push_back(m.parameters.at("nvtx"));
  EXPECT_THAT(ranges, ElementsAre("slow/tiny/check", "slow/tiny/resources", "slow/tiny/timing",
                                  "slow/tiny/check", "slow/tiny/count"));
}

TEST_F(Profile, AFilterLimitsCountingAndSaysSo) {
  request_.nvtx_filter = "fast";
  well();
  const auto runs = stored();
  EXPECT_THAT(collectors_of(runs[0]), Not(Contains("cupti")));
  EXPECT_TRUE(has_diagnostic(runs[0], "nvtx_filtered"));
  EXPECT_THAT(collectors_of(runs[1]), Contains("cupti"));
  EXPECT_FALSE(has_diagnostic(runs[1], "nvtx_filtered"));
  EXPECT_FALSE(core::all_samples(runs[0]).empty());
  EXPECT_THAT(shared_by(world_), ElementsAre("fast"));
}

// --- the database ------------------------------------------------------------------------------------------

TEST_F(Profile, ADatabaseThatStaysLockedGetsAWordAndWhatIsHeldIsRescued) {
  auto locker = store::Store::open(folder_ / "runs.db");
  ASSERT_TRUE(locker);
  std::vector<std::string> waits;
  auto impatient = store::Store::open(
      folder_ / "runs.db", store::Mode::kReadWrite,
      {.limit = std::chrono::milliseconds(1500),
       .on_wait = [&](std::chrono::seconds so_far) { waits.push_back(std::to_string(so_far.count())); }});
  ASSERT_TRUE(impatient);
  store_.emplace(*std::move(impatient));
  // Another program begins to write when the first run is timed, and does not end.
  std::unique_ptr<core::LineChild> other;
  world_.on_step = [&](const std::string& step, const auto&, const auto*) -> core::Status {
    if (step != "timing" || other) return {};
    const std::string code =
        "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\n"
        "c.execute('begin immediate')\nprint('locked',flush=True)\ntime.sleep(600)";
    auto started =
        core::LineChild::start({.program = "/usr/bin/env",
                                .arguments = {"python3", "-c", code, (folder_ / "runs.db").string()},
                                .environment = {}});
    EXPECT_TRUE(started);
    other = *std::move(started);
    EXPECT_EQ(other->read_line(std::chrono::seconds(20)).value(), "locked");
    return {};
  };
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kDatabase);
  EXPECT_FALSE(waits.empty());
  std::filesystem::path rescued;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().filename().string().starts_with("runs.rescue-") && entry.path().extension() == ".db")
      rescued = entry.path();
  }
  ASSERT_FALSE(rescued.empty());
  EXPECT_THAT(outcome.error().message, HasSubstr(rescued.string()));
  auto saved = store::Store::open(rescued, store::Mode::kReadOnly);
  ASSERT_TRUE(saved);
  const auto run = saved->read_run(*saved->latest_run());
  ASSERT_TRUE(run);
  EXPECT_THAT(collectors_of(*run), ElementsAre("check", "resources", "timing"));
  EXPECT_FALSE(core::all_samples(*run).empty());
}

// --- refusals before anything ------------------------------------------------------------------------------

TEST_F(Profile, UsageComesBeforeTheDeviceAndStoresNothing) {
  request_.iterations = 0;
  EXPECT_EQ(run().error().code, ErrorCode::kUsage);
  request_.iterations = 10;
  request_.phases = {"slwo"};
  EXPECT_THAT(run().error().message, HasSubstr("slow"));
  request_.phases = {"slow"};
  request_.collectors = {"timng"};
  EXPECT_THAT(run().error().message, HasSubstr("timing"));
  request_.collectors.clear();
  request_.problems.clear();
  EXPECT_EQ(run().error().code, ErrorCode::kUsage);
  EXPECT_THAT(store_->list_sessions()->sessions, IsEmpty());
  EXPECT_THAT(world_.log, IsEmpty());
}

// A helper is begun before the driver has its say, and must not outlive what the driver refuses.
TEST_F(Profile, ADeviceThatIsNoneEndsTheHelperThatWasBegun) {
  request_.device = 7;
  EXPECT_EQ(run().error().code, ErrorCode::kNoDevice);
  EXPECT_THAT(world_.log, ElementsAre("begin cupti", "look for slow,fast,other", "driver", "drop cupti"));
  EXPECT_THAT(store_->list_sessions()->sessions, IsEmpty());
  world_.log.clear();
  EXPECT_EQ(check_request(request_, bench_).error().code, ErrorCode::kNoDevice);
  EXPECT_THAT(world_.log, Contains("drop cupti"));
}

}  // namespace
}  // namespace flashcore::session
