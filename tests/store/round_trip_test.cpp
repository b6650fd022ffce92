// What goes in comes out, member by member, through the disk.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::expect_equal;
using testing::runs_in;
using testing::TemporaryFolder;

TEST(RoundTrip, EveryMemberOfARunAndASession) {
  const TemporaryFolder folder;
  auto session_in = example_session();
  auto run_in = example_run();
  {
    auto store = Store::open(folder / "runs.db");
    ASSERT_TRUE(store) << core::to_text(store.error());
    ASSERT_TRUE(store->write_run(session_in, run_in));
    EXPECT_GT(session_in.id, 0);
    EXPECT_GT(run_in.id, 0);
    EXPECT_EQ(run_in.session_id, session_in.id);
  }
  for (const Mode mode : {Mode::kReadOnly, Mode::kReadWrite}) {
    auto store = Store::open(folder / "runs.db", mode);
    ASSERT_TRUE(store) << core::to_text(store.error());
    auto run = store->read_run(run_in.id);
    ASSERT_TRUE(run) << core::to_text(run.error());
    EXPECT_EQ(run->id, run_in.id);
    EXPECT_EQ(run->session_id, session_in.id);
    expect_equal(*run, example_run());
    EXPECT_EQ(run->measurements, run_in.measurements);  // with their ids

    auto session = store->read_session(session_in.id);
    ASSERT_TRUE(session) << core::to_text(session.error());
    const auto wanted = example_session();
    EXPECT_EQ(session->id, session_in.id);
    EXPECT_EQ(session->started_at, wanted.started_at);
    EXPECT_EQ(session->command, wanted.command);
    EXPECT_EQ(session->origin, wanted.origin);
    EXPECT_EQ(session->source, wanted.source);
    EXPECT_EQ(session->tags, wanted.tags);
    EXPECT_EQ(session->environment, wanted.environment);
    EXPECT_EQ(session->steps, wanted.steps);
    auto device = testing::example_device();
    device.uuid.clear();
    EXPECT_EQ(store->devices().value(), std::vector{device});
  }
  // Closing cleared the log away: the database is one file.
  EXPECT_EQ(testing::content_of(folder.path()).size(), 1u);
}

TEST(RoundTrip, MeasurementByMeasurement) {
  const TemporaryFolder folder;
  auto session = example_session();
  auto run = testing::example_head();
  {
    auto store = Store::open(folder / "runs.db").value();
    for (auto make : {testing::example_check, testing::example_resources, testing::example_timing,
                      testing::example_counters}) {
      const auto before = run.measurements.size();
      const auto appended = store.append(session, run, make());
      ASSERT_TRUE(appended) << core::to_text(appended.error());
      ASSERT_EQ(run.measurements.size(), before + 1);
      EXPECT_GT(run.measurements.back().id, 0);
      // It is there now, for anybody.
      auto other = Store::open(folder / "runs.db", Mode::kReadOnly).value();
      expect_equal(other.read_run(run.id).value(), run);
    }
  }
  auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_EQ(store.count_runs().value(), 1);
  EXPECT_EQ(store.list_sessions().value().sessions.size(), 1u);
  expect_equal(store.read_run(run.id).value(), example_run());
  // The same summary as of a run that was written whole.
  const auto whole = runs_in(store).at(0);
  testing::make_database(folder / "whole.db");
  const auto other = runs_in(Store::open(folder / "whole.db").value()).at(0);
  EXPECT_EQ(whole.graph_p50_ns, other.graph_p50_ns);
  EXPECT_EQ(whole.launch_p50_ns, other.launch_p50_ns);
  EXPECT_EQ(whole.counted_ns, other.counted_ns);
  EXPECT_EQ(whole.measurement_count, other.measurement_count);
  EXPECT_EQ(whole.counter_count, other.counter_count);
  EXPECT_EQ(whole.diagnostic_count, other.diagnostic_count);
}

