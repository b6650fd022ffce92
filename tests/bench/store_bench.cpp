// The store when it is much: a page of a list and one run out of a million, and how close a batch of runs
// comes to a bare loop of inserts of the same rows. scripts/bench runs it.
//
// The million is made once, in the folder for temporary files, and used again: FLASHCORE_BENCH_RUNS sets
// another number. Its runs lie across 40 subjects, 60 problems, 4 classes of device and both cache states (a
// third of the subjects cold), in sessions of 12; what each filter of the lists below finds is said by its
// name.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace {

namespace core = flashcore::core;
namespace fs = std::filesystem;
using flashcore::store::Access;
using flashcore::store::connect;
using flashcore::store::execute;
using flashcore::store::Mode;
using flashcore::store::query_integer;
using flashcore::store::RunFilter;
using flashcore::store::Store;

std::int64_t run_count() {
  const char* const asked = std::getenv("FLASHCORE_BENCH_RUNS");
  return asked != nullptr ? std::atoll(asked) : 1'000'000;
}

// Samples and counters as many as a real run has.
core::RunRecord real_run(const std::string& phase, int rung, const std::string& shape) {
  core::RunRecord run = flashcore::tests::sample_run(phase, rung, shape, 50'000);
  auto& timing = flashcore::tests::measurement_of(run, "timing");
  while (timing.samples.size() < 200) timing.samples.push_back(timing.samples[timing.samples.size() % 20]);
  auto& counters = flashcore::tests::measurement_of(run, "cupti").counters;
  for (int i = 0; counters.size() < 104; ++i) {
    counters.push_back({fmt::format("sm__inst_executed_pipe_{}.sum", i), 0, 1000.5 * i, ""});
  }
  return run;
}

// --- a million ----------------------------------------------------------------------------------------

// One whole run of every series, through the store: 40 subjects x 60 problems, on one of four classes.
void write_series(Store& store) {
  std::vector<core::RunRecord> runs;
  for (int s = 0; s < 40; ++s) {
    for (int p = 0; p < 60; ++p) {
      core::RunRecord run = flashcore::tests::sample_run(fmt::format("phase{:02}", s), s, "tiny", 1000 + p);
      run.problem = core::to_problem({1, 8, 8, 64 * (p / 2 + 1), 64 * (p / 2 + 1), 64, "f16", p % 2 == 1});
      run.device->name = fmt::format("Test GPU {}", "ABCD"[(s + p) % 4]);
      if (s % 3 == 0) run.cache = core::CacheState::kCold;
      run.taken_at = "2020-01-01T00:00:00Z";
      run.tags = {{"rare", fmt::format("{}", s * 60 + p)}};
      runs.push_back(std::move(run));
    }
  }
  core::SessionRecord session = flashcore::tests::sample_session();
  session.tags = {{"branch", "main"}};
  if (!store.write_runs(session, runs)) std::abort();
}

// Copies of those runs' heads, by SQL. The first half was taken in 2021 to 2025, the second half replays 2019
// (a young `since` has to look behind it); `colour` lies on every run, `odd` on runs of odd series alone.
void multiply(const fs::path& path, std::int64_t runs) {
  const auto connection = connect(path, Access::kReadWrite);
  sqlite3* const db = connection.get();
  execute(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
  const std::int64_t have = query_integer(db, "SELECT max(id) FROM run");
  execute(
      db,
      fmt::format(
          "CREATE TEMP TABLE made AS WITH RECURSIVE n(i) AS (SELECT {0} + 1 UNION ALL SELECT i + 1 FROM n "
          "WHERE i < {1}) SELECT i AS id, 2 + (i - {0} - 1) / 12 AS session_id, (i * 7919) % {0} + 1 AS "
          "base, "
          "CASE WHEN i < {1} / 2 THEN strftime('%Y-%m-%dT%H:%M:%SZ', 1609459200 + i * 300, 'unixepoch') "
          "ELSE strftime('%Y-%m-%dT%H:%M:%SZ', 1546300800 + i, 'unixepoch') END AS taken_at FROM n",
          have, runs));
  execute(
      db,
      "INSERT INTO session (id, started_at, command, origin, source, environment_id) SELECT session_id, "
      "min(taken_at), 'bench', 'live', '', 1 FROM made GROUP BY session_id;"
      "INSERT INTO session_tag SELECT DISTINCT session_id, 'branch', iif(session_id % 3, 'main', 'topic') "
      "FROM made;"
      "INSERT INTO run (id, session_id, series_id, taken_at, origin, subject_id, problem_id, device_id, "
      "environment_id, model_flops, model_bytes, model_exps, cache, answer) SELECT m.id, m.session_id, "
      "r.series_id, m.taken_at, r.origin, r.subject_id, r.problem_id, r.device_id, r.environment_id, "
      "r.model_flops, r.model_bytes, r.model_exps, r.cache, r.answer FROM made m JOIN run r ON r.id = m.base;"
      "INSERT OR REPLACE INTO run_block SELECT id / 1024, max(taken_at) FROM run GROUP BY 1;"
      "INSERT INTO run_summary SELECT m.id, s.graph_p50_ns, s.launch_p50_ns, s.counted_ns, 1, 0, 0 FROM made "
      "m "
      "JOIN run_summary s ON s.run_id = m.base;"
      "INSERT INTO measurement (run_id, ordinal, collector, tool, tool_version, taken_at, status, reason, "
      "parameter_count, kernel_count, resource_count, sample_count, counter_count, check_count, clock_count, "
      "diagnostic_count, artifact_count) SELECT id, 0, 'timing', '', '', taken_at, 'complete', '', 0, 0, 0, "
      "0, 0, "
      "0, 0, 0, 0 FROM made;"
      "INSERT INTO run_tag SELECT id, 'colour', 'blue' FROM made;"
      "INSERT INTO run_tag SELECT m.id, 'odd', 'yes' FROM made m JOIN run r ON r.id = m.id WHERE r.series_id "
      "% 2;"
      "INSERT INTO run_tag SELECT id, 'few', 'yes' FROM made WHERE id % 100003 = 0;"
      "INSERT OR IGNORE INTO tag (key, value) SELECT DISTINCT key, value FROM run_tag UNION SELECT DISTINCT "
      "key, "
      "value FROM session_tag;"
      "INSERT INTO tagged_run SELECT * FROM (SELECT t.id, r.series_id, r.id, r.taken_at FROM made m JOIN run "
      "r ON "
      "r.id = m.id JOIN run_tag g ON g.run_id = r.id JOIN tag t ON t.key = g.key AND t.value = g.value UNION "
      "ALL "
      "SELECT t.id, r.series_id, r.id, r.taken_at FROM made m JOIN run r ON r.id = m.id JOIN session_tag g "
      "ON "
      "g.session_id = r.session_id JOIN tag t ON t.key = g.key AND t.value = g.value) ORDER BY 1, 2, 3;"
      "COMMIT; PRAGMA journal_mode = WAL");
}

const fs::path& million() {
  static const fs::path path = [] {
    const std::int64_t runs = run_count();
    const fs::path made = fs::temp_directory_path() / fmt::format("flashcore-bench-schema{}-{}.db",
                                                                  flashcore::store::schema_version(), runs);
    if (fs::exists(made)) return made;
    const fs::path partial = made.string() + ".partial";
    fs::remove(partial);
    {
      auto store = Store::open(partial);
      if (!store) std::abort();
      write_series(*store);
    }
    multiply(partial, runs);
    fs::rename(partial, made);
    return made;
  }();
  return path;
}

struct NamedFilter {
  std::string name;
  RunFilter filter;
};

std::vector<NamedFilter> filters() {
  const core::Problem problem = core::to_problem({1, 8, 8, 64, 64, 64, "f16", false});
  const core::Problem other = core::to_problem({1, 8, 8, 640, 640, 64, "f16", true});
  std::vector<NamedFilter> all;
  const auto add = [&](std::string name) -> RunFilter& {
    return all.emplace_back(NamedFilter{std::move(name), {}}).filter;
  };
  add("nothing");
  add("oldest_first").oldest_first = true;
  add("second_page").before_id = run_count() / 2;
  add("subject").subjects = {"phase07"};
  add("subject_that_nobody_has").subjects = {"nobody"};
  add("problem").problems = {problem};
  add("device").device_contains = "gpu c";
  add("device_that_all_have").device_contains = "gpu";
  add("cache_cold").cache = core::CacheState::kCold;
  add("cache_warm").cache = core::CacheState::kWarm;
  add("session").session = 4711;
  add("tag_on_all").tags = {{"colour", "blue"}};
  add("tag_of_sessions").tags = {{"branch", "topic"}};
  add("tag_on_ten").tags = {{"few", "yes"}};
  add("tag_that_nobody_has").tags = {{"colour", "red"}};
  add("two_tags").tags = {{"branch", "topic"}, {"odd", "yes"}};
  add("since_2025_behind_half_of_all").since = "2025-01-01";
  add("since_2019").since = "2019-01-01";
  add("since_a_month_ago").since = "2025-09-15";
  add("since_the_future").since = "2099-01-01";
  auto& state = add("subject_cache_warm");
  state.subjects = {"phase07"};
  state.cache = core::CacheState::kWarm;
  auto& series = add("subject_problem");
  series.subjects = {"phase07"};
  series.problems = {other};
  auto& rare = add("tag_on_ten_and_device");
  rare.tags = {{"few", "yes"}};
  rare.device_contains = "a";
  auto& tagged = add("subject_tag_on_all");
  tagged.subjects = {"phase07", "phase08"};
  tagged.tags = {{"colour", "blue"}};
  auto& young = add("subject_since_2025");
  young.subjects = {"phase07"};
  young.since = "2025-01-01";
  auto& everything = add("device_since_2025_tag_topic");
  everything.device_contains = "Test";
  everything.since = "2025-01-01";
  everything.tags = {{"branch", "topic"}};
  auto& disjoint = add("tag_and_subject_that_do_not_meet");
  disjoint.subjects = {"phase00"};
  disjoint.problems = {other};
  disjoint.tags = {{"rare", "7"}};
  auto& in_session = add("session_and_tag_on_all");
  in_session.session = 4711;
  in_session.tags = {{"colour", "blue"}};
  auto& never = add("device_since_the_future");
  never.device_contains = "gpu";
  never.since = "2099-01-01";
  return all;
}

void ListRuns(benchmark::State& state, const RunFilter& filter) {
  auto store = Store::open(million(), Mode::kReadOnly);
  if (!store) return state.SkipWithError(store.error().message.c_str());
  std::size_t found = 0;
  for (auto _ : state) {
    const auto page = store->list_runs(filter);
    if (!page) return state.SkipWithError(page.error().message.c_str());
    found = page->runs.size();
  }
  state.counters["found"] = static_cast<double>(found);
}

// As `flashcore-profile list runs` does it: a database that was not open.
void OpenAndList(benchmark::State& state) {
  million();
  for (auto _ : state) {
    auto store = Store::open(million(), Mode::kReadOnly);
    if (!store) return state.SkipWithError(store.error().message.c_str());
    benchmark::DoNotOptimize(store->list_runs({}));
  }
}

void ListSessions(benchmark::State& state) {
  auto store = Store::open(million(), Mode::kReadOnly);
  if (!store) return state.SkipWithError(store.error().message.c_str());
  for (auto _ : state) benchmark::DoNotOptimize(store->list_sessions());
}

void ReadOneOfMany(benchmark::State& state) {
  auto store = Store::open(million(), Mode::kReadOnly);
  if (!store) return state.SkipWithError(store.error().message.c_str());
  core::RowId id = 1;
  for (auto _ : state) {
    const auto run = store->read_run(id);
    if (!run) return state.SkipWithError(run.error().message.c_str());
    id = id % 2400 + 1;
  }
}

// --- ingest -------------------------------------------------------------------------------------------

constexpr int kBatch = 400;

std::vector<core::RunRecord> batch() {
  std::vector<core::RunRecord> runs;
  const char* const shapes[] = {"tiny", "small", "mission", "long"};
  for (int i = 0; i < kBatch; ++i) {
    runs.push_back(real_run(fmt::format("phase{}", i % 6), i % 6, shapes[i % 4]));
  }
  return runs;
}

struct FreeValue {
  void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
struct Table {
  std::string name;
  int columns = 0;
  std::vector<std::unique_ptr<sqlite3_value, FreeValue>> values;
};

// Every row of a database, parents before children.
std::vector<Table> rows_of(sqlite3* db) {
  std::vector<Table> tables;
  for (const char* name : {"environment",
                           "subject",
                           "problem",
                           "problem_axis",
                           "device_class",
                           "device",
                           "series",
                           "session",
                           "session_tag",
                           "session_step",
                           "tag",
                           "counter_name",
                           "run",
                           "run_tag",
                           "tagged_run",
                           "run_summary",
                           "kernel",
                           "measurement",
                           "measurement_parameter",
                           "measurement_kernel",
                           "measurement_step",
                           "sample",
                           "counter",
                           "resource",
                           "correctness",
                           "clock_log",
                           "diagnostic",
                           "artifact"}) {
    Table& table = tables.emplace_back();
    table.name = name;
    sqlite3_stmt* select = nullptr;
    if (sqlite3_prepare_v2(db, fmt::format("SELECT * FROM {}", name).c_str(), -1, &select, nullptr) !=
        SQLITE_OK) {
      std::abort();
    }
    table.columns = sqlite3_column_count(select);
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int c = 0; c < table.columns; ++c)
        table.values.emplace_back(sqlite3_value_dup(sqlite3_column_value(select, c)));
    }
    sqlite3_finalize(select);
  }
  return tables;
}

// The least that SQLite asks for these rows: prepared inserts, one transaction.
void bare_loop(sqlite3* db, const std::vector<Table>& tables) {
  execute(db, "BEGIN IMMEDIATE");
  for (const Table& table : tables) {
    std::string marks = "?";
    for (int c = 1; c < table.columns; ++c) marks += ", ?";
    sqlite3_stmt* insert = nullptr;
    const std::string sql = fmt::format("INSERT INTO {} VALUES ({})", table.name, marks);
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &insert, nullptr) != SQLITE_OK) std::abort();
    int c = 0;
    for (const auto& value : table.values) {
      sqlite3_bind_value(insert, ++c, value.get());
      if (c < table.columns) continue;
      if (sqlite3_step(insert) != SQLITE_DONE) std::abort();
      sqlite3_reset(insert);
      c = 0;
    }
    sqlite3_finalize(insert);
  }
  execute(db, "COMMIT");
}

