// The store when it is much: a page of a list and one run out of a million, and how close a batch of runs
// comes to a bare loop of inserts of the same rows. scripts/bench runs it.
// What each filter of the lists below finds is said by its name.
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
#include "tests/bench/million_runs.h"
#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace {

namespace core = flashcore::core;
namespace fs = std::filesystem;
using flashcore::bench::million;
using flashcore::bench::real_run;
using flashcore::bench::run_count;
using flashcore::store::Access;
using flashcore::store::connect;
using flashcore::store::execute;
using flashcore::store::Mode;
using flashcore::store::query_integer;
using flashcore::store::RunFilter;
using flashcore::store::Store;

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
