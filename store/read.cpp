// Reading: lists in one query each, whole records in one read transaction.
#include <fmt/format.h>

#include "store/columns.h"
#include "store/failure.h"
#include "store/store.h"

namespace flashcore::store {
namespace {

using core::RowId;

// The row `id` of a table whose rows are stored once.
template <typename Record, typename Fields>
Record read_row(sqlite3* db, std::string_view table, std::string_view columns, RowId id, Fields fields) {
  Statement select(db, fmt::format("SELECT {} FROM {} WHERE id = ?", columns, table));
  select.bind(id);
  if (!select.step()) {
    throw SqlFailure(SQLITE_CORRUPT, fmt::format("{} {} is referenced but missing", table, id), "");
  }
  Record record;
  select.read(fields(record));
  return record;
}

core::EnvironmentRecord read_environment(sqlite3* db, RowId id) {
  return read_row<core::EnvironmentRecord>(db, "environment", kEnvironmentColumns, id,
                                           [](auto& e) { return environment_fields(e); });
}

// The rows of a run in the order in which they were written.
template <typename Record, typename Fields>
std::vector<Record> read_rows(sqlite3* db, std::string_view table, std::string_view columns, RowId run,
                              Fields fields) {
  Statement select(db, fmt::format("SELECT {} FROM {} WHERE run_id = ? ORDER BY ordinal", columns, table));
  select.bind(run);
  std::vector<Record> records;
  while (select.step()) select.read(fields(records.emplace_back()));
  return records;
}

std::map<std::string, std::string> read_tags(sqlite3* db, std::string_view table, std::string_view owner,
                                             RowId id) {
  Statement select(db, fmt::format("SELECT key, value FROM {} WHERE {} = ?", table, owner));
  select.bind(id);
  std::map<std::string, std::string> tags;
  while (select.step()) {
    std::string key, value;
    select.read(key, value);
    tags.emplace(std::move(key), std::move(value));
  }
  return tags;
}

std::vector<core::CounterValue> read_counters(sqlite3* db, RowId run) {
  Statement select(db,
                   "SELECT n.name, c.kernel_index, c.value, c.reason, s.collector, s.passes, s.tool "
                   "FROM counter c JOIN counter_name n ON n.id = c.name_id "
                   "JOIN counter_source s ON s.id = c.source_id WHERE c.run_id = ? ORDER BY c.ordinal");
  select.bind(run);
  std::vector<core::CounterValue> counters;
  while (select.step()) {
    core::CounterValue& c = counters.emplace_back();
    select.read(c.name, c.kernel_index, c.value, c.reason, c.collector, c.passes, c.tool);
  }
  return counters;
}

std::vector<core::ArtifactRecord> read_artifacts(sqlite3* db, RowId run) {
  Statement select(db, "SELECT kind, name, media_type, content FROM artifact WHERE run_id = ? ORDER BY id");
  select.bind(run);
  std::vector<core::ArtifactRecord> artifacts;
  while (select.step()) {
    core::ArtifactRecord& a = artifacts.emplace_back();
    select.read(a.kind, a.name, a.media_type, a.content);
  }
  return artifacts;
}

void read_parts(sqlite3* db, core::RunRecord& run) {
  run.tags = read_tags(db, "run_tag", "run_id", run.id);
  run.samples =
      read_rows<core::Sample>(db, "sample", kSampleColumns, run.id, [](auto& s) { return sample_fields(s); });
  run.counters = read_counters(db, run.id);
  run.resources = read_rows<core::ResourceRecord>(db, "resource", kResourceColumns, run.id,
                                                  [](auto& r) { return resource_fields(r); });
  run.correctness = read_rows<core::CorrectnessRecord>(db, "correctness", kCorrectnessColumns, run.id,
                                                       [](auto& c) { return correctness_fields(c); });
  run.diagnostics = read_rows<core::DiagnosticRecord>(db, "diagnostic", kDiagnosticColumns, run.id,
                                                      [](auto& d) { return diagnostic_fields(d); });
  run.artifacts = read_artifacts(db, run.id);
}

// Nearest-rank median: the ceil(n / 2)-th smallest. (n + 1) / 2 in whole numbers is that rank.
constexpr std::string_view kMedian =
    "(SELECT duration_ns FROM (SELECT duration_ns, row_number() OVER (ORDER BY duration_ns) AS place, "
    "count(*) OVER () AS n FROM sample WHERE run_id = r.id AND kind = '{}') WHERE place = (n + 1) / 2)";

// A run that has failed its check, or has none, gets no time: it computed something else.
std::string summary_query(std::string_view rest) {
  return fmt::format(
      "SELECT id, session_id, taken_at, origin, phase, title, rung, reference, batch, heads, kv_heads, "
      "seq_q, "
      "seq_k, head_dim, dtype, causal, device, checked, correct, counters, "
      "CASE WHEN correct THEN {} END, CASE WHEN correct THEN {} END FROM (SELECT r.id, r.session_id, "
      "r.taken_at, r.origin, ph.name AS phase, ph.title, ph.rung, ph.reference, p.batch, p.heads, "
      "p.kv_heads, "
      "p.seq_q, p.seq_k, p.head_dim, p.dtype, p.causal, d.name AS device, "
      "(SELECT count(*) > 0 FROM correctness c WHERE c.run_id = r.id) AS checked, "
      "(SELECT count(*) > 0 AND min(passed) = 1 FROM correctness c WHERE c.run_id = r.id) AS correct, "
      "(SELECT count(*) FROM counter c WHERE c.run_id = r.id) AS counters "
      "FROM run r JOIN phase ph ON ph.id = r.phase_id JOIN problem p ON p.id = r.problem_id "
      "JOIN device d ON d.id = r.device_id) r {}",
      fmt::format(fmt::runtime(kMedian), "graph"), fmt::format(fmt::runtime(kMedian), "launch"), rest);
}

std::vector<RunSummary> read_summaries(Statement& select) {
  std::vector<RunSummary> runs;
  while (select.step()) {
    RunSummary& r = runs.emplace_back();
    core::Problem& p = r.problem;
    select.read(r.id, r.session_id, r.taken_at, r.origin, r.phase, r.phase_title, r.rung, r.reference,
                p.batch, p.heads, p.kv_heads, p.seq_q, p.seq_k, p.head_dim, p.dtype, p.causal, r.device,
                r.checked, r.correct, r.counter_count, r.graph_p50_ns, r.launch_p50_ns);
  }
  return runs;
}

core::Error no_such(std::string_view kind, RowId id, std::string_view list) {
  return core::Error{core::ErrorCode::kUsage,
                     fmt::format("there is no {} {}", kind, id),
                     fmt::format("{} shows what there is", list),
                     {}};
}

core::Result<core::SessionRecord> session_record(sqlite3* db, RowId id) {
  Statement select(
      db, "SELECT id, started_at, command, origin, recording, environment_id FROM session WHERE id = ?");
  select.bind(id);
  if (!select.step()) return core::fail(no_such("session", id, "flashcore-profile list runs"));
  core::SessionRecord session;
  RowId environment = 0;
  select.read(session.id, session.started_at, session.command, session.origin, session.recording,
              environment);
  session.tags = read_tags(db, "session_tag", "session_id", id);
  session.environment = read_environment(db, environment);
  return session;
}

}  // namespace

core::Result<core::RunRecord> Store::read_run(RowId id) const {
  return guarded<core::RunRecord>(path_, "read a run of", [&]() -> core::Result<core::RunRecord> {
    sqlite3* const db = connection_.get();
    const ReadTransaction transaction(db);
    Statement select(
        db,
        "SELECT id, session_id, taken_at, origin, phase_id, problem_id, device_id, environment_id, "
        "model_flops, model_bytes, warmup, iterations FROM run WHERE id = ?");
    select.bind(id);
    if (!select.step()) return core::fail(no_such("run", id, "flashcore-profile list runs"));
    core::RunRecord run;
    RowId phase = 0, problem = 0, device = 0, environment = 0;
    select.read(run.id, run.session_id, run.taken_at, run.origin, phase, problem, device, environment,
                run.model_flops, run.model_bytes, run.warmup, run.iterations);
    run.phase = read_row<core::PhaseRecord>(db, "phase", kPhaseColumns, phase,
                                            [](auto& p) { return phase_fields(p); });
    run.problem = read_row<core::Problem>(db, "problem", kProblemColumns, problem,
                                          [](auto& p) { return problem_fields(p); });
    run.device = read_row<core::DeviceRecord>(db, "device", kDeviceColumns, device,
                                              [](auto& d) { return device_fields(d); });
    run.environment = read_environment(db, environment);
    read_parts(db, run);
    return run;
  });
}

core::Result<core::SessionRecord> Store::read_session(RowId id) const {
  return guarded<core::SessionRecord>(path_, "read a session of", [&] {
    const ReadTransaction transaction(connection_.get());
    return session_record(connection_.get(), id);
  });
}

core::Result<std::vector<RunSummary>> Store::runs() const {
  return guarded<std::vector<RunSummary>>(path_, "list the runs of", [&] {
    Statement select(connection_.get(), summary_query("ORDER BY id DESC"));
    select.bind();
    return read_summaries(select);
  });
}

core::Result<std::vector<RunSummary>> Store::runs_of(RowId session) const {
  return guarded<std::vector<RunSummary>>(path_, "list the runs of", [&] {
    Statement select(connection_.get(), summary_query("WHERE session_id = ? ORDER BY id"));
    select.bind(session);
    return read_summaries(select);
  });
}

core::Result<std::vector<SessionSummary>> Store::sessions() const {
  using Sessions = std::vector<SessionSummary>;
  return guarded<Sessions>(path_, "list the sessions of", [&]() -> core::Result<Sessions> {
    sqlite3* const db = connection_.get();
    const ReadTransaction transaction(db);
    Statement select(
        db,
        "SELECT s.id, (SELECT count(*) FROM run WHERE session_id = s.id), "
        "coalesce((SELECT group_concat(name, ', ') FROM (SELECT DISTINCT d.name FROM run r JOIN device d ON "
        "d.id = r.device_id WHERE r.session_id = s.id ORDER BY d.name)), ''), "
        "coalesce((SELECT group_concat(name, ', ') FROM (SELECT ph.name FROM run r JOIN phase ph ON ph.id = "
        "r.phase_id WHERE r.session_id = s.id GROUP BY ph.name ORDER BY min(ph.reference), min(ph.rung), "
        "ph.name)), '') FROM session s ORDER BY s.id DESC");
    select.bind();
    Sessions sessions;
    while (select.step()) {
      RowId id = 0;
      SessionSummary& summary = sessions.emplace_back();
      select.read(id, summary.run_count, summary.devices, summary.phases);
      auto session = session_record(db, id);
      if (!session) return core::fail(session.error());
      summary.session = std::move(*session);
    }
    return sessions;
  });
}

core::Result<std::vector<core::DeviceRecord>> Store::devices() const {
  return guarded<std::vector<core::DeviceRecord>>(path_, "list the devices of", [&] {
    Statement select(connection_.get(), fmt::format("SELECT {} FROM device ORDER BY id", kDeviceColumns));
    select.bind();
    std::vector<core::DeviceRecord> devices;
    while (select.step()) select.read(device_fields(devices.emplace_back()));
    return devices;
  });
}

}  // namespace flashcore::store
