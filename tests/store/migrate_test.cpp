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
  for (const char* table : {"session_tag", "run", "run_tag", "run_summary", "tagged_run", "kernel",
                            "measurement", "measurement_parameter", "measurement_kernel", "sample", "counter",
                            "resource", "correctness", "clock_log", "diagnostic", "artifact"}) {
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
  EXPECT_EQ(run.model, (core::ModelRecord{1e9, 2e6}));
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
  EXPECT_EQ(check.checks[0], (core::CheckRecord{42, true, 0.1, 0.2, 1, 2, 3, 0.4, 0.5, "method"}));
  EXPECT_TRUE(std::isnan(check.checks[1].max_error));
  ASSERT_EQ(resources.resources.size(), 1u);
  EXPECT_EQ(resources.resources[0],
            (core::ResourceRecord{0, 96, 1, 2, 3, 4, 5, 6, 7, 90, 0.5, 2, "registers", "ptxas"}));
  EXPECT_EQ(resources.artifacts.at(0),
            (core::ArtifactRecord{"ptxas", "log.txt", "text/plain", std::string("\0\xff", 2)}));
  EXPECT_EQ(timing.parameters,
            (std::map<std::string, std::string>{{"warmup", "20"}, {"iterations", "100"}, {"cache", "warm"}}));
  ASSERT_EQ(timing.samples.size(), 3u);
  EXPECT_EQ(timing.samples[0], (core::Sample{core::SampleKind::kGraph, 0, 50, 30.5, 1980.0, std::nullopt}));
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

TEST(Migrate, ADatabaseThatWasMigratedIsOneThatWasMadeNew) {
  const testing::TemporaryFolder folder;
  make_schema_1(folder / "old.db");
  { const auto store = Store::open(folder / "old.db").value(); }
  testing::make_database(folder / "new.db");
  const std::string all =
      "SELECT group_concat(type || name || coalesce(sql, '')) = (SELECT group_concat(type || name || "
      "coalesce(sql, '')) FROM other.sqlite_schema) FROM sqlite_schema";
  const Connection db = connect(folder / "old.db", Access::kReadWrite);
  execute(db.get(), "ATTACH '" + (folder / "new.db").string() + "' AS other");
  EXPECT_EQ(query_integer(db.get(), all), 1);
  EXPECT_EQ(query_integer(db.get(), "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

}  // namespace
}  // namespace flashcore::store
