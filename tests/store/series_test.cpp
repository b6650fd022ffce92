// Series: which there are, their runs by time, and no more of each run than was asked for; the clock beside
// the summary, in new databases and in old ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/connection.h"
#include "store/migrate.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"
#include "tests/support/sample_runs.h"

namespace flashcore::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SeriesTest : public ::testing::Test {
 protected:
  core::RowId add(const std::string& phase, const std::string& taken_at, double us, double mhz = 1800) {
    core::RunRecord run = tests::sample_run(phase, 1, "mission", us * 1000);
    run.taken_at = taken_at;
    auto& timing = tests::measurement_of(run, "timing");
    for (core::Sample& sample : timing.samples) sample.effective_clock_mhz = mhz;
    timing.parameters["turns"] = "1 visit, 1 subject";
    EXPECT_TRUE(store_.write_run(session_, run));
    return run.id;
  }
  core::RowId series_of(const std::string& phase) {
    RunFilter filter;
    filter.subjects = {phase};
    return store_.series(filter).value().at(0).id;
  }
  std::vector<core::RowId> ids(const std::string& since = "", int limit = 0) {
    std::vector<core::RowId> found;
    const auto runs = store_.series_runs(series_of("wmma"), since, limit, {}).value();
    for (const SeriesRun& run : runs) found.push_back(run.run.id);
    return found;
  }

  testing::TemporaryFolder folder_;
  Store store_ = Store::open(folder_ / "runs.db").value();
  core::SessionRecord session_ = tests::sample_session();
};

TEST_F(SeriesTest, AreToldApartByWhatIsComparable) {
  add("wmma", "2026-01-01T00:00:00Z", 40);
  add("fused", "2026-01-01T00:00:00Z", 20);
  core::RunRecord cold = tests::sample_run("wmma", 1, "mission", 60'000);
  cold.cache = core::CacheState::kCold;
  cold.device->name = "Other GPU";
  ASSERT_TRUE(store_.write_run(session_, cold));
  EXPECT_THAT(store_.series({}).value(), SizeIs(3));
  RunFilter filter;
  filter.subjects = {"wmma"};
  EXPECT_THAT(store_.series(filter).value(), SizeIs(2));
  filter.cache = core::CacheState::kCold;
  const auto found = store_.series(filter).value();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].subject, "wmma");
  EXPECT_EQ(found[0].problem, cold.problem);
  EXPECT_EQ(found[0].device->name, "Other GPU");
  EXPECT_EQ(found[0].device->uuid, "");
  filter.device_contains = "test gpu";
  EXPECT_THAT(store_.series(filter).value(), IsEmpty());
}

// An import or a replay comes later and was taken earlier.
TEST_F(SeriesTest, RunsComeInTheOrderTaken) {
  const auto b = add("wmma", "2026-01-02T00:00:00Z", 40);
  const auto c = add("wmma", "2026-01-03T00:00:00Z", 41);
  const auto a = add("wmma", "2026-01-01T00:00:00Z", 39);
  const auto twin = add("wmma", "2026-01-02T00:00:00Z", 40.5);
  add("fused", "2026-01-02T00:00:00Z", 20);
  EXPECT_THAT(ids(), ElementsAre(a, b, twin, c));
  EXPECT_THAT(ids("", 2), ElementsAre(twin, c));  // the newest
  EXPECT_THAT(ids("2026-01-02"), ElementsAre(b, twin, c));
  EXPECT_THAT(ids("2027"), IsEmpty());
  EXPECT_THAT(store_.series_runs(4711, "", 0, {}).value(), IsEmpty());
}

