// Series: the runs of one subject on one problem on one class of device over time, each with no more of its
// measurements than is asked for. As in read.cpp every row names its owner, and is believed only where that
// is the one it was looked up by; the counts of a measurement are held against what is read in full.
#include <algorithm>
#include <map>

#include "store/columns.h"
#include "store/problem_rows.h"
#include "store/read_rows.h"

namespace flashcore::store {
namespace {

using core::RowId;

std::string marks(std::size_t count) {
  std::string text = count > 0 ? "?" : "";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

// Few rows that many runs share, each read once.
template <typename Record>
class Shared {
 public:
  using Read = Record (*)(Store::Impl&, RowId);
  Shared(Store::Impl& impl, Read read) : impl_(impl), read_(read) {}
  const Record& at(RowId id) {
    const auto found = rows_.find(id);
    return found != rows_.end() ? found->second : rows_.emplace(id, read_(impl_, id)).first->second;
  }

 private:
  Store::Impl& impl_;
  Read read_;
  std::map<RowId, Record> rows_;
};

struct Counts {
  std::int64_t parameters = 0, resources = 0, samples = 0, counters = 0, clocks = 0;
};

class PartReader {
 public:
  PartReader(Store::Impl& impl, const RunPart& part) : impl_(impl), part_(part) {
    if (!part.counter) return;
    const Prepared select = impl.prepare("SELECT id, name FROM counter_name");
    select->bind();
    while (select->step()) {
      RowId id = 0;
      std::string name;
      select->read(id, name);
      if (part.counter(name)) names_.emplace(id, std::move(name));
    }
  }

  void read(SeriesRun& into) {
    run_ = &into.run;
    std::vector<Counts> counts;
    measurements(counts);
    if (part_.resources || part_.counter) run_->kernels = read_kernels(impl_, run_->id);
    const bool all = part_.samples == RunPart::Samples::kAll ||
                     (part_.samples == RunPart::Samples::kWhereNoClock && !into.clock_mhz);
    for (std::size_t i = 0; i < counts.size(); ++i) fill(run_->measurements[i], counts[i], all);
  }

 private:
  void measurements(std::vector<Counts>& counts) {
    const Prepared select =
        impl_.prepare(fmt::format("SELECT run_id, id, {}, parameter_count, resource_count, sample_count, "
                                  "counter_count, clock_count FROM "
                                  "measurement WHERE run_id = ? ORDER BY ordinal",
                                  kMeasurementColumns));
    select->bind(run_->id);
    while (select->step()) {
      core::MeasurementRecord& m = run_->measurements.emplace_back();
      Counts& c = counts.emplace_back();
      RowId said = 0;
      select->read(said, m.id, measurement_fields(m), c.parameters, c.resources, c.samples, c.counters,
                   c.clocks);
      expect_owner(said, run_->id, "measurement");
    }
  }

  void fill(core::MeasurementRecord& m, const Counts& counts, bool samples) {
    if (counts.samples > 0) parameters(m, counts.parameters);
    if (samples && counts.samples > 0) {
      rows(m.id, m.samples, "sample", kSampleColumns, counts.samples,
           [](auto& s) { return sample_fields(s); });
      rows(m.id, m.clocks, "clock_log", kClockColumns, counts.clocks,
           [](auto& c) { return clock_fields(c); });
    }
    if (part_.resources && counts.resources > 0) {
      rows(m.id, m.resources, "resource", kResourceColumns, counts.resources,
           [](auto& r) { return resource_fields(r); });
    }
    if (counts.counters > 0 && !names_.empty()) counters(m);
  }

  void parameters(core::MeasurementRecord& m, std::int64_t count) {
    const Prepared select = impl_.prepare(
        "SELECT measurement_id, name, value FROM measurement_parameter WHERE measurement_id = ?");
    select->bind(m.id);
    while (select->step()) {
      RowId said = 0;
      std::string name, value;
      select->read(said, name, value);
      expect_owner(said, m.id, "measurement_parameter");
      m.parameters.emplace(std::move(name), std::move(value));
    }
    expect(m.id, "measurement_parameter", m.parameters.size(), count);
  }

  template <typename Record, typename Fields>
  void rows(RowId id, std::vector<Record>& records, std::string_view table, std::string_view columns,
            std::int64_t count, Fields fields) {
    const Prepared select = impl_.prepare(fmt::format(
        "SELECT measurement_id, {} FROM {} WHERE measurement_id = ? ORDER BY ordinal", columns, table));
    select->bind(id);
    while (select->step()) {
      RowId said = 0;
      select->read(said, fields(records.emplace_back()));
      expect_owner(said, id, table);
    }
    expect(id, table, records.size(), count);
  }

  void counters(core::MeasurementRecord& m) {
    const Prepared select = impl_.prepare(
        "SELECT measurement_id, name_id, kernel, value, reason FROM counter WHERE measurement_id = ? ORDER "
        "BY "
        "ordinal");
    select->bind(m.id);
    while (select->step()) {
      RowId said = 0, name = 0;
      select->read(said, name);
      expect_owner(said, m.id, "counter");
      const auto wanted = names_.find(name);
      if (wanted == names_.end()) continue;
      core::CounterValue& c = m.counters.emplace_back();
      std::optional<std::string> reason;
      select->read(said, name, c.kernel, c.value, reason);
      c.name = wanted->second;
      if (reason) c.reason = std::move(*reason);
    }
  }

  static void expect(RowId id, std::string_view table, std::size_t found, std::int64_t said) {
    if (static_cast<std::int64_t>(found) == said) return;
    lost(fmt::format("measurement {} has {} rows of {} and should have {}", id, found, table, said));
  }

  Store::Impl& impl_;
  const RunPart& part_;
  std::map<RowId, std::string> names_;  // of the counters that are wanted
  core::RunRecord* run_ = nullptr;
};

std::vector<RowId> ids_of(Store::Impl& impl, RowId series, const std::string& since, int limit) {
  const Prepared select = impl.prepare(
      "SELECT id FROM run WHERE series_id = ? AND taken_at >= ? ORDER BY taken_at DESC, id DESC LIMIT ?");
  select->bind(series, since, limit > 0 ? std::int64_t{limit} : std::int64_t{-1});
  std::vector<RowId> ids;
  while (select->step()) ids.push_back(select->value<RowId>());
  std::reverse(ids.begin(), ids.end());
  return ids;
}

class HeadReader {
 public:
  explicit HeadReader(Store::Impl& impl)
      : impl_(impl),
        subjects_(impl, read_subject),
        devices_(impl, read_device),
        environments_(impl, read_environment) {}

  void read(RowId id, RowId series, SeriesRun& into) {
    core::RunRecord& run = into.run;
    RowId subject = 0, environment = 0, said = 0;
    std::optional<RowId> problem, device;
    std::optional<double> flops, bytes, exps;
    {
      const Prepared select = impl_.prepare(
          "SELECT r.id, r.series_id, r.session_id, r.taken_at, r.origin, r.subject_id, r.problem_id, "
          "r.device_id, "
          "r.environment_id, r.model_flops, r.model_bytes, r.model_exps, r.cache, r.answer, m.graph_p50_ns, "
          "m.launch_p50_ns, m.clock_mhz FROM run r JOIN run_summary m ON m.run_id = r.id WHERE r.id = ?");
      select->bind(id);
      if (!select->step())
        lost(fmt::format("run {} is in an index and its row or its summary is missing", id));
      select->read(run.id, said, run.session_id, run.taken_at, run.origin, subject, problem, device,
                   environment, flops, bytes, exps, run.cache, run.answer, into.graph_p50_ns,
                   into.launch_p50_ns, into.clock_mhz);
    }
    if (run.id != id) lost(fmt::format("run {} stands where run {} should be", run.id, id));
    expect_owner(said, series, "run");
    if (flops && bytes) run.model = core::ModelRecord{*flops, *bytes, exps.value_or(0)};
    run.subject = subjects_.at(subject);
    if (problem) run.problem = problem_of(impl_, *problem);
    if (device) run.device = devices_.at(*device);
    run.environment = environments_.at(environment);
  }

 private:
  Store::Impl& impl_;
  Shared<core::SubjectRecord> subjects_;
  Shared<core::DeviceRecord> devices_;
  Shared<core::EnvironmentRecord> environments_;
};

}  // namespace

core::Result<std::vector<Series>> Store::series(const RunFilter& filter) const {
  return impl_->reading<std::vector<Series>>("list the series of", [&] {
    std::string sql =
        "SELECT s.id, s.kind, s.subject, s.problem_id, s.class_id, s.cache FROM series s LEFT JOIN problem p "
        "ON "
        "p.id = s.problem_id LEFT JOIN device_class c ON c.id = s.class_id WHERE 1";
    std::vector<std::string> values = filter.subjects;
    if (!filter.subjects.empty()) sql += fmt::format(" AND s.subject IN ({})", marks(filter.subjects.size()));
    if (!filter.problems.empty()) sql += fmt::format(" AND p.text IN ({})", marks(filter.problems.size()));
    for (const core::Problem& problem : filter.problems) values.push_back(core::canonical_text(problem));
    if (!filter.device_contains.empty()) {
      sql += " AND instr(lower(c.name), lower(?)) > 0";
      values.push_back(filter.device_contains);
    }
    if (filter.cache) {
      sql += " AND s.cache = ?";
      values.emplace_back(core::name_of(*filter.cache));
    }
    Statement select(impl_->db(), sql + " ORDER BY s.id");
    select.bind_all(values);
    std::vector<Series> all;
    Shared<core::DeviceRecord> classes(*impl_, read_device_class);
    while (select.step()) {
      Series& series = all.emplace_back();
      std::optional<RowId> problem, device;
      select.read(series.id, series.kind, series.subject, problem, device, series.cache);
      if (problem) series.problem = problem_of(*impl_, *problem);
      if (device) series.device = classes.at(*device);
    }
    return all;
  });
}

core::Result<std::vector<SeriesRun>> Store::series_runs(RowId series, const std::string& since, int limit,
                                                        const RunPart& part) const {
  return impl_->reading<std::vector<SeriesRun>>("read a series of", [&] {
    std::vector<SeriesRun> runs;
    HeadReader heads(*impl_);
    PartReader parts(*impl_, part);
    for (const RowId id : ids_of(*impl_, series, since, limit)) {
      SeriesRun& run = runs.emplace_back();
      heads.read(id, series, run);
      parts.read(run);
    }
    return runs;
  });
}

}  // namespace flashcore::store
