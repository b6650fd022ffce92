#include "analysis/roofline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "analysis/clock.h"
#include "analysis/devices.h"
#include "analysis/run_analysis.h"
#include "analysis/run_values.h"
#include "analysis/units.h"
#include "core/attention.h"

namespace flashcore::analysis {
namespace {

struct Clock {
  double hz = 0;
  std::string source;
};

const MetricValue* find(const std::vector<MetricValue>& metrics, std::string_view id) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricValue& value) {
    return value.metric != nullptr && value.metric->id == id;
  });
  return found == metrics.end() ? nullptr : &*found;
}

void add_reason(Roofline& roofline, const std::string& reason) {
  if (reason.empty()) return;
  roofline.reason += roofline.reason.empty() ? reason : "; " + reason;
}

Clock clock_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics, Roofline& roofline) {
  if (const auto clock = run_clock(run)) {
    roofline.sm_clock_hz = clock->hz;
    if (clock->nominal) {
      add_reason(roofline,
                 "the clock is NVML's nominal one, which the SMs may not have kept under load: ceilings "
                 "may be too high");
    }
    return {clock->hz, clock->source};
  }
  // A time that was counted belongs to the clock of its counter pass.
  const bool timed = !core::all_samples(run).empty();
  const MetricValue* counted = timed ? nullptr : find(metrics, "counter_sm_clock");
  if (counted != nullptr && counted->value && *counted->value > 0) {
    roofline.sm_clock_hz = counted->value;
    return {*counted->value, fmt::format("{:.0f} MHz of the counter pass", *counted->value / 1e6)};
  }
  const double hz = static_cast<double>(run.device->sm_clock_max_khz) * 1e3;
  if (hz > 0)
    add_reason(roofline, "no clock was recorded with the times; ceilings are at the device's highest");
  return {hz, fmt::format("{:.0f} MHz, the device's highest", hz / 1e6)};
}

// What special functions mean for attention: one exponential for every score, of 4 * D FLOPs in the products.
std::string reach_of_exponentials(const core::RunRecord& run, double rate) {
  if (!run.problem) return {};
  const auto attention = core::attention_of(*run.problem);
  if (!attention) return {};
  return fmt::format("; one exponential a score lets attention with D = {} reach {}", attention->head_dim,
                     format_value(rate * 4.0 * static_cast<double>(attention->head_dim), "FLOP/s"));
}

// Null where the rate or the clock is missing.
Ceiling* add_per_sm(Roofline& roofline, const core::RunRecord& run, const Clock& clock, const char* id,
                    const char* title, const Rate& rate) {
  if (!rate.value) {
    add_reason(roofline, rate.missing);
    return nullptr;
  }
  if (clock.hz <= 0 || run.device->sm_count <= 0) {
    add_reason(roofline, fmt::format("{}: the number of SMs or their clock is unknown", title));
    return nullptr;
  }
  Ceiling ceiling;
  ceiling.id = id;
  ceiling.title = title;
  ceiling.value = *rate.value * run.device->sm_count * clock.hz;
  ceiling.source = fmt::format("{:g} a clock and SM ({}) x {} SMs x {}", *rate.value, rate.source,
                               run.device->sm_count, clock.source);
  roofline.ceilings.push_back(std::move(ceiling));
  return &roofline.ceilings.back();
}

// A roof of one kind of instruction, each; only the highest one limits what computes in any of them.
void add_compute(Roofline& roofline, const core::RunRecord& run, const Clock& clock,
                 const DeviceRates& rates) {
  const auto add = [&](const char* id, const char* title, const Rate& rate) {
    return add_per_sm(roofline, run, clock, id, title, rate);
  };
  add("tensor_f16", "Tensor FP16, FP32 accumulation", rates.tensor_f16);
  const bool tensor = rates.tensor_f16.value.has_value();
  if (tensor && rates.tensor_f16_mma.value && *rates.tensor_f16_mma.value < *rates.tensor_f16.value) {
    if (Ceiling* mma = add("tensor_f16_mma", "Tensor FP16 by mma.sync", rates.tensor_f16_mma))
      mma->limit = false;
  }
  if (Ceiling* fp32 = add("fp32", "FP32", rates.fp32)) fp32->limit = !tensor;
  if (Ceiling* mufu = add("mufu", "Special functions (operations/s)", rates.mufu))
    mufu->source += reach_of_exponentials(run, mufu->value);
}

void add_dram(Roofline& roofline, const core::DeviceRecord& device) {
  const auto peak = dram_peak_bandwidth(device);
  if (!peak) return add_reason(roofline, "the device's memory clock or bus width is unknown");
  roofline.ceilings.push_back(
      {"dram", "DRAM", true, true, *peak,
       fmt::format("2 x {} bits / 8 x {:.0f} MHz, from the driver", device.memory_bus_bits,
                   static_cast<double>(device.memory_clock_max_khz) / 1e3)});
}

