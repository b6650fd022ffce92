// A run as an H200 would give it, for tests of this folder.
#pragma once

#include <string>

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

inline void add_counter(core::RunRecord& run, const std::string& name, double value, int kernel = -1) {
  core::CounterValue counter;
  counter.name = name;
  counter.kernel_index = kernel;
  counter.value = value;
  counter.collector = "cupti";
  counter.passes = 4;
  counter.tool = "CUPTI 130000";
  run.counters.push_back(counter);
}

inline void add_samples(core::RunRecord& run, core::SampleKind kind, double duration_ns, int count,
                        double mhz) {
  for (int i = 0; i < count; ++i) {
    core::Sample sample;
    sample.kind = kind;
    sample.index = i;
    sample.duration_ns = duration_ns;
    if (mhz > 0) sample.sm_clock_before_mhz = sample.sm_clock_after_mhz = mhz;
    run.samples.push_back(sample);
  }
}

// Right, timed at 10 µs and 1980 MHz, with model and resources, without counters.
inline core::RunRecord sample_run() {
  core::RunRecord run;
  run.id = 1;
  run.session_id = 1;
  run.phase = {"wmma", "Tensor cores through WMMA", 2, false, ""};
  run.problem.heads = run.problem.kv_heads = 8;
  run.problem.seq_q = run.problem.seq_k = 512;
  run.device = h200();
  run.model_flops = 536870912;
  run.model_bytes = 2097152;
  core::CorrectnessRecord check;
  check.passed = true;
  check.compared = 262144;
  run.correctness.push_back(check);
  add_samples(run, core::SampleKind::kGraph, 10000, 5, 1980);
  add_samples(run, core::SampleKind::kLaunch, 30000, 3, 1755);
  core::ResourceRecord resource;
  resource.grid_x = 4;
  resource.grid_y = 66;
  resource.block_x = 256;
  resource.registers = 168;
  resource.static_shared_bytes = 0;
  resource.dynamic_shared_bytes = 98304;
  resource.spill_store_bytes = 0;
  resource.spill_load_bytes = 0;
  resource.theoretical_occupancy = 0.25;
  resource.blocks_per_sm = 2;
  resource.occupancy_limiter = "shared";
  resource.provenance = "driver+ptxas";
  run.resources.push_back(resource);
  return run;
}

}  // namespace flashcore::analysis
