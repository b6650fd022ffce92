// Runs as a collector would hand them over, for tests that need a database or a recording with
// something in it. The numbers are made up and marked so (device "Test GPU"); nothing here is shown
// to a user.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

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

// A right run with samples around `duration_ns`, a few counters and one kernel.
inline core::RunRecord sample_run(const std::string& phase, int rung, const std::string& shape,
                                  double duration_ns) {
  core::RunRecord run;
  run.taken_at = "2026-01-02T03:04:05Z";
  run.phase = {phase, "Test phase " + phase, rung, rung >= 100, std::string(64, 'b')};
  run.problem = *core::parse_shape(shape);
  run.device = sample_device();
  run.environment = sample_environment();
  run.model_flops = 4.0 * run.problem.batch * run.problem.heads * run.problem.seq_q * run.problem.seq_k *
                    run.problem.head_dim;
  run.model_bytes = static_cast<double>(core::tensor_bytes(run.problem));
  run.warmup = 20;
  run.iterations = 10;
  for (int i = 0; i < 10; ++i) {
    run.samples.push_back({core::SampleKind::kLaunch, i, 1, 5000 + duration_ns + 10 * i, 1980.0, 1980.0});
    run.samples.push_back({core::SampleKind::kGraph, i, 50, duration_ns + i, 1980.0, 1980.0});
  }
  run.counters.push_back({"gpu__time_duration.sum", -1, duration_ns, "", "cupti", 4, "CUPTI 130000"});
  run.counters.push_back({"dram__bytes.sum", -1, run.model_bytes * 1.25, "", "cupti", 4, "CUPTI 130000"});
  core::ResourceRecord kernel;
  kernel.kernel = phase + "_kernel<64>";
  kernel.block_x = 128;
  kernel.registers = 96;
  kernel.static_shared_bytes = 1024;
  kernel.spill_store_bytes = kernel.spill_load_bytes = 0;
  kernel.provenance = "driver+ptxas";
  run.resources.push_back(kernel);
  for (const std::uint64_t seed : {0, 42, 12345}) {
    run.correctness.push_back({seed, true, 2.5e-4, 1e-5, 0, 0, run.problem.q_elements(), 0.06, 0.02,
                               "fp64 host reference, every row"});
  }
  return run;
}

}  // namespace flashcore::tests