double seconds_of(auto work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Both on fresh files of the same schema, with the same settings; `of_bare_loop` is the share that is
// reached.
void BatchIngest(benchmark::State& state) {
  const std::vector<core::RunRecord> runs = batch();
  double ours = 0, bare = 0;
  for (auto _ : state) {
    flashcore::tests::TemporaryFolder folder;
    auto store = Store::open(folder / "ours.db");
    if (!store) return state.SkipWithError(store.error().message.c_str());
    core::SessionRecord first = flashcore::tests::sample_session(), session = first;
    std::vector<core::RunRecord> made(runs.begin(), runs.begin() + 1), rest = runs;
    if (!store->write_runs(first, made)) return state.SkipWithError("cannot write");
    ours += seconds_of([&] {
      if (!store->write_runs(session, rest)) std::abort();
    });
    const auto from = connect(folder / "ours.db", Access::kReadWrite);
    const std::vector<Table> tables = rows_of(from.get());
    {
      auto empty = Store::open(folder / "bare.db");
      core::SessionRecord none = first;
      none.id = 0;
      if (!empty || !empty->write_runs(none, made)) return state.SkipWithError("cannot write");
    }
    const auto into = connect(folder / "bare.db", Access::kReadWrite);
    execute(into.get(), "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF");
    for (const Table& table : tables) execute(into.get(), "DELETE FROM " + table.name);
    execute(into.get(), "PRAGMA foreign_keys = ON");
    bare += seconds_of([&] { bare_loop(into.get(), tables); });
  }
  const double total = static_cast<double>(kBatch) * static_cast<double>(state.iterations());
  state.counters["runs_per_s"] = total / ours;
  state.counters["bare_runs_per_s"] = total / bare;
  state.counters["of_bare_loop"] = bare / ours;
}
BENCHMARK(BatchIngest)->Unit(benchmark::kMillisecond)->Iterations(5);

// One measurement after the other, a transaction each, as a session takes them.
void AppendMeasurement(benchmark::State& state) {
  const core::RunRecord run = real_run("wmma", 2, "mission");
  flashcore::tests::TemporaryFolder folder;
  auto store = Store::open(folder / "runs.db");
  if (!store) return state.SkipWithError(store.error().message.c_str());
  core::SessionRecord session = flashcore::tests::sample_session();
  for (auto _ : state) {
    core::RunRecord taken = flashcore::tests::sample_head("wmma", 2, "mission");
    for (const core::MeasurementRecord& m : run.measurements) {
      if (!store->append(session, taken, m)) return state.SkipWithError("cannot append");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(run.measurements.size()));
}
BENCHMARK(AppendMeasurement)->Unit(benchmark::kMicrosecond);

}  // namespace

int main(int argc, char** argv) {
  for (const NamedFilter& named : filters()) {
    benchmark::RegisterBenchmark(("ListRuns/" + named.name).c_str(), [filter = named.filter](
                                                                         benchmark::State& state) {
      ListRuns(state, filter);
    })->Unit(benchmark::kMillisecond);
  }
  benchmark::RegisterBenchmark("OpenAndList", OpenAndList)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("ListSessions", ListSessions)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("ReadOneOfMany", ReadOneOfMany)->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
