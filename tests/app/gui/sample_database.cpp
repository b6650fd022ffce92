#include "sample_database.h"

#include <QtGlobal>

#include "analysis/catalogue.h"

namespace flashcore::gui::test {
namespace {

template <typename T>
T must(core::Result<T> result) {
  if (!result) qFatal("%s", core::to_text(result.error()).c_str());
  return std::move(*result);
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

void addCounters(core::RunRecord& run) {
  const auto catalogue = must(analysis::Catalogue::builtin());
  std::map<std::string, double> values;
  for (const auto& metric : catalogue.metrics()) {
    const auto* formula = metric.formula_for(run.device.chip);
    if (!formula) continue;
    for (const auto& [variable, counter] : formula->counters) {
      if (const auto found = formula->example.find(variable); found != formula->example.end()) {
        values.emplace(counter, found->second);
      }
    }
  }
  for (const auto& [name, value] : values) {
    run.counters.push_back({name, -1, value, {}, "cupti", 4, "CUPTI 130000"});
  }
}

}  // namespace

core::RunRecord makeRun(const RunOptions& options) {
  core::RunRecord run;
  run.taken_at = "2026-11-20T10:30:00Z";
  run.origin = options.origin;
  run.phase = {options.phase, "The " + options.phase + " phase", options.rung, options.reference,
               std::string(64, 'b')};
  run.problem = must(core::parse_shape(options.shape));
  run.device = device();
  run.environment = environment();
  const auto& p = run.problem;
  run.model_flops = 4.0 * static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k * p.head_dim);
  run.model_bytes = 2.0 * static_cast<double>(2 * p.q_elements() + 2 * p.kv_elements());
  run.warmup = 20;
  run.iterations = 100;
  for (int i = 0; i < 20; ++i) {
    const double ns = options.p50_us * 1000 + (i - 10) * 20;
    run.samples.push_back({core::SampleKind::kGraph, i, 20, ns, 1980.0, 1980.0});
    run.samples.push_back({core::SampleKind::kLaunch, i, 1, ns + 2500, 1980.0, 1980.0});
  }
  if (options.counters) addCounters(run);
  core::ResourceRecord resource;
  resource.kernel = "attention_" + options.phase + "<64>";
  resource.grid_x = 64;
  resource.block_x = 128;
  resource.registers = 96;
  resource.dynamic_shared_bytes = 49'152;
  resource.theoretical_occupancy = 0.5;
  resource.occupancy_limiter = "shared";
  resource.provenance = "driver+ptxas";
  run.resources.push_back(resource);
  if (options.checked) {
    for (const std::uint64_t seed : {0U, 42U, 12345U}) {
      run.correctness.push_back({seed, options.correct, options.correct ? 4e-4 : 1.7, 2e-5, 0, 0,
                                 p.q_elements(), 0.06, 0.02, "fp64 host reference, every row"});
    }
  }
  return run;
}

core::SessionRecord makeSession(core::Origin origin) {
  core::SessionRecord session;
  session.started_at = origin == core::Origin::kLive ? "2026-11-20T10:29:00Z" : "2026-11-21T08:00:00Z";
  session.command = "flashcore-profile --phase all";
  session.origin = origin;
  if (origin == core::Origin::kRecording) session.recording = "h200.db.zst";
  session.environment = environment();
  return session;
}

SampleIds writeSample(const std::filesystem::path& path) {
  auto store = must(store::Store::open(path));
  SampleIds ids;
  ids.live = must(store.begin_session(makeSession()));
  const auto write = [&](core::RowId session, const RunOptions& options) {
    return must(store.write_run(session, makeRun(options)));
  };
  ids.baseline = write(ids.live, {.phase = "baseline", .rung = 1, .p50_us = 900});
  ids.wmma = write(ids.live, {.phase = "wmma", .rung = 2, .p50_us = 60});
  ids.cublas = write(ids.live, {.phase = "cublas", .rung = 100, .reference = true, .p50_us = 35});
  ids.wmmaTiny = write(ids.live, {.phase = "wmma", .rung = 2, .shape = "tiny", .p50_us = 4});
  ids.recording = must(store.begin_session(makeSession(core::Origin::kRecording)));
  write(ids.recording, {.phase = "baseline", .rung = 1, .p50_us = 900, .origin = core::Origin::kRecording});
  ids.wrong = write(ids.recording, {.phase = "wmma",
                                    .rung = 2,
                                    .p50_us = 60,
                                    .correct = false,
                                    .counters = false,
                                    .origin = core::Origin::kRecording});
  return ids;
}

}  // namespace flashcore::gui::test