TEST(RoundTrip, WhatWasHeldBackComesWithTheNextAppend) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto run = testing::example_head();
  core::add_measurement(run, testing::example_check());
  core::add_measurement(run, testing::example_resources());
  core::add_measurement(run, testing::example_timing());
  ASSERT_TRUE(store.append(session, run, testing::example_counters()));
  expect_equal(store.read_run(run.id).value(), example_run());
  for (const auto& m : run.measurements) EXPECT_GT(m.id, 0) << m.collector;
}

TEST(RoundTrip, AnEmptyRun) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  core::SessionRecord session;
  core::RunRecord run;
  const auto written = store.write_run(session, run);
  ASSERT_TRUE(written) << core::to_text(written.error());
  expect_equal(store.read_run(run.id).value(), core::RunRecord{});
}

TEST(RoundTrip, AForeignKernelWithoutProblemDeviceAndModel) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  core::SessionRecord session;
  session.origin = core::Origin::kImport;
  core::RunRecord run;
  run.origin = core::Origin::kImport;
  run.answer = core::Answer::kDoesNotApply;
  run.subject = {core::SubjectKind::kKernel, "void gemm<float>(float*)", "", {}, ""};
  auto counted = testing::example_counters();
  counted.counters.push_back({"gpu__time_duration.sum", 0, 10.0, ""});
  counted.counters.push_back({"gpu__time_duration.sum", 1, 30.0, ""});
  core::add_measurement(run, counted);
  ASSERT_TRUE(store.write_run(session, run));
  expect_equal(store.read_run(run.id).value(), run);
  const auto summary = runs_in(store).at(0);
  EXPECT_EQ(summary.cache, std::nullopt);
  EXPECT_EQ(summary.counted_ns, 40.0);
  EXPECT_EQ(summary.problem, std::nullopt);
  EXPECT_EQ(summary.device, "");
  EXPECT_EQ(summary.ladder, std::nullopt);
  EXPECT_EQ(summary.kind, core::SubjectKind::kKernel);
}

TEST(RoundTrip, AnyWorkloadAndItsAxesInSql) {
  const TemporaryFolder folder;
  core::RunRecord run = example_run();
  run.problem = core::Problem{"gemm", {{"m", "128"}, {"layout", "row,major=%"}, {"alpha", "0.5"}}};
  {
    auto store = Store::open(folder / "runs.db").value();
    auto session = example_session();
    ASSERT_TRUE(store.write_run(session, run));
    EXPECT_EQ(store.read_run(run.id).value().problem, run.problem);
    EXPECT_EQ(store.problems().value(), std::vector{*run.problem});
    RunFilter filter;
    filter.problems = {*run.problem};
    EXPECT_EQ(store.list_runs(filter).value().runs.size(), 1u);
  }
  const Connection db = connect(folder / "runs.db", Access::kReadWrite);
  EXPECT_EQ(query_integer(db.get(), "SELECT count(*) FROM problem_axis WHERE name = 'm' AND number = 128"),
            1);
  EXPECT_EQ(
      query_integer(db.get(), "SELECT count(*) FROM problem_axis WHERE name = 'alpha' AND number = 0.5"), 1);
  EXPECT_EQ(
      query_integer(db.get(), "SELECT count(*) FROM problem_axis WHERE name = 'layout' AND number IS NULL"),
      1);
}

TEST(RoundTrip, ACounterOfAKernelThatNobodyNamed) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  core::SessionRecord session;
  core::RunRecord run;
  core::MeasurementRecord m;
  m.collector = "ncu";
  m.counters = {{"a", 3, 1.0, ""}};
  ASSERT_TRUE(store.append(session, run, m));
  const auto back = store.read_run(run.id).value();
  ASSERT_EQ(back.kernels.size(), 1u);
  EXPECT_EQ(back.kernels[0].ordinal, 3);
  EXPECT_EQ(back.kernels[0].name, "");
}

