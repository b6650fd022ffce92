#include "sample_database.h"

#include <sqlite3.h>

#include <QtGlobal>
#include <array>

#include "analysis/catalogue.h"
#include "core/attention.h"

namespace flashcore::gui::test {
namespace {

template <typename T>
T must(core::Result<T> result) {
  if (!result) qFatal("%s", core::to_text(result.error()).c_str());
  return std::move(*result);
}

void must(const core::Status& status) {
  if (!status) qFatal("%s", core::to_text(status.error()).c_str());
}

core::DeviceRecord device() {
  core::DeviceRecord d;
  d.name = "NVIDIA H200";
  d.chip = "GH100";
  d.compute_major = 9;
  d.sm_count = 132;
  d.sm_clock_max_khz = 1'980'000;
  d.memory_clock_max_khz = 3'201'000;
  d.memory_bus_bits = 6144;
  d.memory_bytes = 150'000'000'000;
  d.l2_bytes = 62'914'560;
  d.shared_per_sm_bytes = 233'472;
  d.shared_per_block_optin_bytes = 232'448;
  d.registers_per_sm = 65'536;
  d.max_threads_per_sm = 2048;
  d.max_blocks_per_sm = 32;
  return d;
}

core::EnvironmentRecord environment() {
  core::EnvironmentRecord e;
  e.git_sha = "0123456789abcdef0123456789abcdef01234567";
  e.kernels_hash = std::string(64, 'a');
  e.program_version = "0.1.0";
  e.compiler = "g++ 12.2";
  e.cuda_toolkit = "13.0.88";
  e.driver = "580.10";
  e.operating_system = "Debian 12";
  return e;
}

core::MeasurementRecord measurement(const std::string& collector, const std::string& tool = "FlashCore") {
  core::MeasurementRecord m;
  m.collector = collector;
  m.tool = tool;
  m.tool_version = "0.1.0";
  m.taken_at = "2026-11-20T10:30:00Z";
  return m;
}

const std::map<std::string, double>& exampleCounters() {
  static const std::map<std::string, double> values = [] {
    const auto catalogue = must(analysis::Catalogue::builtin());
    std::map<std::string, double> found;
    for (const auto& metric : catalogue.metrics()) {
      const auto* formula = metric.formula_for("GH100");
      if (!formula) continue;
      for (const auto& [variable, counter] : formula->counters) {
        const auto example = formula->example.find(variable);
        if (example != formula->example.end()) found.emplace(counter, example->second);
      }
    }
    return found;
  }();
  return values;
}

core::MeasurementRecord checks(const RunOptions& options, const core::AttentionProblem& problem) {
  auto m = measurement("check");
  for (const char* input : {"normal", "peaked"}) {
    core::CheckRecord check;
    check.input = input;
    check.passed = options.correct;
    check.max_error = options.correct ? 4e-4 : 1.7;
    check.mean_error = 2e-5;
    check.compared = problem.q_elements();
    check.max_tolerance = 1e-3;
    check.plain_max_error = 4.95e-4;
    check.method = "fp64 on the GPU, every element";
    m.checks.push_back(check);
  }
  return m;
}

core::MeasurementRecord timing(const RunOptions& options) {
  auto m = measurement("timing");
  m.parameters = {
      {"cache", std::string(core::name_of(options.cache))}, {"warmup", "20"}, {"iterations", "20"}};
  const auto add = [&m](core::SampleKind kind, int index, int launches, double ns) {
    m.samples.push_back({kind, index, launches, ns, 1800.0, {}, {}});
  };
  for (int i = 0; i < 20; ++i) {
    const double ns = options.p50_us * 1000 + (i - 10) * 20;
    add(core::SampleKind::kGraph, i, 20, ns);
    add(core::SampleKind::kLaunch, i, 1, ns + 2500);
    if (options.floor_us > 0) add(core::SampleKind::kEmpty, i, 20, options.floor_us * 1000);
  }
  return m;
}

std::string kernelName(const RunOptions& options, int kernel) {
  return "attention_" + options.phase + "_" + std::to_string(kernel) + "<64>";
}

core::MeasurementRecord counters(const RunOptions& options) {
  auto m = measurement("cupti", "CUPTI");
  m.passes = 4;
  m.parameters["cache"] = std::string(core::name_of(options.cache));
  for (int kernel = 0; kernel < options.kernels; ++kernel) {
    for (const auto& [name, value] : exampleCounters()) {
      if (name != "gpu__time_duration.sum") m.counters.push_back({name, kernel, value, {}});
    }
    m.counters.push_back({"gpu__time_duration.sum", kernel, options.p50_us * 1000 / (kernel + 1), {}});
  }
  return m;
}

core::MeasurementRecord resources(const RunOptions& options) {
  auto m = measurement("resources");
  for (int kernel = 0; kernel < options.kernels; ++kernel) {
    m.kernels.push_back(
        {kernel, kernelName(options, kernel), core::Extent3{64, 1, 1}, core::Extent3{128, 1, 1}});
    core::ResourceRecord resource;
    resource.kernel = kernel;
    resource.registers = 96;
    resource.dynamic_shared_bytes = 49'152;
    resource.theoretical_occupancy = 0.5;
    resource.occupancy_limiter = "shared";
    resource.provenance = "driver+ptxas";
    m.resources.push_back(resource);
  }
  return m;
}

}  // namespace

core::RunRecord makeRun(const RunOptions& options) {
  core::RunRecord run;
  run.taken_at = "2026-11-20T10:30:00Z";
  run.origin = options.origin;
  run.subject = {core::SubjectKind::kPhase, options.phase, "The " + options.phase + " phase",
                 core::LadderRecord{options.rung, options.reference}, std::string(64, 'b')};
  run.problem = must(core::parse_problem(options.problem));
  run.device = device();
  run.environment = environment();
  const auto p = must(core::attention_of(*run.problem));
  run.model = core::ModelRecord{4.0 * static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k * p.head_dim),
                                static_cast<double>(core::tensor_bytes(p)),
                                static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k)};
  run.cache = options.cache;
  if (options.checked) core::add_measurement(run, checks(options, p));
  core::add_measurement(run, resources(options));
  core::add_measurement(run, timing(options));
  if (options.counters) core::add_measurement(run, counters(options));
  return run;
}

