#include "analysis/roofline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/devices.h"
#include "analysis/run_analysis.h"
#include "analysis/run_values.h"
#include "analysis/statistics.h"
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
  const std::vector<core::Sample> samples = core::all_samples(run);
  for (const core::SampleKind kind : {core::SampleKind::kGraph, core::SampleKind::kLaunch}) {
    if (const auto mhz = median_clock_mhz(samples, kind); mhz && *mhz > 0) {
      roofline.sm_clock_hz = *mhz * 1e6;
      return {*mhz * 1e6, fmt::format("{:.0f} MHz, median of the {} samples", *mhz, core::name_of(kind))};
    }
  }
  // A time that was counted belongs to the clock of its counter pass.
  const MetricValue* counted = samples.empty() ? find(metrics, "counter_sm_clock") : nullptr;
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

void add_compute(Roofline& roofline, const core::RunRecord& run, const Clock& clock, const char* id,
                 const char* title, const Rate& rate) {
  if (!rate.value) return add_reason(roofline, rate.missing);
  if (clock.hz <= 0 || run.device->sm_count <= 0) {
    return add_reason(roofline, fmt::format("{}: the number of SMs or their clock is unknown", title));
  }
  Ceiling ceiling{id, title, false, *rate.value * run.device->sm_count * clock.hz, {}};
  ceiling.source = fmt::format("{:g} a clock and SM ({}) x {} SMs x {}", *rate.value, rate.source,
                               run.device->sm_count, clock.source);
  if (ceiling.id == "mufu") ceiling.source += reach_of_exponentials(run, ceiling.value);
  roofline.ceilings.push_back(std::move(ceiling));
}

void add_dram(Roofline& roofline, const core::DeviceRecord& device) {
  const auto peak = dram_peak_bandwidth(device);
  if (!peak) return add_reason(roofline, "the device's memory clock or bus width is unknown");
  roofline.ceilings.push_back(
      {"dram", "DRAM", true, *peak,
       fmt::format("2 x {} bits / 8 x {:.0f} MHz, from the driver", device.memory_bus_bits,
                   static_cast<double>(device.memory_clock_max_khz) / 1e3)});
}

void add_l2(Roofline& roofline, const std::vector<MetricValue>& metrics, const Rate& rate,
            const Clock& clock) {
  const MetricValue* counted = find(metrics, "l2_peak_bandwidth");
  if (counted != nullptr && counted->value && *counted->value > 0) {
    roofline.ceilings.push_back(
        {"l2", "L2", true, *counted->value,
         fmt::format("sustained peak of the L2 slices at the L2 clock of the counter pass ({})",
                     counted->provenance)});
  } else if (rate.value && clock.hz > 0) {
    roofline.ceilings.push_back(
        {"l2", "L2", true, *rate.value * clock.hz,
         fmt::format("{:g} bytes a clock ({}) x {}; the L2 clock was not recorded and may differ",
                     *rate.value, rate.source, clock.source)});
  } else {
    std::string why = rate.missing.empty() ? "the SM clock is unknown" : rate.missing;
    if (counted != nullptr) why += fmt::format(" and the counted peak is missing ({})", counted->reason);
    add_reason(roofline, "no L2 ceiling: " + why);
  }
}

// "cupti" of "cupti, 4 passes, CUPTI 130000".
std::string collector_of(const MetricValue& value) {
  return value.provenance.substr(0, value.provenance.find(','));
}

struct Work {
  double flops = 0;
  std::string provenance;
};

// The model's FLOPs, or the counted ones.
std::optional<Work> work_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics,
                            Roofline& roofline) {
  if (run.model && run.model->flops > 0) return Work{run.model->flops, "model"};
  constexpr std::array kPrecisions{std::pair{"flops_fp32", "FP32"}, std::pair{"flops_fp16", "FP16"},
                                   std::pair{"flops_fp64", "FP64"},
                                   std::pair{"tensor_f16_ops", "FP16 tensor"}};
  Work work;
  std::string from, counted, missing;
  for (const auto& [id, title] : kPrecisions) {
    const MetricValue* value = find(metrics, id);
    const bool there = value != nullptr && value->value;
    std::string& list = there ? counted : missing;
    list += (list.empty() ? "" : ", ") + std::string(title);
    if (!there) continue;
    work.flops += *value->value;
    if (from.empty()) from = collector_of(*value);
  }
  if (counted.empty()) {
    add_reason(roofline, "no point: the run carries no FLOP model and no FLOPs were counted");
    return std::nullopt;
  }
  if (work.flops <= 0) {
    add_reason(roofline, fmt::format("no point: no FLOPs ({}) were executed", counted));
    return std::nullopt;
  }
  work.provenance = fmt::format("{} ({})", from, counted);
  if (!missing.empty()) {
    add_reason(roofline,
               fmt::format("the point's FLOPs are those of {}; {} operations were not counted and are "
                           "not in it",
                           counted, missing));
  }
  return work;
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
  // A problem that lies in L2 as a whole may move no DRAM byte at all; its intensity is then the model's.
  if (counted != nullptr && counted->value && *counted->value > 0) {
    point.bytes = *counted->value;
    point.bytes_provenance = collector_of(*counted);
  } else if (run.model && run.model->bytes > 0) {
    point.bytes = run.model->bytes;
    point.bytes_provenance = "model";
  } else {
    return add_reason(roofline, fmt::format("no {} point: no bytes are known", memory));
  }
  point.intensity = point.flops / point.bytes;
  point.performance = point.flops / (point.duration_ns * 1e-9);
  const double below_memory = point.intensity * bandwidth->value;
  point.attainable = std::min(below_memory, tensor->value);
  point.attainable_fraction = point.performance / point.attainable;
  point.bound = below_memory < tensor->value ? "memory" : "compute";
  roofline.points.push_back(std::move(point));
}

void add_ceilings(Roofline& roofline, const core::RunRecord& run, const std::vector<MetricValue>& metrics) {
  if (!run.device) return add_reason(roofline, std::string("no ceilings: ") + kNoDevice);
  const DeviceRates rates = rates_of(*run.device);
  const Clock clock = clock_of(run, metrics, roofline);
  add_compute(roofline, run, clock, "tensor_f16", "Tensor FP16, FP32 accumulation", rates.tensor_f16);
  add_compute(roofline, run, clock, "fp32", "FP32", rates.fp32);
  add_compute(roofline, run, clock, "mufu", "Special functions (operations/s)", rates.mufu);
  add_dram(roofline, *run.device);
  add_l2(roofline, metrics, rates.l2, clock);
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
  const std::string objection = timing_objection(run);
  const std::optional<HeadlineTime> time = headline_time(run);
  if (!objection.empty()) {
    add_reason(roofline, "no point: " + objection);
  } else if (!time || time->ns <= 0) {
    add_reason(roofline, "no point: the run has no graph samples and no counted time");
  } else if (const auto work = work_of(run, metrics, roofline)) {
    add_point(roofline, run, metrics, *work, *time, "dram", "dram_bytes");
    add_point(roofline, run, metrics, *work, *time, "l2", "l2_bytes");
  }
  return roofline;
}

}  // namespace flashcore::analysis
