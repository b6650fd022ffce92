// Where time went: the steps of measurements and sessions, and numbers that cannot be.
#include <gmock/gmock.h>

#include <limits>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::TemporaryFolder;

TEST(Steps, OfASessionAreNotedWhenItHasEnded) {
  const TemporaryFolder folder;
  auto session = example_session();
  session.steps.clear();
  auto run = example_run();
  using Steps = std::vector<core::StepRecord>;
  {
    auto store = Store::open(folder / "runs.db").value();
    ASSERT_TRUE(store.write_run(session, run));
    EXPECT_EQ(store.read_session(session.id).value().steps, Steps());
    const Steps first{{"driver", 30.5}, {"check", 12.0}, {"check", 0.0}};
    ASSERT_TRUE(store.note_steps(session.id, first));
    EXPECT_EQ(store.read_session(session.id).value().steps, first);
    EXPECT_EQ(store.list_sessions().value().sessions.at(0).session.steps, first);
    const Steps second{{"store", 1e-3}};
    ASSERT_TRUE(store.note_steps(session.id, second));  // in place of the first
    EXPECT_EQ(store.read_session(session.id).value().steps, second);
    EXPECT_EQ(store.note_steps(session.id + 1, first).error().code, core::ErrorCode::kUsage);
  }
  auto reading = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_EQ(reading.note_steps(session.id, {}).error().code, core::ErrorCode::kDatabase);
  EXPECT_EQ(reading.read_session(session.id).value().steps, Steps({{"store", 1e-3}}));
  auto store = Store::open(folder / "runs.db").value();
  ASSERT_TRUE(store.note_steps(session.id, {}));
  EXPECT_EQ(store.read_session(session.id).value().steps, Steps());
}

// What cannot be is refused by the schema, and nothing of it is kept.
TEST(Steps, ImpossibleNumbersAreRefused) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto run = testing::example_head();
  ASSERT_TRUE(store.append(session, run, testing::example_check()));
  const auto refused = [&](const core::MeasurementRecord& m) {
    const auto written = store.append(session, run, m);
    return !written && written.error().code == core::ErrorCode::kDatabase &&
           written.error().message.find("break a rule of the schema") != std::string::npos;
  };
  for (const double ms : {-1e-9, -inf, inf, nan}) {
    auto m = testing::example_timing();
    m.steps.back().ms = ms;
    EXPECT_TRUE(refused(m)) << ms;
    const std::vector<core::StepRecord> steps{{"driver", 1.0}, {"check", ms}};
    EXPECT_EQ(store.note_steps(session.id, steps).error().code, core::ErrorCode::kDatabase) << ms;
  }
  for (const double mhz : {0.0, -1797.0, inf}) {
    auto m = testing::example_timing();
    m.samples[0].effective_clock_mhz = mhz;
    EXPECT_TRUE(refused(m)) << mhz;
  }
  auto clocks = testing::example_timing();
  clocks.clocks[0].other_processes = -1;
  EXPECT_TRUE(refused(clocks));
  EXPECT_EQ(store.read_session(session.id).value().steps, example_session().steps);
  EXPECT_EQ(store.read_run(run.id).value().measurements.size(), 1u);
}

TEST(Steps, LostOnesAreDamage) {
  for (const char* change : {"DELETE FROM measurement_step WHERE name = 'timing' AND ordinal = 2",
                             "UPDATE measurement_step SET ordinal = 7 WHERE ordinal = 2",
                             "DELETE FROM session_step WHERE ordinal = 1",
                             "UPDATE session_step SET ordinal = 7 WHERE ordinal = 1"}) {
    const TemporaryFolder folder;
    testing::make_database(folder / "runs.db");
    testing::sql(folder / "runs.db", change);
    auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
    const bool of_session = std::string(change).find("session_step") != std::string::npos;
    const auto session = store.read_session(1);
    const auto run = store.read_run(1);
    EXPECT_EQ(session.has_value(), !of_session) << change;
    EXPECT_EQ(run.has_value(), of_session) << change;
    const core::Error& error = of_session ? session.error() : run.error();
    EXPECT_THAT(error.message, ::testing::HasSubstr("step")) << change;
  }
}

}  // namespace
}  // namespace flashcore::store
