// Reading whole runs, in one read transaction. Rows are believed only where they are all there: every
// measurement says how many it has, they are numbered without a gap, and each names its owner, so that a page
// of another run that has got in between is seen: SQLite looks for a row where it should lie and takes what
// it finds there.
#include <algorithm>

#include "store/columns.h"
#include "store/problem_rows.h"
#include "store/read_rows.h"

namespace flashcore::store {
namespace {

using core::RowId;

// How many rows of each kind a measurement says that it has.
struct Counts {
  std::int64_t parameters = 0, kernels = 0, resources = 0, samples = 0, counters = 0, checks = 0, clocks = 0,
               diagnostics = 0, artifacts = 0, steps = 0;
};

class MeasurementReader {
 public:
  MeasurementReader(Store::Impl& impl, const core::RunRecord& run) : impl_(impl), run_(run) {}

  void read(core::MeasurementRecord& m, const Counts& counts) {
    id_ = m.id;
    collector_ = m.collector;
    parameters(m);
    kernels(m);
    rows(m.resources, "resource", kResourceColumns, [](auto& r) { return resource_fields(r); });
    rows(m.samples, "sample", kSampleColumns, [](auto& s) { return sample_fields(s); });
    counters(m);
    rows(m.checks, "correctness", kCorrectnessColumns, [](auto& c) { return correctness_fields(c); });
    rows(m.clocks, "clock_log", kClockColumns, [](auto& c) { return clock_fields(c); });
    artifacts(m);
    rows(m.steps, "measurement_step", kStepColumns, [](auto& s) { return step_fields(s); });
    for (const core::ResourceRecord& r : m.resources) known_kernel(r.kernel);
    expect(counts.parameters, m.parameters, "parameters");
    expect(counts.kernels, m.kernels, "kernels");
    expect(counts.resources, m.resources, "resources");
    expect(counts.samples, m.samples, "samples");
    expect(counts.counters, m.counters, "counters");
    expect(counts.checks, m.checks, "checks");
    expect(counts.clocks, m.clocks, "rows of the clock log");
    expect(counts.artifacts, m.artifacts, "artifacts");
    expect(counts.steps, m.steps, "steps");
  }

  void expect(std::int64_t said, const auto& found, std::string_view what) const {
    if (said == static_cast<std::int64_t>(found.size())) return;
    lost(fmt::format("measurement {} ({}) has {} {} and should have {}", id_, collector_, found.size(), what,
                     said));
  }

 private:
  void in_order(std::int64_t ordinal, std::size_t place, std::string_view table) const {
    if (ordinal == static_cast<std::int64_t>(place)) return;
    lost(fmt::format("measurement {} ({}) has row {} of {} where {} should be", id_, collector_, ordinal,
                     table, place));
  }

  const core::KernelRecord& known_kernel(int ordinal) const {
    for (const core::KernelRecord& kernel : run_.kernels) {
      if (kernel.ordinal == ordinal) return kernel;
    }
    lost(fmt::format("measurement {} ({}) names kernel {}, which run {} does not have", id_, collector_,
                     ordinal, run_.id));
  }

  template <typename Record, typename Fields>
  void rows(std::vector<Record>& records, std::string_view table, std::string_view columns, Fields fields) {
    const Prepared select = impl_.prepare(
        fmt::format("SELECT measurement_id, ordinal, {} FROM {} WHERE measurement_id = ? ORDER BY ordinal",
                    columns, table));
    select->bind(id_);
    while (select->step()) {
      RowId said = 0;
      std::int64_t ordinal = 0;
      Record& record = records.emplace_back();
      select->read(said, ordinal, fields(record));
      expect_owner(said, id_, table);
      in_order(ordinal, records.size() - 1, table);
    }
  }

