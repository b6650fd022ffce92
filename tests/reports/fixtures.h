// Runs as a GPU would have left them, for the tests of reports: three rungs and a reference on two
// problems, with counters, clocks and noise that are the same each time. The numbers are made for the
// tests; nothing of them is a measurement. fixture_runs.h makes the unusual ones of them.
#pragma once

#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/attention.h"
#include "core/records.h"
#include "tests/reports/fixture_counters.h"

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

inline core::MeasurementRecord begun(const std::string& collector, const std::string& tool,
                                     const std::string& version) {
  core::MeasurementRecord m;
  m.collector = collector;
  m.tool = tool;
  m.tool_version = version;
  m.taken_at = "2026-01-31T12:00:00Z";
  return m;
}

// The measurement of a collector in a run that has one.
inline core::MeasurementRecord& part(core::RunRecord& run, const std::string& collector) {
  for (core::MeasurementRecord& m : run.measurements) {
    if (m.collector == collector) return m;
  }
  std::abort();
}

inline void add_samples(core::MeasurementRecord& m, core::SampleKind kind, double microseconds, int rung) {
  std::mt19937 random(static_cast<unsigned>(rung * 7 + (kind == core::SampleKind::kGraph ? 1 : 2)));
  for (int i = 0; i < 100; ++i) {
    core::Sample s;
    s.kind = kind;
    s.index = i;
    s.launches = kind == core::SampleKind::kGraph ? 20 : 1;
    const double noise = static_cast<double>(random() % 1000) / 1000.0;
    s.duration_ns = microseconds * 1e3 * (0.995 + 0.01 * noise + (i % 33 == 0 ? 0.02 : 0));
    s.effective_clock_mhz = 1755 + noise;
    m.samples.push_back(s);
  }
}

// Beside the samples of a launch: an empty kernel in the same graph.
inline void add_floor(core::MeasurementRecord& m, double nanoseconds) {
  for (int i = 0; i < 20; ++i) {
    core::Sample s;
    s.kind = core::SampleKind::kEmpty;
    s.index = i;
    s.launches = 20;
    s.duration_ns = nanoseconds + i % 3;
    m.samples.push_back(s);
  }
}

inline core::MeasurementRecord counters(const Shape& shape) {
  core::MeasurementRecord m = begun("cupti", "CUPTI", "130000");
  m.passes = 12;
  m.parameters = {{"cache", "warm"}, {"replay", "user"}};
  m.steps = {{"set-up", 61.5}, {"passes", 118.2}, {"decode", 3.1}};
  const auto add = [&](const std::string& name, double value) {
    m.counters.push_back({name, std::nullopt, value, ""});
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
  add_speed_counters(
      m, std::nullopt,
      {shape.graph_us * 1e3, shape.tensor_percent, shape.occupancy_percent, shape.dram_megabytes});
  return m;
}

inline core::MeasurementRecord resources(const Shape& shape) {
  core::MeasurementRecord m = begun("resources", "FlashCore", "0.1.0");
  m.kernels.push_back(
      {0, "attention_" + shape.phase + "<64>", core::Extent3{512, 1, 1}, core::Extent3{128, 1, 1}});
  core::ResourceRecord r;
  r.registers = shape.registers;
  r.static_shared_bytes = 24576;
  r.dynamic_shared_bytes = 0;
  if (!shape.reference) r.spill_store_bytes = r.spill_load_bytes = 0;
  r.binary_arch = 90;
  r.theoretical_occupancy = 0.75;
  r.blocks_per_sm = 12;
  r.occupancy_limiter = "registers+shared";
  r.provenance = "driver+ptxas";
  m.resources.push_back(r);
  return m;
}

// Two inputs, before the timing and after it.
inline core::MeasurementRecord checks(const core::AttentionProblem& problem, const std::string& moment) {
  core::MeasurementRecord m = begun("check", "FlashCore", "0.1.0");
  m.parameters = {{"moment", moment}};
  for (const bool peaked : {false, true}) {
    core::CheckRecord c;
    c.seed = peaked ? 0xC0FFEE : 42;
    c.input = peaked ? "peaked" : "normal";
    c.passed = true;
    c.max_error = peaked ? 7.4e-4 : 3.1e-4;
    c.mean_error = 2.2e-5;
    c.compared = problem.q_elements();
    c.plain_max_error = peaked ? 5.1e-4 : 2.9e-4;
    c.max_tolerance = 2 * *c.plain_max_error + 1e-5;
    c.worst = "b 0, h 3, row 117, d 5";
    c.method = "fp64 on the GPU, every element";
    m.checks.push_back(c);
  }
  return m;
}

inline core::RunRecord record(const Shape& shape, const std::string& shape_name = "mission",
                              double scale = 1) {
  const core::AttentionProblem p = core::parse_attention(shape_name).value();
  core::RunRecord run;
  run.id = shape.rung + 1;
  run.session_id = 1;
  run.taken_at = "2026-01-31T12:00:00Z";
  run.subject = {core::SubjectKind::kPhase, shape.phase, shape.title,
                 core::LadderRecord{shape.rung, shape.reference}, std::string(64, 'b')};
  run.problem = core::to_problem(p);
  run.device = h200();
  run.environment = environment();
  run.model = core::ModelRecord{4.0 * static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k * p.head_dim),
                                2.0 * static_cast<double>(2 * p.q_elements() + 2 * p.kv_elements()),
                                static_cast<double>(p.batch * p.heads * p.seq_q * p.seq_k)};
  run.cache = core::CacheState::kWarm;
  run.tags = {{"branch", "main"}};
  core::add_measurement(run, checks(p, "before timing"));
  core::add_measurement(run, resources(shape));
  core::MeasurementRecord timing = begun("timing", "FlashCore", "0.1.0");
  timing.parameters = {{"cache", "warm"}, {"warmup", "23"}, {"iterations", "100"}};
  add_samples(timing, core::SampleKind::kGraph, shape.graph_us * scale, shape.rung);
  add_samples(timing, core::SampleKind::kLaunch, shape.graph_us * scale + 4.2, shape.rung);
  add_floor(timing, 551);
  core::add_measurement(run, std::move(timing));
  core::add_measurement(run, checks(p, "after timing"));
  core::add_measurement(run, counters(shape));
  return run;
}

