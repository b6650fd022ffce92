// Runs as a collector would hand them over, for tests that need a database or a recording with
// something in it. The numbers are made up and marked so (device "Test GPU"); nothing here is shown
// to a user.
#pragma once

#include <cstdlib>
#include <string>

#include "core/attention.h"
#include "core/records.h"

namespace flashcore::tests {

inline core::DeviceRecord sample_device() {
  core::DeviceRecord d;
  d.name = "Test GPU";
  d.chip = "GH100";
  d.compute_major = 9;
  d.sm_count = 132;
  d.sm_clock_max_khz = 1'980'000;
  d.memory_clock_max_khz = 3'201'000;
  d.memory_bus_bits = 6144;
  d.memory_bytes = std::int64_t{141} << 30;
  d.l2_bytes = 60 << 20;
  d.shared_per_sm_bytes = 228 << 10;
  d.shared_per_block_optin_bytes = 227 << 10;
  d.registers_per_sm = 65536;
  d.max_threads_per_sm = 2048;
  d.max_blocks_per_sm = 32;
  d.uuid = "GPU-00000000-0000-0000-0000-000000000001";
  return d;
}

inline core::EnvironmentRecord sample_environment() {
  core::EnvironmentRecord e;
  e.git_sha = "0123456789abcdef0123456789abcdef01234567";
  e.kernels_hash = std::string(64, 'a');
  e.program_version = "0.0-test";
  e.driver = "580.0";
  e.cuda_driver = e.cuda_toolkit = "13.0";
  e.operating_system = "Debian GNU/Linux 12 (bookworm)";
  return e;
}

inline core::MeasurementRecord sample_measurement(const std::string& collector) {
  core::MeasurementRecord m;
  m.collector = collector;
  m.tool = "FlashCore";
  m.tool_version = "0.0-test";
  m.taken_at = "2026-01-02T03:04:05Z";
  return m;
}

// The one kernel of sample_run(), as a collector sees it.
inline core::KernelRecord sample_kernel(const std::string& phase) {
  return {0, phase + "_kernel<64>", core::Extent3{8, 4, 1}, core::Extent3{128, 1, 1}};
}

inline core::MeasurementRecord sample_check(const core::AttentionProblem& problem, bool passed = true) {
  auto m = sample_measurement("check");
  m.parameters = {{"moment", "before timing"}};
  constexpr double kPlain = 2.4e-4;
  const auto checked = [&](std::uint64_t seed, const char* input) {
    m.checks.push_back({seed, input, passed, passed ? 2.5e-4 : 7.5, passed ? 1e-5 : 0.5, 0, 0,
                        problem.q_elements(), 2 * kPlain + 1e-5, std::nullopt, kPlain, "b 0, h 0, row 1, d 5",
                        "fp64 on the GPU, every element"});
  };
  checked(0, "normal");
  checked(42, "normal");
  checked(12345, "peaked");
  return m;
}

inline core::MeasurementRecord sample_resources(const std::string& phase) {
  auto m = sample_measurement("resources");
  m.kernels.push_back(sample_kernel(phase));
  core::ResourceRecord resources;
  resources.registers = 96;
  resources.static_shared_bytes = 1024;
  resources.dynamic_shared_bytes = 0;
  resources.spill_store_bytes = resources.spill_load_bytes = 0;
  resources.provenance = "driver+ptxas";
  m.resources.push_back(resources);
  return m;
}

inline core::MeasurementRecord sample_timing(double duration_ns, int iterations = 10) {
  auto m = sample_measurement("timing");
  m.parameters = {
      {"warmup", "20"}, {"iterations", std::to_string(iterations)}, {"launches", "50"}, {"cache", "warm"}};
  for (int i = 0; i < iterations; ++i) {
    m.samples.push_back({core::SampleKind::kLaunch, i, 1, 5000 + duration_ns + 10 * i, 1980.0, {}, {}});
    m.samples.push_back({core::SampleKind::kGraph, i, 50, duration_ns + i, 1980.0, {}, {}});
  }
  return m;
}

inline core::MeasurementRecord sample_counters(const std::string& phase, double duration_ns,
                                               double dram_bytes) {
  auto m = sample_measurement("cupti");
  m.tool = "CUPTI";
  m.tool_version = "130000";
  m.passes = 4;
  m.parameters = {{"replay", "user"}};
  m.kernels.push_back(sample_kernel(phase));
  m.counters.push_back({"gpu__time_duration.sum", 0, duration_ns, ""});
  m.counters.push_back({"dram__bytes.sum", 0, dram_bytes, ""});
  return m;
}

// A run without measurements: subject, problem, device, environment, model, warm caches.
inline core::RunRecord sample_head(const std::string& phase, int rung, const std::string& shape) {
  const core::AttentionProblem problem = *core::parse_attention(shape);
  core::RunRecord run;
  run.taken_at = "2026-01-02T03:04:05Z";
  run.subject = {core::SubjectKind::kPhase, phase, "Test phase " + phase,
                 core::LadderRecord{rung, rung >= 100}, std::string(64, 'b')};
  run.problem = core::to_problem(problem);
  run.device = sample_device();
  run.environment = sample_environment();
  const double scores = static_cast<double>(problem.batch * problem.heads * problem.seq_q * problem.seq_k);
  run.model = core::ModelRecord{4.0 * scores * static_cast<double>(problem.head_dim),
                                static_cast<double>(core::tensor_bytes(problem)), scores};
  run.cache = core::CacheState::kWarm;
  return run;
}

// A right run, measured in the order in which a session takes it: "check", "resources", "timing" with
// samples around `duration_ns`, "cupti" with a few counters.
inline core::RunRecord sample_run(const std::string& phase, int rung, const std::string& shape,
                                  double duration_ns) {
  core::RunRecord run = sample_head(phase, rung, shape);
  core::add_measurement(run, sample_check(*core::attention_of(*run.problem)));
  core::add_measurement(run, sample_resources(phase));
  core::add_measurement(run, sample_timing(duration_ns));
  core::add_measurement(run, sample_counters(phase, duration_ns, run.model->bytes * 1.25));
  return run;
}

// The measurement of `collector` in a run that has one, for a test that changes something of it.
inline core::MeasurementRecord& measurement_of(core::RunRecord& run, const std::string& collector) {
  for (core::MeasurementRecord& m : run.measurements) {
    if (m.collector == collector) return m;
  }
  std::abort();
}

inline core::SessionRecord sample_session() {
  core::SessionRecord session;
  session.started_at = "2026-01-02T03:04:00Z";
  session.command = "flashcore-profile --phase all";
  session.environment = sample_environment();
  return session;
}

}  // namespace flashcore::tests