  void parameters(core::MeasurementRecord& m) {
    const Prepared select = impl_.prepare(
        "SELECT measurement_id, name, value FROM measurement_parameter WHERE measurement_id = ?");
    select->bind(id_);
    while (select->step()) {
      RowId said = 0;
      std::string name, value;
      select->read(said, name, value);
      expect_owner(said, id_, "measurement_parameter");
      m.parameters.emplace(std::move(name), std::move(value));
    }
  }

  void kernels(core::MeasurementRecord& m) {
    const Prepared select = impl_.prepare(
        "SELECT measurement_id, ordinal, kernel FROM measurement_kernel WHERE measurement_id = ? ORDER BY "
        "ordinal");
    select->bind(id_);
    while (select->step()) {
      RowId said = 0;
      std::int64_t ordinal = 0;
      int kernel = 0;
      select->read(said, ordinal, kernel);
      expect_owner(said, id_, "measurement_kernel");
      in_order(ordinal, m.kernels.size(), "measurement_kernel");
      m.kernels.push_back(known_kernel(kernel));
    }
  }

  void counters(core::MeasurementRecord& m) {
    const Prepared select = impl_.prepare(
        "SELECT c.measurement_id, c.ordinal, n.name, c.kernel, c.value, c.reason FROM counter c LEFT JOIN "
        "counter_name n "
        "ON n.id = c.name_id WHERE c.measurement_id = ? ORDER BY c.ordinal");
    select->bind(id_);
    std::optional<std::string> name, reason;
    int checked = -1;
    while (select->step()) {
      RowId said = 0;
      std::int64_t ordinal = 0;
      core::CounterValue& c = m.counters.emplace_back();
      select->read(said, ordinal, name, c.kernel, c.value, reason);
      expect_owner(said, id_, "counter");
      in_order(ordinal, m.counters.size() - 1, "counter");
      if (!name) lost(fmt::format("the name of counter {} of measurement {} is missing", ordinal, id_));
      c.name = std::move(*name);
      if (reason) c.reason = std::move(*reason);
      if (c.kernel && *c.kernel != checked) checked = known_kernel(*c.kernel).ordinal;
    }
  }

  void artifacts(core::MeasurementRecord& m) {
    const Prepared select = impl_.prepare(
        "SELECT measurement_id, kind, name, media_type, content FROM artifact WHERE measurement_id = ? ORDER "
        "BY id");
    select->bind(id_);
    while (select->step()) {
      RowId said = 0;
      core::ArtifactRecord& a = m.artifacts.emplace_back();
      select->read(said, a.kind, a.name, a.media_type, a.content);
      expect_owner(said, id_, "artifact");
    }
  }

