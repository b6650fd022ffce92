// Migrations: in order, once, all or nothing.
#include "store/migrate.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

TEST(Migrate, TheFilesAreNumberedFromOne) {
  int expected = 1;
  for (const Migration& step : migrations()) {
    EXPECT_EQ(step.number, expected++);
    const auto file = std::filesystem::path(FLASHCORE_SOURCE_DIR) / "store/migrations" / step.file;
    EXPECT_EQ(testing::slurp(file), step.sql) << "the program holds another text than the tree";
  }
  EXPECT_EQ(schema_version(), expected - 1);
}

TEST(Migrate, AppliesWhatIsMissingAndNoMore) {
  const Connection connection = connect_memory();
  sqlite3* const db = connection.get();
  const std::vector<Migration> first{{1, "1", "CREATE TABLE a (x)"}};
  migrate(db, first);
  migrate(db, first);  // nothing to do
  EXPECT_EQ(query_integer(db, "PRAGMA user_version"), 1);
  EXPECT_EQ(query_integer(db, "PRAGMA application_id"), kApplicationId);
  execute(db, "INSERT INTO a VALUES (7)");
  const std::vector<Migration> both{first[0], {2, "2", "ALTER TABLE a ADD COLUMN y; CREATE TABLE b (z);"}};
  migrate(db, both);
  EXPECT_EQ(query_integer(db, "PRAGMA user_version"), 2);
  EXPECT_EQ(query_integer(db, "SELECT x FROM a"), 7);
  EXPECT_EQ(query_integer(db, "SELECT count(*) FROM b"), 0);
}

TEST(Migrate, AFailingStepTakesTheOthersBack) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db", 2);
  const std::string before = testing::slurp(folder / "runs.db");
  {
    const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
    std::vector<Migration> steps(migrations().begin(), migrations().end());
    const int last = steps.back().number;
    steps.push_back({last + 1, "good", "CREATE TABLE extra (x); DELETE FROM run;"});
    steps.push_back({last + 2, "bad", "CREATE TABLE more (x); CREATE TABLE run (x);"});
    EXPECT_THROW(migrate(connection.get(), steps), SqlFailure);
    EXPECT_EQ(query_integer(connection.get(), "PRAGMA user_version"), last);
    EXPECT_EQ(query_integer(connection.get(), "SELECT count(*) FROM run"), 2);
    EXPECT_EQ(query_integer(connection.get(), "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"), 0);
  }
  EXPECT_EQ(testing::slurp(folder / "runs.db"), before);
}

