// Writing: a session or a run is one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "store/columns.h"
#include "store/failure.h"
#include "store/store.h"

namespace flashcore::store {
namespace {

using core::RowId;

// "?, ?, ?" for as many columns as the list names.
std::string placeholders(std::string_view columns) {
  std::string marks = "?";
  for (auto n = std::count(columns.begin(), columns.end(), ','); n > 0; --n) marks += ", ?";
  return marks;
}

// The id of the row with these values, which is made where there is none yet.
template <typename Fields>
RowId stored_once(sqlite3* db, std::string_view table, std::string_view columns, const Fields& fields) {
  const std::string marks = placeholders(columns);
  Statement find(db, fmt::format("SELECT id FROM {} WHERE ({}) = ({})", table, columns, marks));
  find.bind(fields);
  if (find.step()) return find.value<RowId>();
  Statement insert(db, fmt::format("INSERT INTO {} ({}) VALUES ({})", table, columns, marks));
  insert.run(fields);
  return sqlite3_last_insert_rowid(db);
}

RowId environment_id(sqlite3* db, const core::EnvironmentRecord& environment) {
  return stored_once(db, "environment", kEnvironmentColumns, environment_fields(environment));
}

// One row for each record, numbered in their order.
template <typename Records, typename Fields>
void write_rows(sqlite3* db, std::string_view table, std::string_view columns, RowId run,
                const Records& records, Fields fields) {
  if (records.empty()) return;
  Statement insert(db, fmt::format("INSERT INTO {} (run_id, ordinal, {}) VALUES (?, ?, {})", table, columns,
                                   placeholders(columns)));
  std::int64_t ordinal = 0;
  for (const auto& record : records) insert.run(run, ordinal++, fields(record));
}

void write_tags(sqlite3* db, std::string_view table, RowId owner,
                const std::map<std::string, std::string>& tags) {
  if (tags.empty()) return;
  Statement insert(db, fmt::format("INSERT INTO {} VALUES (?, ?, ?)", table));
  for (const auto& [key, value] : tags) insert.run(owner, key, value);
}

// A value that is missing has a reason; SQLite has no NaN, so a NaN is missing too.
std::optional<std::string> reason_of(const core::CounterValue& counter) {
  if (!counter.reason.empty()) return counter.reason;
  if (!counter.value) return "the collector gave no reason";
  if (std::isnan(*counter.value)) return "the collector returned NaN";
  return std::nullopt;
}

void write_counters(sqlite3* db, RowId run, const std::vector<core::CounterValue>& counters) {
  std::unordered_map<std::string, RowId> names;
  Statement insert(
      db,
      "INSERT INTO counter (run_id, ordinal, name_id, kernel_index, value, reason, source_id) VALUES "
      "(?, ?, ?, ?, ?, ?, ?)");
  std::int64_t ordinal = 0;
  const core::CounterValue* previous = nullptr;
  RowId source = 0;
  for (const core::CounterValue& counter : counters) {
    auto [name, is_new] = names.try_emplace(counter.name, 0);
    if (is_new) name->second = stored_once(db, "counter_name", "name", std::tie(counter.name));
    const bool same_source = previous != nullptr && previous->collector == counter.collector &&
                             previous->tool == counter.tool && previous->passes == counter.passes;
    if (!same_source) {
      source = stored_once(db, "counter_source", "collector, tool, passes",
                           std::tie(counter.collector, counter.tool, counter.passes));
    }
    previous = &counter;
    insert.run(run, ordinal++, name->second, counter.kernel_index, counter.value, reason_of(counter), source);
  }
}

void write_artifacts(sqlite3* db, RowId run, const std::vector<core::ArtifactRecord>& artifacts) {
  Statement insert(db,
                   "INSERT INTO artifact (run_id, kind, name, media_type, content) VALUES (?, ?, ?, ?, ?)");
  for (const core::ArtifactRecord& a : artifacts) {
    insert.run(run, a.kind, a.name, a.media_type, Blob{a.content});
  }
}

RowId write_run_row(sqlite3* db, RowId session, const core::RunRecord& run) {
  const RowId phase = stored_once(db, "phase", kPhaseColumns, phase_fields(run.phase));
  const RowId problem = stored_once(db, "problem", kProblemColumns, problem_fields(run.problem));
  const RowId device = stored_once(db, "device", kDeviceColumns, device_fields(run.device));
  Statement insert(
      db,
      "INSERT INTO run (session_id, taken_at, origin, phase_id, problem_id, device_id, environment_id, "
      "model_flops, model_bytes, warmup, iterations) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.run(session, run.taken_at, run.origin, phase, problem, device, environment_id(db, run.environment),
             run.model_flops, run.model_bytes, run.warmup, run.iterations);
  return sqlite3_last_insert_rowid(db);
}

}  // namespace

core::Result<RowId> Store::begin_session(const core::SessionRecord& session) {
  return guarded<RowId>(path_, "write a session to", [&] {
    sqlite3* const db = connection_.get();
    Transaction transaction(db);
    const RowId environment = environment_id(db, session.environment);
    Statement insert(db,
                     "INSERT INTO session (started_at, command, origin, recording, environment_id) VALUES "
                     "(?, ?, ?, ?, ?)");
    insert.run(session.started_at, session.command, session.origin, session.recording, environment);
    const RowId id = sqlite3_last_insert_rowid(db);
    write_tags(db, "session_tag", id, session.tags);
    transaction.commit();
    return id;
  });
}

core::Result<RowId> Store::write_run(RowId session, const core::RunRecord& run) {
  return guarded<RowId>(path_, "write a run to", [&]() -> core::Result<RowId> {
    sqlite3* const db = connection_.get();
    Transaction transaction(db);
    Statement find(db, "SELECT 1 FROM session WHERE id = ?");
    find.bind(session);
    if (!find.step()) {
      return core::fail(core::ErrorCode::kUsage, fmt::format("there is no session {}", session),
                        "begin one before writing its runs");
    }
    const RowId id = write_run_row(db, session, run);
    write_tags(db, "run_tag", id, run.tags);
    write_rows(db, "sample", kSampleColumns, id, run.samples, [](auto& s) { return sample_fields(s); });
    write_counters(db, id, run.counters);
    write_rows(db, "resource", kResourceColumns, id, run.resources,
               [](auto& r) { return resource_fields(r); });
    write_rows(db, "correctness", kCorrectnessColumns, id, run.correctness,
               [](auto& c) { return correctness_fields(c); });
    write_rows(db, "diagnostic", kDiagnosticColumns, id, run.diagnostics,
               [](auto& d) { return diagnostic_fields(d); });
    write_artifacts(db, id, run.artifacts);
    transaction.commit();
    return id;
  });
}

}  // namespace flashcore::store
