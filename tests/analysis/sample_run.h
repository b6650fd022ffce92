// A run as an H200 would give it, for tests of this folder.
#pragma once

#include <optional>
#include <string>

#include "core/attention.h"
#include "core/records.h"

namespace flashcore::analysis {

inline core::DeviceRecord h200() {
  core::DeviceRecord device;
  device.name = "NVIDIA H200";
  device.chip = "GH100";
  device.compute_major = 9;
  device.sm_count = 132;
  device.sm_clock_max_khz = 1980000;
  device.memory_clock_max_khz = 3201000;
  device.memory_bus_bits = 6144;
  device.memory_bytes = 150754820096;
  device.l2_bytes = 62914560;
  device.max_threads_per_sm = 2048;
  device.max_blocks_per_sm = 32;
  return device;
}

// The run's last measurement by a collector; a new one where there is none.
inline core::MeasurementRecord& measured(core::RunRecord& run, const std::string& collector) {
  for (auto at = run.measurements.rbegin(); at != run.measurements.rend(); ++at) {
    if (at->collector == collector) return *at;
  }
  core::MeasurementRecord m;
  m.collector = collector;
  m.tool = collector == "cupti" ? "CUPTI" : collector == "ncu" ? "Nsight Compute" : "FlashCore";
  m.tool_version = collector == "cupti" ? "130000" : collector == "ncu" ? "2025.3" : "0.1.0";
  if (collector == "cupti") m.passes = 4;
  run.measurements.push_back(std::move(m));
  return run.measurements.back();
}

inline void add_counter(core::RunRecord& run, const std::string& name, std::optional<double> value,
                        std::optional<int> kernel = std::nullopt, const std::string& collector = "cupti") {
  measured(run, collector).counters.push_back({name, kernel, value, ""});
}

inline void add_samples(core::RunRecord& run, core::SampleKind kind, double duration_ns, int count,
                        double mhz) {
  for (int i = 0; i < count; ++i) {
    core::Sample sample;
    sample.kind = kind;
    sample.index = i;
    sample.duration_ns = duration_ns;
    if (mhz > 0) sample.effective_clock_mhz = mhz;
    measured(run, "timing").samples.push_back(sample);
  }
}

// Right, timed at 10 µs and 1980 MHz (effective), with model and resources, warm, without counters.
inline core::RunRecord sample_run() {
  core::RunRecord run;
  run.id = 1;
  run.session_id = 1;
  run.subject = {core::SubjectKind::kPhase, "wmma", "Tensor cores through WMMA", core::LadderRecord{2, false},
                 ""};
  run.problem = *core::parse_problem("mission");
  run.device = h200();
  run.model = core::ModelRecord{536870912, 2097152, 2097152};
  run.cache = core::CacheState::kWarm;
  run.answer = core::Answer::kRight;
  core::CheckRecord check;
  check.passed = true;
  check.compared = 262144;
  measured(run, "check").checks.push_back(check);
  add_samples(run, core::SampleKind::kGraph, 10000, 5, 1980);
  add_samples(run, core::SampleKind::kLaunch, 30000, 3, 1755);
  run.kernels.push_back({0, "attention_wmma<64>", core::Extent3{4, 66, 1}, core::Extent3{256, 1, 1}});
  core::ResourceRecord resource;
  resource.registers = 168;
  resource.static_shared_bytes = 0;
  resource.dynamic_shared_bytes = 98304;
  resource.spill_store_bytes = 0;
  resource.spill_load_bytes = 0;
  resource.theoretical_occupancy = 0.25;
  resource.blocks_per_sm = 2;
  resource.occupancy_limiter = "shared";
  resource.provenance = "driver+ptxas";
  measured(run, "resources").resources.push_back(resource);
  return run;
}

// What an import of ncu's raw page leaves: one kernel of a foreign program, counted on an H200.
inline core::RunRecord imported_run() {
  core::RunRecord run;
  run.origin = core::Origin::kImport;
  run.taken_at = "2026-02-01T10:00:00Z";
  run.subject.kind = core::SubjectKind::kKernel;
  run.subject.name = "ampere_sgemm_128x64_nn";
  run.answer = core::Answer::kDoesNotApply;
  run.device = h200();
  run.kernels.push_back({0, "ampere_sgemm_128x64_nn", core::Extent3{8, 4, 1}, core::Extent3{128, 1, 1}});
  measured(run, "ncu").taken_at = run.taken_at;
  add_counter(run, "gpu__time_duration.sum", 20000, 0, "ncu");
  add_counter(run, "sm__cycles_elapsed.avg.per_second", 1.5e9, 0, "ncu");
  add_counter(run, "dram__bytes.sum", 4e6, 0, "ncu");
  add_counter(run, "smsp__sass_thread_inst_executed_op_fadd_pred_on.sum", 1e6, 0, "ncu");
  add_counter(run, "smsp__sass_thread_inst_executed_op_fmul_pred_on.sum", 1e6, 0, "ncu");
  add_counter(run, "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum", 499e6, 0, "ncu");
  return run;
}

}  // namespace flashcore::analysis
