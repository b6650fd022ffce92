#include "analysis/roofline.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/devices.h"
#include "analysis/run_values.h"
#include "analysis/statistics.h"
#include "analysis/units.h"

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

Clock clock_of(const core::RunRecord& run, Roofline& roofline) {
  for (const core::SampleKind kind : {core::SampleKind::kGraph, core::SampleKind::kLaunch}) {
    if (const auto mhz = median_clock_mhz(run.samples, kind); mhz && *mhz > 0) {
      roofline.sm_clock_hz = *mhz * 1e6;
      return {*mhz * 1e6, fmt::format("{:.0f} MHz, median of the {} samples", *mhz, core::name_of(kind))};
    }
  }
  const double hz = static_cast<double>(run.device.sm_clock_max_khz) * 1e3;
  if (hz > 0) add_reason(roofline, "no sample carries an SM clock; ceilings are at the device's highest");
  return {hz, fmt::format("{:.0f} MHz, the device's highest", hz / 1e6)};
}

void add_compute(Roofline& roofline, const core::RunRecord& run, const Clock& clock, const char* id,
                 const char* title, const Rate& rate) {
  if (!rate.value) return add_reason(roofline, rate.missing);
  if (clock.hz <= 0 || run.device.sm_count <= 0) {
    return add_reason(roofline, fmt::format("{}: the number of SMs or their clock is unknown", title));
  }
  Ceiling ceiling{id, title, false, *rate.value * run.device.sm_count * clock.hz, {}};
  ceiling.source = fmt::format("{:g} a clock and SM ({}) x {} SMs x {}", *rate.value, rate.source,
                               run.device.sm_count, clock.source);
  // What it means for attention: one exponential for every score, of 4 * D FLOPs in the products.
  if (std::string_view(id) == "mufu") {
    const double flops = ceiling.value * 4.0 * static_cast<double>(run.problem.head_dim);
    ceiling.source += fmt::format("; one exponential a score lets attention with D = {} reach {}",
                                  run.problem.head_dim, format_value(flops, "FLOP/s"));
  }
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

void add_point(Roofline& roofline, const core::RunRecord& run, const std::vector<MetricValue>& metrics,
               double duration_ns, const char* memory, const char* bytes_metric) {
  const Ceiling* bandwidth = roofline.ceiling(memory);
  const Ceiling* tensor = roofline.ceiling("tensor_f16");
  if (bandwidth == nullptr || tensor == nullptr) {
    return add_reason(roofline, fmt::format("no {} point: a ceiling above it is missing", memory));
  }
  RooflinePoint point;
  point.memory = memory;
  point.flops = run.model_flops;
  point.duration_ns = duration_ns;
  const MetricValue* counted = find(metrics, bytes_metric);
  // A problem that lies in L2 as a whole may move no DRAM byte at all; its intensity is then the model's.
  if (counted != nullptr && counted->value && *counted->value > 0) {
    point.bytes = *counted->value;
    point.bytes_provenance = counted->provenance.substr(0, counted->provenance.find(','));
  } else {
    point.bytes = run.model_bytes;
    point.bytes_provenance = "model";
  }
  if (point.bytes <= 0) return add_reason(roofline, fmt::format("no {} point: no bytes are known", memory));
  point.intensity = point.flops / point.bytes;
  point.performance = point.flops / (duration_ns * 1e-9);
  const double below_memory = point.intensity * bandwidth->value;
  point.attainable = std::min(below_memory, tensor->value);
  point.attainable_fraction = point.performance / point.attainable;
  point.bound = below_memory < tensor->value ? "memory" : "compute";
  roofline.points.push_back(std::move(point));
}

}  // namespace

const Ceiling* Roofline::ceiling(std::string_view id) const {
  const auto found =
      std::find_if(ceilings.begin(), ceilings.end(), [&](const Ceiling& c) { return c.id == id; });
  return found == ceilings.end() ? nullptr : &*found;
}

Roofline roofline_of(const core::RunRecord& run, const std::vector<MetricValue>& metrics) {
  Roofline roofline;
  const DeviceRates rates = rates_of(run.device);
  const Clock clock = clock_of(run, roofline);
  add_compute(roofline, run, clock, "tensor_f16", "Tensor FP16, FP32 accumulation", rates.tensor_f16);
  add_compute(roofline, run, clock, "fp32", "FP32", rates.fp32);
  add_compute(roofline, run, clock, "mufu", "Special functions (operations/s)", rates.mufu);
  add_dram(roofline, run.device);
  add_l2(roofline, metrics, rates.l2, clock);

  const std::string objection = timing_objection(run);
  const auto timing = objection.empty() ? summarise(run.samples, core::SampleKind::kGraph) : std::nullopt;
  if (!objection.empty()) {
    add_reason(roofline, "no point: " + objection);
  } else if (!timing || timing->p50 <= 0) {
    add_reason(roofline, "no point: the run has no graph samples");
  } else if (run.model_flops <= 0) {
    add_reason(roofline, "no point: the run carries no FLOP model");
  } else {
    add_point(roofline, run, metrics, timing->p50, "dram", "dram_bytes");
    add_point(roofline, run, metrics, timing->p50, "l2", "l2_bytes");
  }
  return roofline;
}

}  // namespace flashcore::analysis