void add_l2(Roofline& roofline, const std::vector<MetricValue>& metrics, const Rate& rate,
            const Clock& clock) {
  const MetricValue* counted = find(metrics, "l2_peak_bandwidth");
  if (rate.value && clock.hz > 0) {
    roofline.ceilings.push_back(
        {"l2", "L2", true, true, *rate.value * clock.hz,
         fmt::format("{:g} bytes a clock ({}) x {}; the L2 clock was not recorded and may differ",
                     *rate.value, rate.source, clock.source)});
  } else if (counted != nullptr && counted->value && *counted->value > 0) {
    // All slices, all bytes of a clock: a definition of the counter, which no traffic of the SMs reaches.
    roofline.ceilings.push_back(
        {"l2", "L2, counted peak", true, false, *counted->value,
         fmt::format(
             "a definition and no limit: sustained peak of the L2 slices at the L2 clock of the counter "
             "pass ({})",
             counted->provenance)});
  } else {
    std::string why = rate.missing.empty() ? "the SM clock is unknown" : rate.missing;
    if (counted != nullptr) why += fmt::format(" and the counted peak is missing ({})", counted->reason);
    add_reason(roofline, "no L2 ceiling: " + why);
  }
}

void add_l1(Roofline& roofline, const core::RunRecord& run, const Rate& rate, const Clock& clock) {
  if (Ceiling* l1 = add_per_sm(roofline, run, clock, "l1", "L1 and shared memory", rate))
    l1->bandwidth = true;
}

// "cupti" of "cupti, 4 passes, CUPTI 130000".
std::string collector_of(const MetricValue& value) {
  return value.provenance.substr(0, value.provenance.find(','));
}

struct Work {
  double flops = 0;
  std::string provenance;
};

// A metric of counted operations.
struct Operations {
  const char* id;
  const char* title;
  bool tensor;
};
constexpr std::array kOperations{Operations{"flops_fp32", "FP32", false},
                                 Operations{"flops_fp64", "FP64", false},
                                 Operations{"tensor_f16_ops", "FP16 tensor", true},
                                 Operations{"tensor_bf16_ops", "BF16 tensor", true},
                                 Operations{"tensor_tf32_ops", "TF32 tensor", true},
                                 Operations{"tensor_fp8_ops", "FP8 tensor", true}};

// How busy the tensor pipe was, in percent, by the first metric that says it.
const MetricValue* tensor_activity(const std::vector<MetricValue>& metrics) {
  for (const char* id : {"tensor_pipe_active", "tensor_pipe_elapsed"}) {
    if (const MetricValue* value = find(metrics, id); value != nullptr && value->value) return value;
  }
  return nullptr;
}

struct Counted {
  Work work;
  double tensor = 0;
  std::string from, counted, missing, missing_tensor;
};

Counted count_operations(const std::vector<MetricValue>& metrics, bool idle_tensor_pipe) {
  Counted all;
  const auto list = [](std::string& names, const char* title) {
    names += (names.empty() ? "" : ", ") + std::string(title);
  };
  for (const Operations& operations : kOperations) {
    const MetricValue* value = find(metrics, operations.id);
    if (value != nullptr && value->value) {
      list(all.counted, operations.title);
      all.work.flops += *value->value;
      if (operations.tensor) all.tensor += *value->value;
      if (all.from.empty()) all.from = collector_of(*value);
    } else if (operations.tensor) {
      // What a pipe that did nothing executed is known.
      if (!idle_tensor_pipe) list(all.missing_tensor, operations.title);
    } else {
      list(all.missing, operations.title);
    }
  }
  if (!all.missing_tensor.empty()) list(all.missing, all.missing_tensor.c_str());
  return all;
}

// The model's FLOPs, or the counted ones.
std::optional<Work> work_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics,
                            Roofline& roofline) {
  if (run.model && run.model->flops > 0) return Work{run.model->flops, "model"};
  const MetricValue* activity = tensor_activity(metrics);
  const bool idle = activity != nullptr && *activity->value <= 0;
  Counted all = count_operations(metrics, idle);
  if (all.counted.empty()) {
    add_reason(roofline, "no point: the run carries no FLOP model and no FLOPs were counted");
    return std::nullopt;
  }
  // The rest of the FLOPs alone would stand far below what the kernel did.
  if (activity != nullptr && !idle && all.tensor <= 0 && !all.missing_tensor.empty()) {
    add_reason(roofline,
               fmt::format("no point: the tensor pipe was active, and what it computed was not counted "
                           "({} operations)",
                           all.missing_tensor));
    return std::nullopt;
  }
  if (all.work.flops <= 0) {
    add_reason(roofline, fmt::format("no point: no FLOPs ({}) were executed", all.counted));
    return std::nullopt;
  }
  all.work.provenance = fmt::format("{} ({})", all.from, all.counted);
  if (!all.missing.empty()) {
    add_reason(roofline,
               fmt::format("the point's FLOPs are those of {}; {} operations were not counted and are "
                           "not in it",
                           all.counted, all.missing));
  }
  return all.work;
}

