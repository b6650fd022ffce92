#include "store/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "store/columns.h"

namespace flashcore::store {
namespace {

using core::RowId;

// "?, ?, ?" for as many columns as the list names.
std::string placeholders(std::string_view columns) {
  std::string marks = "?";
  for (auto n = std::count(columns.begin(), columns.end(), ','); n > 0; --n) marks += ", ?";
  return marks;
}

// A value that is missing has a reason; SQLite has no NaN, so a NaN is missing too.
std::optional<std::string_view> reason_of(const core::CounterValue& counter) {
  if (!counter.reason.empty()) return counter.reason;
  if (!counter.value) return "the collector gave no reason";
  if (std::isnan(*counter.value)) return "the collector returned NaN";
  return std::nullopt;
}

std::int64_t count(const auto& rows) {
  return static_cast<std::int64_t>(rows.size());
}

// One row for each record, numbered in their order. `owner`: the column that names whose they are.
template <typename Records, typename Fields>
void write_owned(Store::Impl& impl, std::string_view table, std::string_view owner, std::string_view columns,
                 RowId id, const Records& records, Fields fields) {
  if (records.empty()) return;
  const Prepared insert = impl.prepare(fmt::format("INSERT INTO {} ({}, ordinal, {}) VALUES (?, ?, {})",
                                                   table, owner, columns, placeholders(columns)));
  std::int64_t ordinal = 0;
  for (const auto& record : records) insert->run(id, ordinal++, fields(record));
}

template <typename Records, typename Fields>
void write_rows(Store::Impl& impl, std::string_view table, std::string_view columns, RowId measurement,
                const Records& records, Fields fields) {
  write_owned(impl, table, "measurement_id", columns, measurement, records, fields);
}

}  // namespace

void Writer::tags(std::string_view table, std::string_view owner, RowId id, const core::Tags& tags) {
  if (tags.empty()) return;
  const Prepared insert =
      impl_.prepare(fmt::format("INSERT INTO {} ({}, key, value) VALUES (?, ?, ?)", table, owner));
  for (const auto& [key, value] : tags) insert->run(id, key, value);
}

RowId Writer::session(const core::SessionRecord& session) {
  const RowId environment = impl_.shared.environment(db_, session.environment);
  const Prepared insert = impl_.prepare(
      fmt::format("INSERT INTO session ({}, environment_id) VALUES (?, ?, ?, ?, ?)", kSessionColumns));
  insert->run(session_fields(session), environment);
  const RowId id = sqlite3_last_insert_rowid(db_);
  tags("session_tag", "session_id", id, session.tags);
  if (!session.steps.empty()) steps_of_session(id, session.steps);
  return id;
}

void Writer::steps_of_session(RowId session, std::span<const core::StepRecord> steps) {
  {
    const Prepared remove = impl_.prepare("DELETE FROM session_step WHERE session_id = ?");
    remove->run(session);
  }
  write_owned(impl_, "session_step", "session_id", kStepColumns, session, steps,
              [](auto& s) { return step_fields(s); });
  const Prepared update = impl_.prepare("UPDATE session SET step_count = ? WHERE id = ?");
  update->run(count(steps), session);
}

bool Writer::has(std::string_view table, RowId id) {
  const Prepared find = impl_.prepare(fmt::format("SELECT 1 FROM {} WHERE id = ?", table));
  find->bind(id);
  return find->step();
}

void Writer::find_by_tags(RowId run, RowId session, RowId series, const core::RunRecord& record) {
  std::set<RowId> found;
  for (const auto& [key, value] : record.tags) found.insert(impl_.shared.tag(db_, key, value));
  {
    const Prepared select = impl_.prepare("SELECT key, value FROM session_tag WHERE session_id = ?");
    select->bind(session);
    std::string key, value;
    while (select->step()) {
      select->read(key, value);
      found.insert(impl_.shared.tag(db_, key, value));
    }
  }
  if (found.empty()) return;
  const Prepared insert =
      impl_.prepare("INSERT INTO tagged_run (tag_id, series_id, run_id, taken_at) VALUES (?, ?, ?, ?)");
  for (const RowId tag : found) insert->run(tag, series, run, record.taken_at);
}

RowId Writer::run_head(const core::RunRecord& run, RowId session) {
  const RowId subject = impl_.shared.subject(db_, run.subject);
  std::optional<RowId> problem, device, device_class;
  if (run.problem) problem = impl_.shared.problem(db_, *run.problem);
  if (run.device) {
    const auto ids = impl_.shared.device(db_, *run.device);
    device = ids.id;
    device_class = ids.class_id;
  }
  const RowId series = impl_.shared.series(db_, run.subject, problem, device_class, run.cache);
  const RowId environment = impl_.shared.environment(db_, run.environment);
  std::optional<double> flops, bytes, exps;
  if (run.model) {
    flops = run.model->flops;
    bytes = run.model->bytes;
    exps = run.model->exps;
  }
  RowId id = 0;
  {
    const Prepared insert = impl_.prepare(
        "INSERT INTO run (session_id, series_id, taken_at, origin, subject_id, problem_id, device_id, "
        "environment_id, model_flops, model_bytes, model_exps, cache, answer) VALUES (?, ?, ?, ?, ?, ?, ?, "
        "?, "
        "?, ?, ?, ?, ?)");
    insert->run(session, series, run.taken_at, run.origin, subject, problem, device, environment, flops,
                bytes, exps, run.cache, run.answer);
    id = sqlite3_last_insert_rowid(db_);
  }
  {
    const Prepared block = impl_.prepare(
        "INSERT INTO run_block (block, newest) VALUES (? / 1024, ?) ON CONFLICT (block) DO UPDATE SET newest "
        "= "
        "excluded.newest WHERE excluded.newest > newest");
    block->run(id, run.taken_at);
  }
  tags("run_tag", "run_id", id, run.tags);
  find_by_tags(id, session, series, run);
  return id;
}

void Writer::kernels(RowId run, const std::vector<core::KernelRecord>& kernels) {
  if (kernels.empty()) return;
  const Prepared insert = impl_.prepare(
      "INSERT INTO kernel (run_id, ordinal, name, grid_x, grid_y, grid_z, block_x, block_y, block_z) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, ordinal) DO UPDATE SET "
      "name = CASE name WHEN '' THEN excluded.name ELSE name END, "
      "grid_x = ifnull(grid_x, excluded.grid_x), grid_y = ifnull(grid_y, excluded.grid_y), "
      "grid_z = ifnull(grid_z, excluded.grid_z), block_x = ifnull(block_x, excluded.block_x), "
      "block_y = ifnull(block_y, excluded.block_y), block_z = ifnull(block_z, excluded.block_z)");
  using Part = std::optional<std::int64_t>;
  for (const core::KernelRecord& k : kernels) {
    insert->run(run, k.ordinal, k.name, k.grid ? Part(k.grid->x) : Part(), k.grid ? Part(k.grid->y) : Part(),
                k.grid ? Part(k.grid->z) : Part(), k.block ? Part(k.block->x) : Part(),
                k.block ? Part(k.block->y) : Part(), k.block ? Part(k.block->z) : Part());
  }
}

void Writer::nameless_kernels(RowId run, const core::MeasurementRecord& measurement) {
  std::set<int> named;
  for (const core::ResourceRecord& r : measurement.resources) named.insert(r.kernel);
  int last = -1;
  for (const core::CounterValue& c : measurement.counters) {
    if (!c.kernel || *c.kernel == last) continue;
    named.insert(*c.kernel);
    last = *c.kernel;
  }
  if (named.empty()) return;
  const Prepared insert =
      impl_.prepare("INSERT INTO kernel (run_id, ordinal, name) VALUES (?, ?, '') ON CONFLICT DO NOTHING");
  for (const int ordinal : named) insert->run(run, ordinal);
}

void Writer::counters(RowId measurement, const std::vector<core::CounterValue>& counters) {
  if (counters.empty()) return;
  const Prepared insert = impl_.prepare(
      "INSERT INTO counter (measurement_id, ordinal, name_id, kernel, value, reason) VALUES (?, ?, ?, ?, ?, "
      "?)");
  std::int64_t ordinal = 0;
  for (const core::CounterValue& c : counters) {
    insert->run(measurement, ordinal++, impl_.shared.counter_name(db_, c.name), c.kernel, c.value,
                reason_of(c));
  }
}

void Writer::diagnostic(RowId run, std::int64_t ordinal, std::optional<RowId> measurement,
                        const core::DiagnosticRecord& diagnostic) {
  const Prepared insert = impl_.prepare(fmt::format(
      "INSERT INTO diagnostic (run_id, ordinal, measurement_id, {}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      kDiagnosticColumns));
  insert->run(run, ordinal, measurement, diagnostic_fields(diagnostic));
}

RowId Writer::measurement(RowId run, std::int64_t ordinal, const core::MeasurementRecord& m,
                          std::int64_t& next_diagnostic) {
  RowId id = 0;
  {
    const Prepared insert = impl_.prepare(fmt::format(
        "INSERT INTO measurement (run_id, ordinal, {}, parameter_count, kernel_count, resource_count, "
        "sample_count, counter_count, check_count, clock_count, diagnostic_count, artifact_count, "
        "step_count) "
        "VALUES (?, ?, {}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kMeasurementColumns, placeholders(kMeasurementColumns)));
    insert->run(run, ordinal, measurement_fields(m), count(m.parameters), count(m.kernels),
                count(m.resources), count(m.samples), count(m.counters), count(m.checks), count(m.clocks),
                count(m.diagnostics), count(m.artifacts), count(m.steps));
    id = sqlite3_last_insert_rowid(db_);
  }
  if (!m.parameters.empty()) {
    const Prepared insert =
        impl_.prepare("INSERT INTO measurement_parameter (measurement_id, name, value) VALUES (?, ?, ?)");
    for (const auto& [name, value] : m.parameters) insert->run(id, name, value);
  }
  write_rows(impl_, "measurement_kernel", "kernel", id, m.kernels,
             [](auto& k) { return std::tie(k.ordinal); });
  write_rows(impl_, "resource", kResourceColumns, id, m.resources,
             [](auto& r) { return resource_fields(r); });
  write_rows(impl_, "sample", kSampleColumns, id, m.samples, [](auto& s) { return sample_fields(s); });
  counters(id, m.counters);
  write_rows(impl_, "correctness", kCorrectnessColumns, id, m.checks,
             [](auto& c) { return correctness_fields(c); });
  write_rows(impl_, "clock_log", kClockColumns, id, m.clocks, [](auto& c) { return clock_fields(c); });
  write_rows(impl_, "measurement_step", kStepColumns, id, m.steps, [](auto& s) { return step_fields(s); });
  for (const core::DiagnosticRecord& d : m.diagnostics) diagnostic(run, next_diagnostic++, id, d);
  if (!m.artifacts.empty()) {
    const Prepared insert = impl_.prepare(
        "INSERT INTO artifact (measurement_id, kind, name, media_type, content) VALUES (?, ?, ?, ?, ?)");
    for (const core::ArtifactRecord& a : m.artifacts) {
      insert->run(id, a.kind, a.name, a.media_type, Blob{a.content});
    }
  }
  return id;
}

void Writer::summary(RowId run, const Summary& s) {
  const Prepared replace = impl_.prepare(
      "INSERT OR REPLACE INTO run_summary (run_id, graph_p50_ns, launch_p50_ns, counted_ns, "
      "measurement_count, "
      "counter_count, diagnostic_count, clock_mhz) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  replace->run(run, s.graph_p50_ns, s.launch_p50_ns, s.counted_ns, s.measurement_count, s.counter_count,
               s.diagnostic_count, s.clock_mhz);
}

RowId Writer::whole_run(const core::RunRecord& run, RowId session, std::vector<RowId>& measurements) {
  const RowId id = run_head(run, session);
  kernels(id, run.kernels);
  std::int64_t next_diagnostic = 0;
  for (const core::DiagnosticRecord& d : run.diagnostics) diagnostic(id, next_diagnostic++, std::nullopt, d);
  std::int64_t ordinal = 0;
  for (const core::MeasurementRecord& m : run.measurements) {
    kernels(id, m.kernels);
    nameless_kernels(id, m);
    measurements.push_back(measurement(id, ordinal++, m, next_diagnostic));
  }
  summary(id, summarize(run));
  return id;
}

// What is in the database, as summarize() sees it: a caller may hold the head of a run alone.
Summary Writer::stored_summary(RowId run) {
  core::RunRecord stored;
  const Prepared measured = impl_.prepare("SELECT id FROM measurement WHERE run_id = ? ORDER BY ordinal");
  measured->bind(run);
  while (measured->step()) {
    core::MeasurementRecord& m = stored.measurements.emplace_back();
    m.id = measured->value<RowId>();
    const Prepared samples = impl_.prepare(
        "SELECT kind, duration_ns, effective_clock_mhz FROM sample "
        "WHERE measurement_id = ?");
    samples->bind(m.id);
    while (samples->step()) {
      core::Sample& sample = m.samples.emplace_back();
      samples->read(sample.kind, sample.duration_ns, sample.effective_clock_mhz);
    }
    const Prepared counters = impl_.prepare(
        "SELECT n.name, c.kernel, c.value FROM counter c JOIN counter_name n ON n.id = c.name_id "
        "WHERE c.measurement_id = ?");
    counters->bind(m.id);
    while (counters->step()) {
      core::CounterValue& counter = m.counters.emplace_back();
      counters->read(counter.name, counter.kernel, counter.value);
    }
  }
  Summary summary = summarize(stored);
  const Prepared said = impl_.prepare("SELECT count(*) FROM diagnostic WHERE run_id = ?");
  said->bind(run);
  said->step();
  summary.diagnostic_count = said->value<std::int64_t>();
  return summary;
}

}  // namespace flashcore::store