  Store::Impl& impl_;
  const core::RunRecord& run_;
  RowId id_ = 0;
  std::string collector_;
};

void read_diagnostics(Store::Impl& impl, core::RunRecord& run) {
  const Prepared select = impl.prepare(
      fmt::format("SELECT run_id, measurement_id, {} FROM diagnostic WHERE run_id = ? ORDER BY ordinal",
                  kDiagnosticColumns));
  select->bind(run.id);
  while (select->step()) {
    RowId said = 0;
    std::optional<RowId> owner;
    core::DiagnosticRecord diagnostic;
    select->read(said, owner, diagnostic_fields(diagnostic));
    expect_owner(said, run.id, "diagnostic");
    auto* into = &run.diagnostics;
    if (owner) {
      const auto at = std::find_if(run.measurements.begin(), run.measurements.end(),
                                   [&](const auto& m) { return m.id == *owner; });
      if (at == run.measurements.end()) {
        lost(fmt::format("a diagnostic of run {} belongs to measurement {}, which it does not have", run.id,
                         *owner));
      }
      into = &at->diagnostics;
    }
    into->push_back(std::move(diagnostic));
  }
}

void read_measurements(Store::Impl& impl, core::RunRecord& run) {
  std::vector<Counts> counts;
  {
    const Prepared select = impl.prepare(fmt::format(
        "SELECT run_id, id, ordinal, {}, parameter_count, kernel_count, resource_count, sample_count, "
        "counter_count, "
        "check_count, clock_count, diagnostic_count, artifact_count, step_count FROM measurement WHERE "
        "run_id = ? "
        "ORDER BY ordinal",
        kMeasurementColumns));
    select->bind(run.id);
    while (select->step()) {
      core::MeasurementRecord& m = run.measurements.emplace_back();
      Counts& c = counts.emplace_back();
      RowId said = 0;
      std::size_t ordinal = 0;
      std::int64_t stored = 0;
      select->read(said, m.id, stored, measurement_fields(m), c.parameters, c.kernels, c.resources, c.samples,
                   c.counters, c.checks, c.clocks, c.diagnostics, c.artifacts, c.steps);
      expect_owner(said, run.id, "measurement");
      ordinal = run.measurements.size() - 1;
      if (stored != static_cast<std::int64_t>(ordinal)) {
        lost(fmt::format("run {} has measurement {} where {} should be", run.id, stored, ordinal));
      }
    }
  }
  MeasurementReader reader(impl, run);
  for (std::size_t i = 0; i < counts.size(); ++i) reader.read(run.measurements[i], counts[i]);
  read_diagnostics(impl, run);
  std::size_t diagnostics = run.diagnostics.size();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const core::MeasurementRecord& m = run.measurements[i];
    if (static_cast<std::int64_t>(m.diagnostics.size()) != counts[i].diagnostics) {
      lost(fmt::format("measurement {} ({}) has {} diagnostics and should have {}", m.id, m.collector,
                       m.diagnostics.size(), counts[i].diagnostics));
    }
    diagnostics += m.diagnostics.size();
  }
  const Prepared summary =
      impl.prepare("SELECT measurement_count, diagnostic_count FROM run_summary WHERE run_id = ?");
  summary->bind(run.id);
  std::int64_t said_measurements = 0, said_diagnostics = 0;
  if (!summary->step()) lost(fmt::format("run {} has no summary", run.id));
  summary->read(said_measurements, said_diagnostics);
  if (said_measurements != static_cast<std::int64_t>(counts.size()) ||
      said_diagnostics != static_cast<std::int64_t>(diagnostics)) {
    lost(fmt::format("run {} has {} measurements and {} diagnostics and should have {} and {}", run.id,
                     counts.size(), diagnostics, said_measurements, said_diagnostics));
  }
}

struct Head {
  RowId subject = 0, environment = 0;
  std::optional<RowId> problem, device;
};

}  // namespace

core::Result<core::RunRecord> Store::read_run(RowId id) const {
  return impl_->reading<core::RunRecord>("read a run of", [&]() -> core::Result<core::RunRecord> {
    core::RunRecord run;
    Head head;
    {
      const Prepared select = impl_->prepare(
          "SELECT id, session_id, taken_at, origin, subject_id, problem_id, device_id, environment_id, "
          "model_flops, model_bytes, model_exps, cache, answer FROM run WHERE id = ?");
      select->bind(id);
      if (!select->step()) return core::fail(no_such("run", id));
      std::optional<double> flops, bytes, exps;
      select->read(run.id, run.session_id, run.taken_at, run.origin, head.subject, head.problem, head.device,
                   head.environment, flops, bytes, exps, run.cache, run.answer);
      if (flops && bytes) run.model = core::ModelRecord{*flops, *bytes, exps.value_or(0)};
    }
    if (run.id != id) lost(fmt::format("run {} stands where run {} should be", run.id, id));
    run.subject = read_subject(*impl_, head.subject);
    if (head.problem) run.problem = problem_of(*impl_, *head.problem);
    if (head.device) run.device = read_device(*impl_, *head.device);
    run.environment = read_environment(*impl_, head.environment);
    run.tags = read_tags(*impl_, "run_tag", "run_id", id);
    run.kernels = read_kernels(*impl_, id);
    read_measurements(*impl_, run);
    return run;
  });
}

}  // namespace flashcore::store
