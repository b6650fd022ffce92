// A database of a million runs for benchmarks, and one run as large as a real one.
//
// The million is made once, in the folder for temporary files, and used again: FLASHCORE_BENCH_RUNS sets
// another number. Its runs lie across 40 subjects, 60 problems, 4 classes of device and both cache states (a
// third of the subjects cold), in sessions of 12; they have heads and summaries, and the 2,400 that they are
// copies of have all of a run. The subject "history" on mission has 416 whole runs beside them.
#pragma once

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/support/sample_runs.h"

namespace flashcore::bench {

namespace fs = std::filesystem;
using store::Access;
using store::connect;
using store::execute;
using store::query_integer;
using store::Store;

inline constexpr int kCounters = 60, kSamples = 200, kHistoryRuns = 416;

inline std::int64_t run_count() {
  const char* const asked = std::getenv("FLASHCORE_BENCH_RUNS");
  return asked != nullptr ? std::atoll(asked) : 1'000'000;
}

// Samples and counters as many as a real run has.
inline core::RunRecord real_run(const std::string& phase, int rung, const std::string& shape) {
  core::RunRecord run = flashcore::tests::sample_run(phase, rung, shape, 50'000);
  auto& timing = flashcore::tests::measurement_of(run, "timing");
  while (timing.samples.size() < kSamples)
    timing.samples.push_back(timing.samples[timing.samples.size() % 20]);
  auto& counters = flashcore::tests::measurement_of(run, "cupti").counters;
  for (int i = 0; counters.size() < kCounters; ++i) {
    counters.push_back({fmt::format("sm__inst_executed_pipe_{}.sum", i), 0, 1000.5 * i, ""});
  }
  return run;
}

// --- a million ----------------------------------------------------------------------------------------

// One whole run of every series, through the store: 40 subjects x 60 problems, on one of four classes.
inline void write_series(Store& store) {
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
inline void multiply(const fs::path& path, std::int64_t runs) {
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
      "INSERT INTO run_summary SELECT m.id, s.graph_p50_ns * (1 + 0.01 * (abs(random()) % 1000) / 1000), "
      "s.launch_p50_ns, s.counted_ns, 1, 0, 0, s.clock_mhz FROM made "
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

// One more series, whose runs have counters and samples as real ones have: 416 runs, as many as the others
// have, of 104 builds; with the 53rd they become 3% slower.
inline void write_history(const fs::path& path) {
  auto store = Store::open(path);
  if (!store) std::abort();
  std::vector<core::RunRecord> runs;
  for (int i = 0; i < kHistoryRuns; ++i) {
    core::RunRecord run = real_run("history", 50, "mission");
    run.taken_at = fmt::format("2026-{:02}-{:02}T{:02}:00:00Z", 1 + i / 56, 1 + i / 2 % 28, 12 * (i % 2));
    run.environment.git_sha = fmt::format("{:040x}", 0xabc0000 + i / 4);
    const double share = (i < kHistoryRuns / 2 ? 1 : 1.03) * (1 + 0.005 * ((i * 7919) % 101 - 50) / 50.0);
    for (auto& m : run.measurements) {
      for (auto& sample : m.samples) sample.duration_ns *= share;
      for (auto& counter : m.counters) {
        if (counter.value) *counter.value *= share;
      }
    }
    runs.push_back(std::move(run));
  }
  core::SessionRecord session = flashcore::tests::sample_session();
  if (!store->write_runs(session, runs)) std::abort();
}

inline const fs::path& million() {
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
    write_history(partial);
    fs::rename(partial, made);
    return made;
  }();
  return path;
}

}  // namespace flashcore::bench