// What loads and stores of shared memory move on the path of L1, or that nobody counted it. Copies by
// cp.async are in the L1 bytes already.
void add_shared_bytes(RooflinePoint& point, const std::vector<MetricValue>& metrics) {
  const MetricValue* loads = find(metrics, "shared_load_bytes");
  const MetricValue* stores = find(metrics, "shared_store_bytes");
  if (loads == nullptr || stores == nullptr || !loads->value || !stores->value) {
    point.bytes_provenance += " (global and local memory alone: shared memory was not counted)";
    return;
  }
  point.bytes += *loads->value + *stores->value;
  point.bytes_provenance += " (global, local and shared memory)";
}

void add_point(Roofline& roofline, const core::RunRecord& run, const std::vector<MetricValue>& metrics,
               const Work& work, const HeadlineTime& time, const char* memory, const char* bytes_metric) {
  const Ceiling* bandwidth = roofline.ceiling(memory);
  const Ceiling* tensor = roofline.ceiling("tensor_f16");
  if (bandwidth == nullptr || tensor == nullptr) {
    return add_reason(roofline, fmt::format("no {} point: a ceiling above it is missing", memory));
  }
  RooflinePoint point;
  point.memory = memory;
  point.flops = work.flops;
  point.flops_provenance = work.provenance;
  point.duration_ns = time.ns;
  point.time_provenance = time.source;
  const MetricValue* counted = find(metrics, bytes_metric);
  const bool l1 = std::string_view(memory) == "l1";
  // A problem that lies in L2 as a whole may move no DRAM byte at all; its intensity is then the model's.
  if (counted != nullptr && counted->value && *counted->value > 0) {
    point.bytes = *counted->value;
    point.bytes_provenance = collector_of(*counted);
    if (l1) add_shared_bytes(point, metrics);
  } else if (std::string_view(memory) == "dram" && run.model && run.model->bytes > 0) {
    point.bytes = run.model->bytes;
    point.bytes_provenance = "model";
  } else {
    return add_reason(roofline, fmt::format("no {} point: its bytes were not counted", memory));
  }
  point.intensity = point.flops / point.bytes;
  point.performance = point.flops / (point.duration_ns * 1e-9);
  if (bandwidth->limit) {
    const double below_memory = point.intensity * bandwidth->value;
    point.attainable = std::min(below_memory, tensor->value);
    point.attainable_fraction = point.performance / *point.attainable;
    point.bound = below_memory < tensor->value ? "memory" : "compute";
  }
  roofline.points.push_back(std::move(point));
}

void add_ceilings(Roofline& roofline, const core::RunRecord& run, const std::vector<MetricValue>& metrics) {
  if (!run.device) return add_reason(roofline, std::string("no ceilings: ") + kNoDevice);
  const DeviceRates rates = rates_of(*run.device);
  const Clock clock = clock_of(run, metrics, roofline);
  add_compute(roofline, run, clock, rates);
  add_dram(roofline, *run.device);
  add_l2(roofline, metrics, rates.l2, clock);
  add_l1(roofline, run, rates.l1, clock);
}

}  // namespace

const Ceiling* Roofline::ceiling(std::string_view id) const {
  const auto found =
      std::find_if(ceilings.begin(), ceilings.end(), [&](const Ceiling& c) { return c.id == id; });
  return found == ceilings.end() ? nullptr : &*found;
}

Roofline roofline_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics) {
  Roofline roofline;
  add_ceilings(roofline, run, metrics);
  // Why there is no point is told first; a ceiling that is missing as well matters less.
  const std::string of_ceilings = std::exchange(roofline.reason, {});
  const std::string objection = timing_objection(run);
  const std::optional<HeadlineTime> time = headline_time(run);
  if (!objection.empty()) {
    add_reason(roofline, "no point: " + objection);
  } else if (!time || time->ns <= 0) {
    add_reason(roofline, "no point: the run has no graph samples and no counted time");
  } else if (const auto work = work_of(run, metrics, roofline)) {
    add_point(roofline, run, metrics, *work, *time, "dram", "dram_bytes");
    add_point(roofline, run, metrics, *work, *time, "l2", "l2_bytes");
    add_point(roofline, run, metrics, *work, *time, "l1", "l1_bytes");
  }
  add_reason(roofline, of_ceilings);
  return roofline;
}

}  // namespace flashcore::analysis
