// Runs as a GPU would have left them, for the tests of reports: three rungs and a reference on two
// problems, with counters, clocks and noise that are the same each time. The numbers are made for the
// tests; nothing of them is a measurement.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/records.h"

namespace flashcore::reports::fixtures {

struct Shape {
  std::string phase, title;
  int rung = 0;
  bool reference = false;
  double graph_us = 0, tensor_percent = 0, occupancy_percent = 0, dram_megabytes = 0;
  int registers = 0;
  std::vector<double> stalls;  // long scoreboard, wait, math pipe, barrier, selected, short scoreboard
};

inline std::vector<Shape> ladder() {
  return {{"baseline", "Scalar, online softmax", 0, false, 412.4, 0, 61.2, 4.6, 62, {38, 21, 3, 2, 17, 12}},
          {"wmma", "Tensor cores through WMMA", 1, false, 88.3, 9.4, 32.5, 4.3, 128, {22, 14, 9, 27, 9, 14}},
          {"fused", "Pipelined, fused", 2, false, 31.2, 24.8, 24.1, 4.2, 168, {8, 25, 31, 11, 14, 4}},
          {"cublas", "Unfused, cuBLAS", 99, true, 64.0, 14.1, 40.3, 16.4, 90, {31, 20, 12, 9, 13, 6}}};
}

inline core::DeviceRecord h200() {
  core::DeviceRecord d;
  d.name = "NVIDIA H200";
  d.chip = "GH100";
  d.compute_major = 9;
  d.sm_count = 132;
  d.sm_clock_max_khz = 1980000;
  d.memory_clock_max_khz = 3201000;
  d.memory_bus_bits = 6144;
  d.memory_bytes = std::int64_t{141} << 30;
  d.l2_bytes = std::int64_t{50} << 20;
  d.shared_per_sm_bytes = 233472;
  d.shared_per_block_optin_bytes = 232448;
  d.shared_reserved_per_block_bytes = 1024;
  d.registers_per_sm = 65536;
  d.max_threads_per_sm = 2048;
  d.max_blocks_per_sm = 32;
  return d;
}

inline core::EnvironmentRecord environment() {
  core::EnvironmentRecord e;
  e.git_sha = "0123456789abcdef0123456789abcdef01234567";
  e.kernels_hash = std::string(64, 'a');
  e.program_version = "0.1.0";
  e.compiler = "GNU 12.2.0";
  e.cuda_toolkit = "13.0.88";
  e.cuda_driver = "13.0";
  e.driver = "580.159.04";
  e.cupti = "130000";
  e.operating_system = "Debian GNU/Linux 12";
  e.cpu = "test processor, 16 threads";
  return e;
}

inline void add_samples(core::RunRecord& run, core::SampleKind kind, double microseconds) {
  std::mt19937 random(static_cast<unsigned>(run.phase.rung * 7 + (kind == core::SampleKind::kGraph ? 1 : 2)));
  for (int i = 0; i < 100; ++i) {
    core::Sample s;
    s.kind = kind;
    s.index = i;
    s.launches = kind == core::SampleKind::kGraph ? 20 : 1;
    const double noise = static_cast<double>(random() % 1000) / 1000.0;
    s.duration_ns = microseconds * 1e3 * (0.995 + 0.01 * noise + (i % 33 == 0 ? 0.02 : 0));
    s.sm_clock_before_mhz = 1980;
    s.sm_clock_after_mhz = 1980;
    run.samples.push_back(s);
  }
}

inline void add_counters(core::RunRecord& run, const Shape& shape) {
  const auto add = [&](const std::string& name, double value) {
    core::CounterValue c;
    c.name = name;
    c.value = value;
    c.collector = "cupti";
    c.passes = 12;
    c.tool = "CUPTI 130000";
    run.counters.push_back(std::move(c));
  };
  add("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active", shape.tensor_percent);
  add("sm__warps_active.avg.pct_of_peak_sustained_active", shape.occupancy_percent);
  add("dram__bytes.sum", shape.dram_megabytes * 1e6);
  add("lts__t_bytes.sum", shape.dram_megabytes * 5.5e6);
  add("lts__t_bytes.sum.peak_sustained_elapsed.per_second", 1.15e13);
  const char* reasons[] = {"long_scoreboard", "wait",     "math_pipe_throttle",
                           "barrier",         "selected", "short_scoreboard"};
  double named = 0;
  for (std::size_t i = 0; i < shape.stalls.size(); ++i) {
    add("smsp__warps_issue_stalled_" + std::string(reasons[i]) + ".sum", shape.stalls[i] * 1e4);
    named += shape.stalls[i];
  }
  add("smsp__warps_issue_stalled_long_scoreboard_pipe_l1tex.sum", shape.stalls[0] * 0.9e4);
  const char* small[] = {"not_selected", "mio_throttle", "branch_resolving", "no_instruction", "imc_miss"};
  for (const char* reason : small) {
    add("smsp__warps_issue_stalled_" + std::string(reason) + ".sum", (100 - named) / 5 * 1e4);
  }
  add("smsp__issue_active.sum", 1e5);
  add("smsp__warps_active.sum", 1e6);
}

inline core::RunRecord record(const Shape& shape, const std::string& shape_name = "mission",
                              double scale = 1) {
  core::RunRecord run;
  run.id = shape.rung + 1;
  run.session_id = 1;
  run.taken_at = "2026-01-31T12:00:00Z";
  run.phase = {shape.phase, shape.title, shape.rung, shape.reference, std::string(64, 'b')};
  run.problem = core::parse_shape(shape_name).value();
  run.device = h200();
  run.environment = environment();
  const auto& p = run.problem;
  run.model_flops = 4.0 * static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k * p.head_dim);
  run.model_bytes = 2.0 * static_cast<double>(2 * p.q_elements() + 2 * p.kv_elements());
  run.warmup = 20;
  run.iterations = 100;
  run.tags = {{"branch", "main"}};
  add_samples(run, core::SampleKind::kGraph, shape.graph_us * scale);
  add_samples(run, core::SampleKind::kLaunch, shape.graph_us * scale + 4.2);
  add_counters(run, shape);
  core::ResourceRecord r;
  r.kernel = "attention_" + shape.phase + "<64>";
  r.grid_x = 512;
  r.block_x = 128;
  r.registers = shape.registers;
  r.static_shared_bytes = 24576;
  if (!shape.reference) r.spill_store_bytes = r.spill_load_bytes = 0;
  r.binary_arch = 90;
  r.theoretical_occupancy = 0.75;
  r.blocks_per_sm = 12;
  r.occupancy_limiter = "registers+shared";
  r.provenance = "driver+ptxas";
  run.resources.push_back(r);
  for (const std::uint64_t seed : {0u, 42u, 12345u}) {
    core::CorrectnessRecord c;
    c.seed = seed;
    c.passed = true;
    c.max_error = 3.1e-4 + 1e-6 * static_cast<double>(seed % 7);
    c.mean_error = 2.2e-5;
    c.compared = p.q_elements();
    c.max_tolerance = 0.06;
    c.mean_tolerance = 0.02;
    c.method = "fp64 host reference, every row";
    run.correctness.push_back(c);
  }
  return run;
}