TEST(Migrate, ForeignKeysHoldAndDeletingASessionTakesItsRuns) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db", 2);
  const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
  sqlite3* const db = connection.get();
  configure(db, nullptr, false);
  EXPECT_EQ(query_integer(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  EXPECT_THROW(execute(db, "DELETE FROM device"), SqlFailure);
  EXPECT_THROW(execute(db, "UPDATE run SET model_flops = 'twenty'"), SqlFailure);  // STRICT
  execute(db, "DELETE FROM session");
  for (const char* table :
       {"session_tag", "run", "run_tag", "run_summary", "tagged_run", "kernel", "measurement",
        "measurement_parameter", "measurement_kernel", "sample", "counter", "resource", "correctness",
        "clock_log", "diagnostic", "artifact", "measurement_step", "session_step"}) {
    EXPECT_EQ(query_integer(db, std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
}

// A database of schema 1 with one distinctive value in every column.
void make_schema_1(const std::filesystem::path& path) {
  const Connection connection = connect(path, Access::kCreate);
  sqlite3* const db = connection.get();
  migrate(db, migrations().first(1));
  execute(db, R"(
INSERT INTO environment VALUES (3, 'sha', 1, 'khash', '0.1.0', 'gcc', '13.0.88', '13.0', '580', '130000', '13.580', 'os', 'cpu', 'cat');
INSERT INTO device VALUES (5, 'NVIDIA H200', 'GH100', 9, 1, 132, 1980000, 3201000, 6144, 150, 60, 228, 227, 1024, 65536, 2048, 32, 31);
INSERT INTO problem VALUES (4, 1, 8, 2, 512, 500, 64, 'f16', 1);
INSERT INTO phase VALUES (6, 'wmma', 'Title', 2, 0, 'phash'), (7, 'cublas', 'Library', 100, 1, 'qhash');
INSERT INTO session VALUES (2, '2026-01-01T00:00:00Z', 'command', 'recording', 'h200.db.zst', 3);
INSERT INTO session_tag VALUES (2, 'branch', 'main');
INSERT INTO run VALUES (11, 2, '2025-12-31T00:00:00Z', 'live', 6, 4, 5, 3, 1e9, 2e6, 20, 100);
INSERT INTO run VALUES (12, 2, '2025-12-31T00:00:01Z', 'live', 7, 4, 5, 3, 0, 0, 0, 0);
INSERT INTO run_tag VALUES (11, 'note', 'x');
INSERT INTO sample VALUES (11, 0, 'graph', 0, 50, 30.5, 1980.0, NULL), (11, 1, 'graph', 1, 50, 10.5, 1, 2),
  (11, 2, 'launch', 0, 1, 99.5, NULL, NULL);
INSERT INTO counter_name VALUES (8, 'a.sum'), (9, 'b.sum'), (10, 'gpu__time_duration.sum');
INSERT INTO counter_source VALUES (1, 'cupti', 'CUPTI 130001', 24), (2, 'ncu', 'Nsight Compute 2025.3.1', 7), (3, 'odd', 'tool', 0);
INSERT INTO counter VALUES (11, 0, 8, -1, 1.5, NULL, 1), (11, 1, 9, -1, NULL, 'refused', 1), (11, 2, 8, -1, 2.5, NULL, 2),
  (12, 0, 10, 0, 4.0, NULL, 3), (12, 1, 10, 1, 5.0, NULL, 3), (12, 2, 8, -1, 3.5, NULL, 3);
INSERT INTO resource VALUES (11, 0, 0, 'attention_wmma<64>', 8, 9, 10, 128, 2, 3, 96, 1, 2, 3, 4, 5, 6, 7, 90, 0.5, 2, 'registers', 'ptxas');
INSERT INTO correctness VALUES (11, 0, 42, 1, 0.1, 0.2, 1, 2, 3, 0.4, 0.5, 'method'), (11, 1, 43, 1, NULL, 0.2, 1, 2, 3, 0.4, 0.5, 'm');
INSERT INTO diagnostic VALUES (11, 0, 'warning', 'clock_drift', 'message', 'hint', 'timing'), (11, 1, 'error', 'other', 'm', '', 'session');
INSERT INTO artifact VALUES (1, 11, 'ptxas', 'log.txt', 'text/plain', x'00ff'))");
}

void expect_carried_over(const Store& store) {
  const auto run = store.read_run(11).value();
  EXPECT_EQ(run.session_id, 2);
  EXPECT_EQ(run.taken_at, "2025-12-31T00:00:00Z");
  EXPECT_EQ(run.origin, core::Origin::kLive);
  EXPECT_EQ(run.subject, (core::SubjectRecord{core::SubjectKind::kPhase, "wmma", "Title",
                                              core::LadderRecord{2, false}, "phash"}));
  EXPECT_EQ(run.problem, core::to_problem({1, 8, 2, 512, 500, 64, "f16", true}));
  EXPECT_EQ(run.device, (core::DeviceRecord{"NVIDIA H200", "GH100", 9, 1, 132, 1980000, 3201000, 6144, 150,
                                            60, 228, 227, 1024, 65536, 2048, 32, 31, ""}));
  EXPECT_EQ(run.environment, (core::EnvironmentRecord{"sha", true, "khash", "0.1.0", "gcc", "13.0.88", "13.0",
                                                      "580", "130000", "13.580", "os", "cpu", "cat"}));
  EXPECT_EQ(run.model, (core::ModelRecord{1e9, 2e6, 0}));
  EXPECT_EQ(run.cache, core::CacheState::kWarm);
  EXPECT_EQ(run.answer, core::Answer::kRight);
  EXPECT_EQ(run.tags, (core::Tags{{"note", "x"}}));
  ASSERT_EQ(run.kernels.size(), 1u);
  EXPECT_EQ(run.kernels[0],
            (core::KernelRecord{0, "attention_wmma<64>", core::Extent3{8, 9, 10}, core::Extent3{128, 2, 3}}));
  ASSERT_EQ(run.measurements.size(), 5u);
  const auto& [check, resources, timing, cupti, ncu] =
      std::tie(run.measurements[0], run.measurements[1], run.measurements[2], run.measurements[3],
               run.measurements[4]);
  EXPECT_EQ(check.collector, "check");
  ASSERT_EQ(check.checks.size(), 2u);
  EXPECT_EQ(check.checks[0],
            (core::CheckRecord{42, "", true, 0.1, 0.2, 1, 2, 3, 0.4, 0.5, std::nullopt, "", "method"}));
  EXPECT_TRUE(std::isnan(check.checks[1].max_error));
  ASSERT_EQ(resources.resources.size(), 1u);
  EXPECT_EQ(resources.resources[0],
            (core::ResourceRecord{0, 96, 1, 2, 3, 4, 5, 6, 7, 90, 0.5, 2, "registers", "ptxas"}));
  EXPECT_EQ(resources.artifacts.at(0),
            (core::ArtifactRecord{"ptxas", "log.txt", "text/plain", std::string("\0\xff", 2)}));
  EXPECT_EQ(timing.parameters,
            (std::map<std::string, std::string>{{"warmup", "20"}, {"iterations", "100"}, {"cache", "warm"}}));
  ASSERT_EQ(timing.samples.size(), 3u);
  EXPECT_EQ(timing.samples[0], (core::Sample{core::SampleKind::kGraph, 0, 50, 30.5, {}, 1980.0, {}}));
  EXPECT_EQ(timing.diagnostics.at(0),
            (core::DiagnosticRecord{core::Severity::kWarning, "clock_drift", "message", "hint", "timing"}));
  EXPECT_EQ(run.diagnostics.at(0).code, "other");
  EXPECT_EQ(cupti.collector, "cupti");
  EXPECT_EQ(cupti.tool, "CUPTI");
  EXPECT_EQ(cupti.tool_version, "130001");
  EXPECT_EQ(cupti.passes, 24);
  EXPECT_EQ(cupti.parameters, (std::map<std::string, std::string>{{"replay", "user"}, {"set", "unknown"}}));
  EXPECT_EQ(cupti.status, core::MeasurementStatus::kPartial);
  EXPECT_EQ(cupti.counters,
            (std::vector<core::CounterValue>{{"a.sum", 0, 1.5, ""}, {"b.sum", 0, std::nullopt, "refused"}}));
  EXPECT_EQ(ncu.tool, "Nsight Compute");
  EXPECT_EQ(ncu.tool_version, "2025.3.1");
  EXPECT_EQ(ncu.counters, (std::vector<core::CounterValue>{{"a.sum", 0, 2.5, ""}}));

  const auto library = store.read_run(12).value();
  EXPECT_EQ(library.model, std::nullopt);
  EXPECT_EQ(library.cache, std::nullopt);  // counted by a collector that nobody knows
  EXPECT_EQ(library.answer, core::Answer::kUnchecked);
  EXPECT_EQ(library.kernels.size(), 2u);  // known from counters alone
  ASSERT_EQ(library.measurements.size(), 1u);
  EXPECT_EQ(library.measurements[0].passes, std::nullopt);
  EXPECT_EQ(library.measurements[0].counters.back(), (core::CounterValue{"a.sum", std::nullopt, 3.5, ""}));

  const auto session = store.read_session(2).value();
  EXPECT_EQ(session.origin, core::Origin::kRecording);
  EXPECT_EQ(session.source, "h200.db.zst");
  EXPECT_EQ(session.tags, (core::Tags{{"branch", "main"}}));
  RunFilter tagged;
  tagged.tags = {{"branch", "main"}, {"note", "x"}};
  tagged.since = "2025-12-31";
  const auto page = store.list_runs(tagged).value();
  ASSERT_EQ(page.runs.size(), 1u);
  EXPECT_EQ(page.runs[0].graph_p50_ns, 10.5);
  EXPECT_EQ(page.runs[0].launch_p50_ns, 99.5);
  EXPECT_EQ(page.runs[0].measurement_count, 5);
}

TEST(Migrate, EverythingOfSchema1IsCarriedOver) {
  const testing::TemporaryFolder folder;
  make_schema_1(folder / "old.db");
  const auto before = testing::content_of(folder.path());
  {
    auto reading = Store::open(folder / "old.db", Mode::kReadOnly);  // through a copy in memory
    ASSERT_TRUE(reading) << core::to_text(reading.error());
    expect_carried_over(*reading);
  }
  EXPECT_EQ(testing::content_of(folder.path()), before);
  auto writing = Store::open(folder / "old.db");
  ASSERT_TRUE(writing) << core::to_text(writing.error());
  expect_carried_over(*writing);
  auto session = testing::example_session();
  auto run = testing::example_run();
  ASSERT_TRUE(writing->write_run(session, run));
  EXPECT_EQ(run.id, 13);
}

// A database of schema 2 as its program left it, with runs of every origin in one series.
void make_schema_2(const std::filesystem::path& path) {
  const Connection connection = connect(path, Access::kCreate);
  sqlite3* const db = connection.get();
  migrate(db, migrations().first(2));
  configure(db, nullptr, false);
  execute(db, R"(
INSERT INTO environment VALUES (1, 'sha', 0, '', '', '', '', '', '', '', '', '', '', '');
INSERT INTO device_class VALUES (1, 'NVIDIA H200', 'GH100', 9, 0, 132, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 32);
INSERT INTO device VALUES (1, 1, 'GPU-5a');
INSERT INTO subject VALUES (1, 'phase', 'wmma', 'Title', 2, 0, 'hash'), (2, 'phase', 'cublas', 'Library', 100, 1, '');
INSERT INTO problem VALUES (1, 'load', 'load:n=4');
INSERT INTO problem_axis VALUES (1, 0, 'n', '4', 4);
INSERT INTO series VALUES (1, 'phase', 'wmma', 1, 1), (2, 'phase', 'cublas', 1, NULL), (3, 'phase', 'cublas', NULL, NULL);
INSERT INTO session VALUES (1, '2026-01-01T00:00:00Z', 'command', 'live', '', 1);
INSERT INTO run VALUES (1, 1, 1, '2026-01-01T00:00:00Z', 'live', 1, 1, 1, 1, 8.0, 4.0, 'right'),
  (2, 1, 1, '2026-01-01T00:00:01Z', 'import', 1, 1, 1, 1, NULL, NULL, 'does_not_apply'),
  (3, 1, 1, '2026-01-01T00:00:02Z', 'live', 1, 1, 1, 1, 8.0, 4.0, 'right'),
  (4, 1, 1, '2026-01-01T00:00:03Z', 'recording', 1, 1, 1, 1, 8.0, 4.0, 'right'),
  (5, 1, 2, '2026-01-01T00:00:04Z', 'live', 2, 1, NULL, 1, NULL, NULL, 'unchecked'),
  (6, 1, 3, '2026-01-01T00:00:05Z', 'import', 2, NULL, NULL, 1, NULL, NULL, 'does_not_apply');
INSERT INTO run_block VALUES (0, '2026-01-01T00:00:05Z');
INSERT INTO run_tag SELECT id, 'note', 'x' FROM run;
INSERT INTO tag VALUES (1, 'note', 'x');
INSERT INTO tagged_run SELECT 1, series_id, id, taken_at FROM run;
INSERT INTO kernel SELECT id, 0, 'k', NULL, NULL, NULL, NULL, NULL, NULL FROM run;
INSERT INTO measurement VALUES
  (1, 1, 0, 'check', 'FlashCore', '1', '', NULL, 'complete', '', 0, 0, 0, 0, 0, 2, 0, 0, 0),
  (2, 1, 1, 'timing', 'FlashCore', '1', '', NULL, 'complete', '', 0, 0, 0, 1, 0, 0, 1, 0, 0),
  (3, 2, 0, 'ncu', 'ncu', '1', '', NULL, 'complete', '', 0, 0, 0, 0, 1, 0, 0, 0, 0),
  (4, 3, 0, 'check', 'FlashCore', '1', '', NULL, 'complete', '', 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (5, 4, 0, 'cupti', 'CUPTI', '1', '', 3, 'complete', '', 0, 0, 0, 0, 1, 0, 0, 0, 0),
  (6, 5, 0, 'nvbench', 'nvbench', '1', '', NULL, 'complete', '', 0, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO correctness VALUES (1, 0, 42, 1, 0.1, 0.2, 1, 2, 3, 0.06, 0.02, 'fp64 host reference'),
  (1, 1, -1, 1, NULL, NULL, 0, 0, 0, 0.06, 0.02, '');
INSERT INTO sample VALUES (2, 0, 'graph', 0, 50, 30.5, 1980.0, 1965.0);
INSERT INTO clock_log VALUES (2, 0, 1.5, 1980.0, 3201.0, 700.0, 61.0, 4);
INSERT INTO counter_name VALUES (1, 'gpu__time_duration.sum');
INSERT INTO counter SELECT id, 0, 1, 0, 7.5, NULL FROM measurement WHERE counter_count = 1;
INSERT INTO run_summary SELECT id, CASE id WHEN 1 THEN 30.5 END, NULL, NULL,
  (SELECT count(*) FROM measurement m WHERE m.run_id = run.id),
  (SELECT coalesce(sum(counter_count), 0) FROM measurement m WHERE m.run_id = run.id), 0 FROM run)");
}

std::vector<core::RowId> listed(const Store& store, RunFilter filter) {
  filter.limit = 0;
  std::vector<core::RowId> ids;
  const auto page = store.list_runs(filter);
  if (!page) {
    ADD_FAILURE() << core::to_text(page.error());
    return ids;
  }
  for (const RunSummary& run : page->runs) ids.push_back(run.id);
  return ids;
}

void expect_carried_over_from_2(const Store& store) {
  using Ids = std::vector<core::RowId>;
  const auto cache_of = [&](core::RowId id) { return store.read_run(id).value().cache; };
  EXPECT_EQ(cache_of(1), core::CacheState::kWarm);  // timed
  EXPECT_EQ(cache_of(2), std::nullopt);             // an import, though ncu counted it
  EXPECT_EQ(cache_of(3), std::nullopt);             // nothing was launched for time or counters
  EXPECT_EQ(cache_of(4), core::CacheState::kWarm);  // counted, in a recording
  EXPECT_EQ(cache_of(5), std::nullopt);             // not by a collector of our own
  EXPECT_EQ(cache_of(6), std::nullopt);
  RunFilter warm, cold, subject, tagged;
  warm.cache = core::CacheState::kWarm;
  cold.cache = core::CacheState::kCold;
  subject.subjects = {"wmma"};
  tagged.tags = {{"note", "x"}};
  EXPECT_EQ(listed(store, {}), (Ids{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(listed(store, warm), (Ids{4, 1}));
  EXPECT_EQ(listed(store, cold), Ids());
  EXPECT_EQ(listed(store, subject), (Ids{4, 3, 2, 1}));
  EXPECT_EQ(listed(store, tagged), (Ids{6, 5, 4, 3, 2, 1}));
  tagged.cache = core::CacheState::kWarm;
  tagged.problems = {core::Problem{"load", {{"n", "4"}}}};
  EXPECT_EQ(listed(store, tagged), (Ids{4, 1}));
  const auto run = store.read_run(1).value();
  EXPECT_EQ(run.model, (core::ModelRecord{8, 4, 0}));
  const auto& checks = run.measurements.at(0).checks;
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0], (core::CheckRecord{42, "", true, 0.1, 0.2, 1, 2, 3, 0.06, 0.02, std::nullopt, "",
                                          "fp64 host reference"}));
  EXPECT_EQ(checks[1].seed, ~std::uint64_t{0});
  EXPECT_TRUE(std::isnan(checks[1].max_error));
  const auto& timing = run.measurements.at(1);
  EXPECT_EQ(timing.samples,
            (std::vector{core::Sample{core::SampleKind::kGraph, 0, 50, 30.5, {}, 1980, 1965}}));
  EXPECT_EQ(timing.clocks, (std::vector{core::ClockRecord{1.5, 1980, 3201, 700, 61, 4, {}}}));
  EXPECT_TRUE(timing.steps.empty());
  EXPECT_EQ(store.list_runs({}).value().runs.back().graph_p50_ns, 30.5);
  EXPECT_TRUE(store.read_session(1).value().steps.empty());
}

// Series, tags and shared rows hang together: a run's series has the run's state, and none is there twice.
void expect_whole(const std::filesystem::path& path, int series) {
  const Connection db = connect(path, Access::kReadWrite);
  EXPECT_EQ(query_integer(db.get(), "SELECT count(*) FROM series"), series);
  for (const char* wrong :
       {"SELECT count(*) FROM run r JOIN series s ON s.id = r.series_id JOIN subject b ON b.id = "
        "r.subject_id "
        "WHERE s.cache IS NOT r.cache OR s.subject <> b.name OR s.problem_id IS NOT r.problem_id",
        "SELECT count(*) FROM tagged_run t JOIN run r ON r.id = t.run_id WHERE t.series_id <> r.series_id",
        "SELECT count(*) FROM series WHERE id NOT IN (SELECT series_id FROM run)",
        "SELECT count(*) FROM pragma_foreign_key_check"}) {
    EXPECT_EQ(query_integer(db.get(), wrong), 0) << wrong;
  }
}

TEST(Migrate, EverythingOfSchema2IsCarriedOver) {
  const testing::TemporaryFolder folder;
  make_schema_2(folder / "old.db");
  const auto before = testing::content_of(folder.path());
  {
    auto reading = Store::open(folder / "old.db", Mode::kReadOnly);
    ASSERT_TRUE(reading) << core::to_text(reading.error());
    expect_carried_over_from_2(*reading);
  }
  EXPECT_EQ(testing::content_of(folder.path()), before);
  {
    auto writing = Store::open(folder / "old.db");
    ASSERT_TRUE(writing) << core::to_text(writing.error());
    expect_carried_over_from_2(*writing);
    // New runs join the series of their state.
    auto session = testing::example_session();
    auto run = writing->read_run(1).value();
    run.id = 0;
    ASSERT_TRUE(writing->write_run(session, run));
    run.cache.reset();
    ASSERT_TRUE(writing->write_run(session, run));
    EXPECT_EQ(run.id, 8);
  }
  expect_whole(folder / "old.db", 4);  // wmma's was split in two
}

TEST(Migrate, ARunWithoutAModelHasNoExponentials) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db");
  const Connection db = connect(folder / "runs.db", Access::kReadWrite);
  EXPECT_THROW(execute(db.get(), "UPDATE run SET model_flops = NULL"), SqlFailure);
  EXPECT_THROW(execute(db.get(), "UPDATE run SET model_flops = NULL, model_bytes = NULL"), SqlFailure);
  EXPECT_THROW(execute(db.get(), "UPDATE measurement_step SET ms = -1"), SqlFailure);
  execute(db.get(), "UPDATE run SET model_flops = NULL, model_bytes = NULL, model_exps = NULL");
}

TEST(Migrate, ADatabaseThatWasMigratedIsOneThatWasMadeNew) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "new.db");
  const std::string all =
      "SELECT group_concat(type || name || coalesce(sql, '')) = (SELECT group_concat(type || name || "
      "coalesce(sql, '')) FROM other.sqlite_schema) FROM sqlite_schema";
  for (const auto make : {make_schema_1, make_schema_2}) {
    std::filesystem::remove(folder / "old.db");
    make(folder / "old.db");
    { const auto store = Store::open(folder / "old.db").value(); }
    const Connection db = connect(folder / "old.db", Access::kReadWrite);
    execute(db.get(), "ATTACH '" + (folder / "new.db").string() + "' AS other");
    EXPECT_EQ(query_integer(db.get(), all), 1);
    EXPECT_EQ(query_integer(db.get(), "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  }
}

}  // namespace
}  // namespace flashcore::store