inline core::RunRecord wrong_record() {
  core::RunRecord run = record(ladder()[1]);
  run.id = 50;
  run.subject.name = "broken";
  run.subject.title = "Forgets the last block";
  run.subject.ladder->rung = 3;
  run.answer = core::Answer::kWrong;
  core::CheckRecord& check = part(run, "check").checks[1];
  check.passed = false;
  check.max_error = 1.25;
  check.mean_error = 0.3;
  check.nan_count = 3;
  return run;
}

// As the cupti collector leaves it when the driver refuses.
inline core::RunRecord without_counters(core::RunRecord run) {
  core::MeasurementRecord& m = part(run, "cupti");
  m.status = core::MeasurementStatus::kRefused;
  m.reason = "the driver refuses performance counters to this user";
  for (auto& counter : m.counters) {
    counter.value.reset();
    counter.reason = m.reason;
  }
  core::DiagnosticRecord d;
  d.severity = core::Severity::kWarning;
  d.code = "counters_refused";
  d.message = "The driver refuses performance counters to this user.";
  d.hint = "Ask the administrator to load the driver with NVreg_RestrictProfilingToAdminUsers=0.";
  d.source = "cupti";
  m.diagnostics.push_back(d);
  return run;
}

// Counted by ncu too, which says a little else.
inline core::RunRecord counted_twice(core::RunRecord run) {
  core::MeasurementRecord m = begun("ncu", "Nsight Compute", "2025.3.1");
  m.passes = 40;
  m.kernels.push_back(run.kernels.front());
  m.counters.push_back({"dram__bytes.sum", 0, 4.4e6, ""});
  core::ResourceRecord r;
  r.registers = 120;
  r.provenance = "ncu";
  m.resources.push_back(r);
  core::add_measurement(run, std::move(m));
  return run;
}

inline core::RunRecord recorded(core::RunRecord run) {
  run.origin = core::Origin::kRecording;
  return run;
}

// A kernel of a foreign program, from ncu's raw page.
inline core::RunRecord imported_record(const std::string& name, double duration_ns, int id) {
  core::RunRecord run;
  run.id = id;
  run.session_id = 9;
  run.taken_at = "2026-02-01T10:00:00Z";
  run.origin = core::Origin::kImport;
  run.subject.kind = core::SubjectKind::kKernel;
  run.subject.name = name;
  run.answer = core::Answer::kDoesNotApply;
  run.device = h200();
  core::MeasurementRecord m = begun("ncu", "Nsight Compute", "2025.3.1");
  m.kernels.push_back({0, name, core::Extent3{8, 4, 1}, core::Extent3{128, 1, 1}});
  const auto add = [&](const char* counter, double value) { m.counters.push_back({counter, 0, value, ""}); };
  add("gpu__time_duration.sum", duration_ns);
  add("dram__bytes.sum", 4e6);
  add("sm__cycles_elapsed.avg.per_second", 1.5e9);
  add("smsp__sass_thread_inst_executed_op_fadd_pred_on.sum", 1e6);
  add("smsp__sass_thread_inst_executed_op_fmul_pred_on.sum", 1e6);
  add("smsp__sass_thread_inst_executed_op_ffma_pred_on.sum", 499e6);
  add("launch__waves_per_multiprocessor", 0.25);
  core::ResourceRecord r;
  r.registers = 122;
  r.provenance = "ncu";
  m.resources.push_back(r);
  core::add_measurement(run, std::move(m));
  return run;
}

// One state of an nvbench benchmark: another workload, no device, nothing but a mean.
inline core::RunRecord benchmark_record() {
  core::RunRecord run;
  run.id = 90;
  run.origin = core::Origin::kImport;
  run.subject.kind = core::SubjectKind::kKernel;
  run.subject.name = "copy_kernel";
  run.problem = core::parse_problem("nvbench:elements=1024,type=F32").value();
  run.answer = core::Answer::kDoesNotApply;
  core::MeasurementRecord m = begun("nvbench", "nvbench", "");
  m.counters.push_back({"nv/cold/time/gpu/mean", std::nullopt, 12345.0, ""});
  core::add_measurement(run, std::move(m));
  return run;
}

inline std::vector<core::RunRecord> imported_records() {
  return {
      imported_record("ampere_sgemm_128x64_nn", 20000, 70),
      imported_record("void cutlass::Kernel2<cutlass_80_tensorop_s1688gemm_256x128_16x3_nt_align4>(Params)",
                      1234567, 71),
      benchmark_record()};
}

inline const std::string kScript = "<script>alert(1)</script>";

inline core::RunRecord hostile_record() {
  core::RunRecord run = record(ladder()[0]);
  run.subject.name = kScript;
  run.subject.title = "</script><img src=x onerror=alert(2)>\xE2\x80\xA8\xFF";
  run.device->name = "\"><script>alert(3)</script>";
  run.kernels.front().name = "<img src=x onerror=alert(6)>";
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