inline core::RunRecord wrong_record() {
  core::RunRecord run = record(ladder()[1]);
  run.id = 50;
  run.phase.id = "broken";
  run.phase.title = "Forgets the last block";
  run.phase.rung = 3;
  run.correctness[1].passed = false;
  run.correctness[1].max_error = 1.25;
  run.correctness[1].mean_error = 0.3;
  run.correctness[1].nan_count = 3;
  return run;
}

// As the cupti collector leaves it when the driver refuses.
inline core::RunRecord without_counters(core::RunRecord run) {
  for (auto& counter : run.counters) {
    counter.value.reset();
    counter.reason = "the driver refuses performance counters to this user";
  }
  core::DiagnosticRecord d;
  d.severity = core::Severity::kWarning;
  d.code = "counters_refused";
  d.message = "The driver refuses performance counters to this user.";
  d.hint = "Ask the administrator to load the driver with NVreg_RestrictProfilingToAdminUsers=0.";
  d.source = "cupti";
  run.diagnostics.push_back(d);
  return run;
}

inline core::RunRecord recorded(core::RunRecord run) {
  run.origin = core::Origin::kRecording;
  return run;
}

inline const std::string kScript = "<script>alert(1)</script>";

inline core::RunRecord hostile_record() {
  core::RunRecord run = record(ladder()[0]);
  run.phase.id = kScript;
  run.phase.title = "</script><img src=x onerror=alert(2)>\xE2\x80\xA8\xFF";
  run.device.name = "\"><script>alert(3)</script>";
  run.tags = {{kScript, "</script><script>alert(4)</script>"},
              {"long", std::string(10000, 'x')},
              {std::string(10000, 'k'), "long key"},
              {"{{data}}", "{{licences}} \x1b[2J\x07"}};
  return run;
}

inline std::vector<analysis::RunAnalysis> analysed(std::vector<core::RunRecord> runs,
                                                   const analysis::Catalogue& catalogue) {
  std::vector<analysis::RunAnalysis> out;
  for (auto& run : runs) out.push_back(analysis::analyse(std::move(run), catalogue));
  return out;
}

inline std::vector<core::RunRecord> usual_records() {
  std::vector<core::RunRecord> runs;
  for (const Shape& shape : ladder()) runs.push_back(record(shape));
  for (const Shape& shape : ladder()) {
    core::RunRecord run = record(shape, "large", 3.7);
    run.id += 200;
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace flashcore::reports::fixtures
