// What goes in comes out, member by member, through the disk.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::expect_equal;
using testing::TemporaryFolder;

TEST(RoundTrip, EveryMemberOfARunAndASession) {
  const TemporaryFolder folder;
  core::RowId session_id = 0, run_id = 0;
  {
    auto store = Store::open(folder / "runs.db");
    ASSERT_TRUE(store) << core::to_text(store.error());
    session_id = store->begin_session(example_session()).value();
    run_id = store->write_run(session_id, example_run()).value();
  }
  for (const Mode mode : {Mode::kReadOnly, Mode::kReadWrite}) {
    auto store = Store::open(folder / "runs.db", mode);
    ASSERT_TRUE(store) << core::to_text(store.error());
    auto run = store->read_run(run_id);
    ASSERT_TRUE(run) << core::to_text(run.error());
    EXPECT_EQ(run->id, run_id);
    EXPECT_EQ(run->session_id, session_id);
    expect_equal(*run, example_run());

    auto session = store->read_session(session_id);
    ASSERT_TRUE(session) << core::to_text(session.error());
    const auto wanted = example_session();
    EXPECT_EQ(session->id, session_id);
    EXPECT_EQ(session->started_at, wanted.started_at);
    EXPECT_EQ(session->command, wanted.command);
    EXPECT_EQ(session->origin, wanted.origin);
    EXPECT_EQ(session->recording, wanted.recording);
    EXPECT_EQ(session->tags, wanted.tags);
    EXPECT_EQ(session->environment, wanted.environment);
    EXPECT_EQ(store->devices().value(), std::vector{example_run().device});
  }
  // Closing cleared the log away: the database is one file.
  EXPECT_EQ(testing::content_of(folder.path()).size(), 1u);
}

TEST(RoundTrip, AnEmptyRun) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto session = store.begin_session({}).value();
  const auto run = store.write_run(session, {});
  ASSERT_TRUE(run) << core::to_text(run.error());
  expect_equal(store.read_run(*run).value(), core::RunRecord{});
}

TEST(RoundTrip, NotANumberAndInfinity) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  core::RunRecord run;
  run.correctness = {{7, false, nan, inf, 3, 2, 9, 0.06, 0.02, "m"}};
  run.counters = {{"a", -1, nan, "", "cupti", 1, "t"},
                  {"b", -1, std::nullopt, "", "cupti", 1, "t"},
                  {"c", -1, inf, "", "cupti", 1, "t"}};
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto id = store.write_run(store.begin_session({}).value(), run);
  ASSERT_TRUE(id) << core::to_text(id.error());
  const auto back = store.read_run(*id).value();
  EXPECT_TRUE(std::isnan(back.correctness[0].max_error));
  EXPECT_EQ(back.correctness[0].mean_error, inf);
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
  run.phase.id = hostile;
  run.phase.title = std::string(10000, '<');
  run.device.name = std::string("nul\0inside", 10);
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto session = store.begin_session(example_session()).value();
  const auto id = store.write_run(session, run).value();
  expect_equal(store.read_run(id).value(), run);
  EXPECT_EQ(store.runs().value().at(0).phase, hostile);
  EXPECT_EQ(store.sessions().value().at(0).phases, hostile);
}

TEST(RoundTrip, SharedRowsAreStoredOnce) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto session = store.begin_session(example_session()).value();
  auto other = example_run();
  other.device.sm_count = 1;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store.write_run(session, example_run()));
    ASSERT_TRUE(store.write_run(session, other));
  }
  EXPECT_EQ(store.devices().value().size(), 2u);
}

TEST(RoundTrip, AFailedWriteLeavesNothing) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  const auto session = store.begin_session(example_session()).value();
  auto run = example_run();
  run.samples.back().duration_ns = std::numeric_limits<double>::quiet_NaN();  // a rule of the schema
  const auto refused = store.write_run(session, run);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::kDatabase);
  EXPECT_TRUE(store.runs().value().empty());
  EXPECT_TRUE(store.devices().value().empty());
  EXPECT_TRUE(store.write_run(session, example_run()));  // the connection goes on working
}

TEST(RoundTrip, UnknownIdsAreUsageErrors) {
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  EXPECT_EQ(store.read_run(7).error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.read_session(7).error().code, core::ErrorCode::kUsage);
  EXPECT_EQ(store.write_run(7, example_run()).error().code, core::ErrorCode::kUsage);
  EXPECT_TRUE(store.runs_of(7).value().empty());
}

TEST(RoundTrip, ReadOnlyRefusesToWrite) {
  const TemporaryFolder folder;
  testing::make_database(folder / "runs.db");
  auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  const auto refused = store.begin_session(example_session());
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
    EXPECT_EQ(Store::open(folder / name, Mode::kReadOnly).value().runs().value().size(), 1u) << name;
  }
}

}  // namespace
}  // namespace flashcore::store