core::RunRecord makeImport(const std::string& kernel, double duration_us) {
  core::RunRecord run;
  run.taken_at = "2026-11-20T10:30:00Z";
  run.origin = core::Origin::kImport;
  run.subject = {core::SubjectKind::kKernel, kernel, {}, std::nullopt, {}};
  run.answer = core::Answer::kDoesNotApply;
  auto m = measurement("ncu", "Nsight Compute");
  m.kernels.push_back({0, kernel, core::Extent3{64, 1, 1}, core::Extent3{128, 1, 1}});
  m.counters.push_back({"gpu__time_duration.sum", 0, duration_us * 1000, {}});
  core::add_measurement(run, m);
  return run;
}

core::SessionRecord makeSession(core::Origin origin) {
  core::SessionRecord session;
  session.started_at = origin == core::Origin::kLive ? "2026-11-20T10:29:00Z" : "2026-11-21T08:00:00Z";
  session.command = "flashcore-profile --phase all";
  session.origin = origin;
  if (origin == core::Origin::kRecording) session.source = "h200.db.zst";
  if (origin == core::Origin::kImport) session.source = "kernels.csv";
  session.environment = environment();
  return session;
}

SampleIds writeSample(const std::filesystem::path& path) {
  auto store = must(store::Store::open(path));
  SampleIds ids;
  const auto write = [&](core::SessionRecord& session, const RunOptions& options) {
    auto run = makeRun(options);
    must(store.write_run(session, run));
    return run.id;
  };
  auto live = makeSession();
  ids.baseline = write(live, {.phase = "baseline", .rung = 1, .p50_us = 900});
  ids.wmma = write(live, {.phase = "wmma", .rung = 2, .p50_us = 60});
  ids.cublas = write(live, {.phase = "cublas", .rung = 100, .reference = true, .p50_us = 35, .kernels = 3});
  ids.wmmaTiny = write(live, {.phase = "wmma", .rung = 2, .problem = "tiny", .p50_us = 4, .floor_us = 1.25});
  ids.wmmaCold = write(live, {.phase = "wmma", .rung = 2, .p50_us = 75, .cache = core::CacheState::kCold});
  ids.live = live.id;
  auto recording = makeSession(core::Origin::kRecording);
  write(recording, {.phase = "baseline", .rung = 1, .p50_us = 900, .origin = core::Origin::kRecording});
  ids.wrong = write(recording, {.phase = "wmma",
                                .rung = 2,
                                .p50_us = 60,
                                .correct = false,
                                .counters = false,
                                .origin = core::Origin::kRecording});
  ids.recording = recording.id;
  return ids;
}

void writeEmpty(const std::filesystem::path& path) {
  addRun(path, {});
  // The store takes nothing away, so this is done behind its back.
  sqlite3* connection = nullptr;
  const bool done = sqlite3_open(path.c_str(), &connection) == SQLITE_OK &&
                    sqlite3_exec(connection,
                                 "PRAGMA foreign_keys = ON; DELETE FROM run; DELETE FROM session;"
                                 "PRAGMA wal_checkpoint(TRUNCATE);",
                                 nullptr, nullptr, nullptr) == SQLITE_OK;
  if (!done) qFatal("%s", sqlite3_errmsg(connection));
  sqlite3_close(connection);
}

void writeMany(const std::filesystem::path& path, int sessions, int runs) {
  auto store = must(store::Store::open(path));
  struct Phase {
    const char* name;
    int rung;
    double p50_us;
  };
  constexpr std::array<Phase, 3> kPhases{{{"baseline", 1, 900}, {"wmma", 2, 60}, {"cublas", 100, 35}}};
  std::vector<core::RunRecord> templates;
  for (const auto& shape : core::named_shapes()) {
    for (const auto& [name, rung, p50_us] : kPhases) {
      templates.push_back(makeRun({.phase = name,
                                   .rung = rung,
                                   .reference = rung >= 100,
                                   .problem = std::string(shape.name),
                                   .p50_us = p50_us}));
    }
  }
  for (int s = 0; s < sessions; ++s) {
    auto session = makeSession();
    for (int done = 0; done < runs;) {
      std::vector<core::RunRecord> batch;
      for (; done < runs && batch.size() < 500; ++done) {
        batch.push_back(templates[static_cast<std::size_t>(done) % templates.size()]);
      }
      must(store.write_runs(session, batch));
    }
  }
}

core::RowId addRun(const std::filesystem::path& path, const RunOptions& options) {
  auto store = must(store::Store::open(path));
  auto session = makeSession();
  auto run = makeRun(options);
  must(store.write_run(session, run));
  return session.id;
}

core::RowId addImport(const std::filesystem::path& path, const std::string& file) {
  auto store = must(store::Store::open(path));
  auto session = makeSession(core::Origin::kImport);
  session.source = file;
  std::vector<core::RunRecord> runs{makeImport("axpy(float*, const float*, int)", 12.5),
                                    makeImport("reduce<256>(float*)", 3.0)};
  must(store.write_runs(session, runs));
  return session.id;
}

}  // namespace flashcore::gui::test