TEST(RoundTrip, TwoCardsOfOneClass) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto first = example_run(), second = example_run();
  second.device->uuid = "GPU-6b";
  ASSERT_TRUE(store.write_run(session, first));
  ASSERT_TRUE(store.write_run(session, second));
  EXPECT_EQ(store.devices().value().size(), 1u);
  EXPECT_EQ(store.read_run(first.id).value().device->uuid, "GPU-5a");
  EXPECT_EQ(store.read_run(second.id).value().device->uuid, "GPU-6b");
}

TEST(RoundTrip, IdsAreNeverGivenTwice) {
  const TemporaryFolder folder;
  core::RowId last_run = 0, last_session = 0;
  for (int round = 0; round < 3; ++round) {
    auto session = example_session();
    auto run = example_run();
    auto store = Store::open(folder / "runs.db").value();
    ASSERT_TRUE(store.write_run(session, run));
    EXPECT_GT(run.id, last_run);
    EXPECT_GT(session.id, last_session);
    last_run = run.id;
    last_session = session.id;
    testing::sql(folder / "runs.db", "PRAGMA foreign_keys = ON; DELETE FROM session");
  }
}

TEST(RoundTrip, NotANumberAndInfinity) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  core::RunRecord run;
  core::MeasurementRecord m;
  m.checks = {{7, "peaked", false, nan, inf, 3, 2, 9, 0.06, nan, nan, "", "m"}};
  m.counters = {{"a", {}, nan, ""}, {"b", {}, std::nullopt, ""}, {"c", {}, inf, ""}};
  core::add_measurement(run, m);
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  core::SessionRecord session;
  ASSERT_TRUE(store.write_run(session, run));
  const auto back = store.read_run(run.id).value().measurements.at(0);
  EXPECT_TRUE(std::isnan(back.checks[0].max_error));
  EXPECT_EQ(back.checks[0].mean_error, inf);
  EXPECT_EQ(back.checks[0].mean_tolerance, std::nullopt);
  EXPECT_EQ(back.checks[0].plain_max_error, std::nullopt);
  // A missing value is missing, with a reason.
  EXPECT_EQ(back.counters[0].value, std::nullopt);
  EXPECT_EQ(back.counters[0].reason, "the collector returned NaN");
  EXPECT_EQ(back.counters[1].value, std::nullopt);
  EXPECT_FALSE(back.counters[1].reason.empty());
  EXPECT_EQ(back.counters[2].value, inf);
}

TEST(RoundTrip, HostileTextIsText) {
  const std::string hostile = "<script>alert(1)</script>\n'\";--\t\x01";
  core::RunRecord run = example_run();
  run.subject.name = hostile;
  run.subject.title = std::string(10000, '<');
  run.device->name = std::string("nul\0inside", 10);
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  ASSERT_TRUE(store.write_run(session, run));
  expect_equal(store.read_run(run.id).value(), run);
  EXPECT_EQ(runs_in(store).at(0).subject, hostile);
  EXPECT_EQ(store.list_sessions().value().sessions.at(0).subjects, hostile);
}

TEST(RoundTrip, SharedRowsAreStoredOnce) {
  const TemporaryFolder folder;
  for (int round = 0; round < 2; ++round) {  // remembered, and found again
    auto store = Store::open(folder / "runs.db").value();
    auto session = example_session();
    for (int i = 0; i < 3; ++i) {
      auto run = example_run(), other = example_run();
      other.device->sm_count = 1;
      other.subject.ladder.reset();
      if (i == 2) other.cache = core::CacheState::kWarm;
      ASSERT_TRUE(store.write_run(session, run));
      ASSERT_TRUE(store.write_run(session, other));
    }
    EXPECT_EQ(store.devices().value().size(), 2u);
  }
  const Connection db = connect(folder / "runs.db", Access::kReadWrite);
  for (const auto& [table, rows] : std::map<std::string, int>{{"environment", 2},
                                                              {"subject", 2},
                                                              {"problem", 1},
                                                              {"device_class", 2},
                                                              {"device", 2},
                                                              {"series", 3},
                                                              {"counter_name", 2}}) {
    EXPECT_EQ(query_integer(db.get(), "SELECT count(*) FROM " + table), rows) << table;
  }
}

