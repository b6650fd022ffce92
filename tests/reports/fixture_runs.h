// Runs that are not like the others: a library's three kernels in one launch, cold caches, a run that was
// taken before clocks were stamped on the GPU.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/reports/fixtures.h"

namespace flashcore::reports::fixtures {

// The reference as its library runs it: products, softmax, products; counters of each kernel by itself.
inline core::RunRecord library_record(const std::string& shape_name = "mission") {
  struct Part {
    std::string name;
    double ns, tensor_percent, occupancy_percent, megabytes;
    int registers;
  };
  const Part parts[] = {
      {"void cutlass::Kernel2<cutlass_80_tensorop_f16_s16816gemm_relu_f16_128x128_32x5_nt_align8>(Params)",
       6100, 21.5, 12.4, 6.3, 230},
      {"softmax_rows<__half, 64, 4>", 9800, 0, 83.1, 8.4, 32},
      {"void cutlass::Kernel2<cutlass_80_tensorop_f16_s16816gemm_f16_64x64_32x6_nn_align8>(Params)", 2600,
       33.0, 18.8, 5.2, 128}};
  Shape shape = ladder()[3];
  shape.graph_us = 19.31;
  core::RunRecord run = record(shape, shape_name);
  core::MeasurementRecord& told = part(run, "resources");
  core::MeasurementRecord& counted = part(run, "cupti");
  told.kernels.clear();
  told.resources.clear();
  counted.counters.clear();
  run.kernels.clear();
  int ordinal = 0;
  for (const Part& p : parts) {
    told.kernels.push_back({ordinal, p.name, core::Extent3{64, 4, 1}, core::Extent3{128, 1, 1}});
    core::ResourceRecord r;
    r.kernel = ordinal;
    r.registers = p.registers;
    r.provenance = "driver";
    told.resources.push_back(r);
    const auto add = [&](const std::string& name, double value) {
      counted.counters.push_back({name, ordinal, value, ""});
    };
    add_speed_counters(counted, ordinal, {p.ns, p.tensor_percent, p.occupancy_percent, p.megabytes});
    add("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active", p.tensor_percent);
    add("sm__warps_active.avg.pct_of_peak_sustained_active", p.occupancy_percent);
    add("dram__bytes.sum", p.megabytes * 1e6);
    add("lts__t_bytes.sum", p.megabytes * 4e6);
    ++ordinal;
  }
  run.kernels = told.kernels;
  return run;
}

// The same run from cold caches, a little slower.
inline core::RunRecord cold(core::RunRecord run) {
  run.id += 400;
  run.cache = core::CacheState::kCold;
  for (core::MeasurementRecord& m : run.measurements) {
    if (m.parameters.contains("cache")) m.parameters["cache"] = "cold";
    for (core::Sample& sample : m.samples) {
      if (sample.kind != core::SampleKind::kEmpty) sample.duration_ns *= 1.4;
    }
  }
  return run;
}

// What one pass counted is missing: of the strip and of the chart a part.
inline core::RunRecord with_a_lost_pass(core::RunRecord run) {
  core::MeasurementRecord& m = part(run, "cupti");
  m.status = core::MeasurementStatus::kPartial;
  m.reason = "the pass was lost";
  for (core::CounterValue& counter : m.counters) {
    const bool lost = counter.name.find("mem_shared") != std::string::npos ||
                      counter.name.find("lookup_hit") != std::string::npos;
    if (!lost) continue;
    counter.value.reset();
    counter.reason = m.reason;
  }
  return run;
}

// As recordings were before: NVML's clock beside the samples, three seeds under the seeds' limits, no floor,
// no number of exponentials, nothing said of the caches but in the counters' measurement.
inline core::RunRecord old_record(core::RunRecord run) {
  run.origin = core::Origin::kRecording;
  run.model->exps = 0;
  std::erase_if(run.measurements, [](const core::MeasurementRecord& m) {
    const auto moment = m.parameters.find("moment");
    return moment != m.parameters.end() && moment->second == "after timing";
  });
  core::MeasurementRecord& check = part(run, "check");
  check.parameters.clear();
  check.checks.clear();
  for (const std::uint64_t seed : {0u, 42u, 12345u}) {
    core::CheckRecord c;
    c.seed = seed;
    c.passed = true;
    c.max_error = 3.1e-4;
    c.mean_error = 2.2e-5;
    c.compared = 4096 * 64;
    c.max_tolerance = 0.06;
    c.mean_tolerance = 0.02;
    c.method = "fp64 host reference, 4096 rows";
    check.checks.push_back(c);
  }
  core::MeasurementRecord& timing = part(run, "timing");
  timing.parameters = {{"warmup", "20"}, {"iterations", "100"}};
  std::erase_if(timing.samples, [](const core::Sample& s) { return s.kind == core::SampleKind::kEmpty; });
  for (core::Sample& sample : timing.samples) {
    sample.effective_clock_mhz.reset();
    sample.nominal_before_mhz = sample.nominal_after_mhz = 1980;
  }
  return run;
}

}  // namespace flashcore::reports::fixtures