TEST_F(SeriesTest, ARunHasItsHeadItsMediansAndNoMore) {
  add("wmma", "2026-01-01T00:00:00Z", 40, 1765.5);
  const SeriesRun run = store_.series_runs(series_of("wmma"), "", 0, {}).value().at(0);
  const core::RunRecord whole = store_.read_run(run.run.id).value();
  EXPECT_EQ(run.graph_p50_ns, 40'004);
  EXPECT_EQ(run.launch_p50_ns, 45'040);
  EXPECT_EQ(run.clock_mhz, 1765.5);
  EXPECT_EQ(run.run.subject, whole.subject);
  EXPECT_EQ(run.run.device, whole.device);
  EXPECT_EQ(run.run.environment, whole.environment);
  EXPECT_EQ(run.run.model, whole.model);
  EXPECT_EQ(run.run.answer, core::Answer::kRight);
  ASSERT_EQ(run.run.measurements.size(), whole.measurements.size());
  EXPECT_THAT(run.run.kernels, IsEmpty());
  for (std::size_t i = 0; i < whole.measurements.size(); ++i) {
    const core::MeasurementRecord& m = run.run.measurements[i];
    EXPECT_EQ(m.collector, whole.measurements[i].collector);
    EXPECT_THAT(m.samples, IsEmpty());
    EXPECT_THAT(m.counters, IsEmpty());
    EXPECT_THAT(m.resources, IsEmpty());
    if (m.collector == "timing") {
      EXPECT_EQ(m.parameters, whole.measurements[i].parameters);
    }
  }
}

TEST_F(SeriesTest, PartsAreWhatTheWholeRunHas) {
  add("wmma", "2026-01-01T00:00:00Z", 40);
  RunPart part;
  part.samples = RunPart::Samples::kAll;
  part.resources = true;
  part.counter = [](std::string_view name) { return name.starts_with("dram__"); };
  const SeriesRun run = store_.series_runs(series_of("wmma"), "", 0, part).value().at(0);
  const core::RunRecord whole = store_.read_run(run.run.id).value();
  EXPECT_EQ(run.run.kernels, whole.kernels);
  EXPECT_EQ(core::all_samples(run.run), core::all_samples(whole));
  int counters = 0;
  for (std::size_t i = 0; i < whole.measurements.size(); ++i) {
    EXPECT_EQ(run.run.measurements[i].resources, whole.measurements[i].resources);
    for (const core::CounterValue& counter : run.run.measurements[i].counters) {
      ++counters;
      EXPECT_EQ(counter, whole.measurements[i].counters.at(1));
    }
  }
  EXPECT_EQ(counters, 1);
  part = {};
  part.samples = RunPart::Samples::kWhereNoClock;
  EXPECT_THAT(core::all_samples(store_.series_runs(series_of("wmma"), "", 0, part).value().at(0).run),
              IsEmpty());
}

TEST_F(SeriesTest, TheClockIsThatOfTheGraphSamplesElseOfTheLaunches) {
  core::RunRecord run = tests::sample_head("wmma", 1, "mission");
  core::MeasurementRecord timing = tests::sample_measurement("timing");
  for (const double mhz : {1500.0, 1400.0, 1600.0, 1550.0})
    timing.samples.push_back({core::SampleKind::kLaunch, 0, 1, 10, mhz, {}, {}});
  timing.samples.push_back({core::SampleKind::kEmpty, 0, 1, 10, 9000.0, {}, {}});
  core::SessionRecord session = tests::sample_session();
  ASSERT_TRUE(store_.append(session, run, timing));
  const auto clock = [&] { return store_.list_runs({}).value().runs.at(0).clock_mhz; };
  EXPECT_EQ(clock(), 1500);
  core::MeasurementRecord more = tests::sample_measurement("timing");
  for (const double mhz : {1800.0, 1700.0, 1900.0})
    more.samples.push_back({core::SampleKind::kGraph, 0, 1, 10, mhz, {}, {}});
  ASSERT_TRUE(store_.append(session, run, more));
  EXPECT_EQ(clock(), 1800);
  core::RunRecord unstamped = tests::sample_head("wmma", 1, "mission");
  more.samples = {{core::SampleKind::kGraph, 0, 1, 10, {}, 1980, 1980}};
  ASSERT_TRUE(store_.append(session, unstamped, more));
  EXPECT_EQ(clock(), std::nullopt);
}

// What schema 3 held, taken into schema 4: the same clock that a new run would have.
TEST_F(SeriesTest, AnOldDatabaseGetsItsClocks) {
  add("wmma", "2026-01-01T00:00:00Z", 40, 1765.5);
  core::RunRecord launches = tests::sample_run("wmma", 1, "mission", 40'000);
  auto& samples = tests::measurement_of(launches, "timing").samples;
  std::erase_if(samples, [](const auto& s) { return s.kind == core::SampleKind::kGraph; });
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i].effective_clock_mhz = 1700.0 + static_cast<double>(i);
  ASSERT_TRUE(store_.write_run(session_, launches));
  core::RunRecord unstamped = tests::sample_run("wmma", 1, "mission", 40'000);
  for (auto& sample : tests::measurement_of(unstamped, "timing").samples) sample.effective_clock_mhz.reset();
  ASSERT_TRUE(store_.write_run(session_, unstamped));
  const auto clocks = [](const Store& store) {
    std::vector<std::optional<double>> all;
    for (const RunSummary& run : testing::runs_in(store)) all.push_back(run.clock_mhz);
    return all;
  };
  const auto now = clocks(store_);
  EXPECT_THAT(now, ElementsAre(std::nullopt, std::optional(1704.0), std::optional(1765.5)));
  store_ = Store::open(folder_ / "other.db").value();  // closes it
  testing::sql(folder_ / "runs.db",
               "ALTER TABLE run_summary DROP COLUMN clock_mhz; PRAGMA user_version = 3;");
  const auto reading = Store::open(folder_ / "runs.db", Mode::kReadOnly);
  ASSERT_TRUE(reading) << core::to_text(reading.error());
  EXPECT_EQ(clocks(*reading), now);
  const auto writing = Store::open(folder_ / "runs.db");
  ASSERT_TRUE(writing) << core::to_text(writing.error());
  EXPECT_EQ(clocks(*writing), now);
}

TEST_F(SeriesTest, LostRowsAreDamage) {
  add("wmma", "2026-01-01T00:00:00Z", 40);
  const auto series = series_of("wmma");
  testing::sql(folder_ / "runs.db", "DELETE FROM sample WHERE ordinal = 3");
  EXPECT_TRUE(store_.series_runs(series, "", 0, {})) << "samples were not asked for";
  RunPart part;
  part.samples = RunPart::Samples::kAll;
  const auto lost = store_.series_runs(series, "", 0, part);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, core::ErrorCode::kDatabase);
  EXPECT_THAT(lost.error().message, HasSubstr("rows of sample"));
  testing::sql(folder_ / "runs.db", "DELETE FROM run_summary");
  EXPECT_FALSE(store_.series_runs(series, "", 0, {}));
}

}  // namespace
}  // namespace flashcore::store