TEST(RoundTrip, AFailedWriteLeavesNothingAndChangesNoRecord) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto bad = testing::example_timing();
  bad.samples.back().duration_ns = std::numeric_limits<double>::quiet_NaN();  // a rule of the schema
  auto run = testing::example_head();
  const auto refused = store.append(session, run, bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::kDatabase);
  EXPECT_EQ(session.id, 0);
  EXPECT_EQ(run.id, 0);
  EXPECT_TRUE(run.measurements.empty());
  EXPECT_TRUE(runs_in(store).empty());
  EXPECT_TRUE(store.list_sessions().value().sessions.empty());
  EXPECT_TRUE(store.devices().value().empty());
  ASSERT_TRUE(store.append(session, run, testing::example_timing()));  // the connection goes on working
  const auto held = run;
  EXPECT_FALSE(store.append(session, run, bad));
  EXPECT_EQ(run.measurements, held.measurements);
  EXPECT_EQ(store.read_run(run.id).value().measurements, held.measurements);
}

TEST(RoundTrip, NoRunsNoSession) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  EXPECT_TRUE(store.write_runs(session, {}));
  EXPECT_EQ(session.id, 0);
  EXPECT_TRUE(store.list_sessions().value().sessions.empty());
}

TEST(RoundTrip, AWrongCheckIsWrongForGood) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto run = testing::example_head();
  ASSERT_TRUE(store.append(session, run, testing::example_timing()));
  EXPECT_EQ(runs_in(store).at(0).answer, core::Answer::kUnchecked);
  auto wrong = testing::example_check();
  wrong.checks[1].passed = false;
  ASSERT_TRUE(store.append(session, run, wrong));
  ASSERT_TRUE(store.append(session, run, testing::example_check()));
  EXPECT_EQ(store.read_run(run.id).value().answer, core::Answer::kWrong);
  EXPECT_EQ(runs_in(store).at(0).answer, core::Answer::kWrong);
}

TEST(RoundTrip, ADiagnosticIsAdded) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto run = example_run();
  ASSERT_TRUE(store.write_run(session, run));
  const core::DiagnosticRecord late{core::Severity::kError, "stopped", "it was stopped", "", "session"};
  ASSERT_TRUE(store.add_diagnostic(run.id, late));
  const auto back = store.read_run(run.id).value();
  ASSERT_EQ(back.diagnostics.size(), 2u);
  EXPECT_EQ(back.diagnostics[1], late);
  EXPECT_EQ(runs_in(store).at(0).diagnostic_count, 4);
  EXPECT_EQ(store.add_diagnostic(99, late).error().code, core::ErrorCode::kUsage);
}

TEST(RoundTrip, UnknownIdsAreUsageErrors) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  EXPECT_EQ(store.read_run(7).error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.read_session(7).error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.latest_run().error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.latest_session().error().code, core::ErrorCode::kUsage);
  auto session = example_session();
  auto run = example_run();
  session.id = 7;
  EXPECT_EQ(store.write_run(session, run).error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.append(session, run, {}).error().code, core::ErrorCode::kUsage);
  RunFilter filter;
  filter.session = 7;
  EXPECT_TRUE(store.list_runs(filter).value().runs.empty());
}

TEST(RoundTrip, ReadOnlyRefusesToWrite) {
  const TemporaryFolder folder;
  testing::make_database(folder / "runs.db");
  auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  auto session = example_session();
  auto run = example_run();
  const auto refused = store.write_run(session, run);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::kDatabase);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("read-only"));
}

TEST(RoundTrip, OddPathsAreOnlyPaths) {
  const TemporaryFolder folder;
  for (const std::string name :
       {"a?mode=memory", "100%25.db", "#1.db", "with space.db", ":memory:", "é.db"}) {
    testing::make_database(folder / name);
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / name)) << name;
    EXPECT_EQ(runs_in(Store::open(folder / name, Mode::kReadOnly).value()).size(), 1u) << name;
  }
}

}  // namespace
}  // namespace flashcore::store
