#include "reports/run_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "analysis/aggregate.h"
#include "analysis/kernels.h"
#include "analysis/statistics.h"
#include "core/attention.h"
#include "reports/speed_json.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// nlohmann prints NaN and Inf as null; this keeps the value itself null too.
Json finite(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

// Attention by its typed axes, any other workload by their names.
Json problem_json(const std::optional<core::Problem>& problem) {
  if (!problem) return nullptr;
  if (problem->workload == core::kAttention) {
    if (const auto p = core::attention_of(*problem)) {
      return {{"B", p->batch},  {"H", p->heads},    {"Hkv", p->kv_heads}, {"Sq", p->seq_q},
              {"Sk", p->seq_k}, {"D", p->head_dim}, {"dtype", p->dtype},  {"causal", p->causal}};
    }
  }
  Json axes = Json::object();
  for (const core::Axis& axis : problem->axes) axes[axis.name] = axis.value;
  return {{"workload", problem->workload}, {"axes", std::move(axes)}};
}

Json subject_json(const core::SubjectRecord& s) {
  Json ladder = nullptr;
  if (s.ladder) ladder = {{"rung", s.ladder->rung}, {"reference", s.ladder->reference}};
  return {{"kind", core::name_of(s.kind)},
          {"name", s.name},
          {"title", s.title},
          {"ladder", std::move(ladder)},
          {"source_hash", s.source_hash}};
}

// Which card it was stays out: a result is handed on.
Json device_json(const std::optional<core::DeviceRecord>& device) {
  if (!device) return nullptr;
  const core::DeviceRecord& d = *device;
  const auto known = [](std::int64_t value) { return value > 0 ? Json(value) : Json(nullptr); };
  return {{"name", d.name},
          {"chip", d.chip},
          {"compute_capability", std::to_string(d.compute_major) + "." + std::to_string(d.compute_minor)},
          {"sm_count", known(d.sm_count)},
          {"sm_clock_max_khz", known(d.sm_clock_max_khz)},
          {"memory_clock_max_khz", known(d.memory_clock_max_khz)},
          {"memory_bus_bits", known(d.memory_bus_bits)},
          {"memory_bytes", known(d.memory_bytes)},
          {"l2_bytes", known(d.l2_bytes)}};
}

Json time_json(const std::optional<analysis::HeadlineTime>& time) {
  if (!time) return nullptr;
  return {{"ns", finite(time->ns)}, {"source", time->source}, {"counted", time->counted}};
}

Json correctness_json(const core::RunRecord& run) {
  const WorstErrors worst = worst_errors(run);
  Json passed = run.answer == core::Answer::kRight;
  if (run.answer == core::Answer::kDoesNotApply) passed = nullptr;
  Json out{{"passed", passed}, {"max_error", nullptr}, {"mean_error", nullptr}};
  if (worst.checks > 0) {
    out["max_error"] = finite(worst.max_error);
    out["mean_error"] = finite(worst.mean_error);
  }
  out["checks"] = Json::array();
  for (const core::MeasurementRecord& m : run.measurements) {
    const auto said = m.parameters.find("moment");
    const std::string moment = said != m.parameters.end() ? said->second : std::string();
    for (const core::CheckRecord& c : m.checks) {
      out["checks"].push_back(
          {{"seed", c.seed},
           {"input", c.input.empty() ? Json(nullptr) : Json(c.input)},
           {"passed", c.passed},
           {"max_error", finite(c.max_error)},
           {"mean_error", finite(c.mean_error)},
           {"nan_count", c.nan_count},
           {"inf_count", c.inf_count},
           {"compared", c.compared},
           {"max_tolerance", c.max_tolerance},
           {"mean_tolerance", or_null(c.mean_tolerance)},
           {"plain_max_error", c.plain_max_error ? finite(*c.plain_max_error) : Json(nullptr)},
           {"worst", c.worst.empty() ? Json(nullptr) : Json(c.worst)},
           {"moment", moment.empty() ? Json(nullptr) : Json(moment)},
           {"method", c.method}});
    }
  }
  return out;
}

Json summary_json(const std::optional<analysis::Summary>& ns) {
  if (!ns) return nullptr;
  const auto us = [](double value) { return finite(value / 1e3); };
  return {{"p50", us(ns->p50)}, {"p90", us(ns->p90)},   {"p99", us(ns->p99)},     {"min", us(ns->min)},
          {"max", us(ns->max)}, {"mean", us(ns->mean)}, {"stdev", us(ns->stdev)}, {"n", ns->n}};
}

std::optional<std::int64_t> spill_bytes(const core::ResourceRecord& r) {
  if (!r.spill_store_bytes || !r.spill_load_bytes) return std::nullopt;
  return *r.spill_store_bytes + *r.spill_load_bytes;
}

Json extent_json(const std::optional<core::Extent3>& e) {
  return e ? Json{e->x, e->y, e->z} : Json(nullptr);
}

Json kernel_json(const analysis::KernelResources& kernel) {
  const core::ResourceRecord& r = kernel.resources;
  return {{"kernel", kernel.kernel.name},
          {"index", kernel.kernel.ordinal},
          {"grid", extent_json(kernel.kernel.grid)},
          {"block", extent_json(kernel.kernel.block)},
          {"registers", or_null(r.registers)},
          {"static_shared_bytes", or_null(r.static_shared_bytes)},
          {"dynamic_shared_bytes", or_null(r.dynamic_shared_bytes)},
          {"spill_bytes", or_null(spill_bytes(r))},
          {"stack_bytes", or_null(r.stack_bytes)},
          {"local_bytes", or_null(r.local_bytes)},
          {"binary_bytes", or_null(r.binary_bytes)},
          {"binary_arch", or_null(r.binary_arch)},
          {"theoretical_occupancy", or_null(r.theoretical_occupancy)},
          {"blocks_per_sm", or_null(r.blocks_per_sm)},
          {"occupancy_limiter", r.occupancy_limiter},
          {"provenance", r.provenance}};
}

// Of a launch of several kernels: the largest of each, which is what a limit is held against. It is not
// known where one kernel's (a library's) is not.
Json resources_json(const std::vector<analysis::KernelResources>& all) {
  using Bytes = std::optional<std::int64_t>;
  const auto most = [&](const auto& field) {
    Bytes largest;
    for (const analysis::KernelResources& kernel : all) {
      const Bytes value = field(kernel.resources);
      if (!value) return Bytes();
      largest = std::max(largest.value_or(*value), *value);
    }
    return largest;
  };
  Json kernels = Json::array();
  for (const auto& kernel : all) {
    if (!kernel.sources.empty()) kernels.push_back(kernel_json(kernel));
  }
  return {{"registers", or_null(most([](const auto& r) { return Bytes(r.registers); }))},
          {"static_shared_bytes", or_null(most([](const auto& r) { return r.static_shared_bytes; }))},
          {"dynamic_shared_bytes", or_null(most([](const auto& r) { return r.dynamic_shared_bytes; }))},
          {"spill_bytes", or_null(most(spill_bytes))},
          {"kernels", std::move(kernels)}};
}

// With each kernel's counted time and its share of the launch's.
Json kernels_json(const std::vector<analysis::KernelResources>& all,
                  const std::vector<analysis::KernelShare>& shares) {
  Json out = Json::array();
  for (const auto& kernel : all) {
    const auto share = std::find_if(shares.begin(), shares.end(), [&](const analysis::KernelShare& s) {
      return s.kernel.ordinal == kernel.kernel.ordinal;
    });
    const bool known = share != shares.end();
    Json value{{"ordinal", kernel.kernel.ordinal},
               {"name", kernel.kernel.name},
               {"grid", extent_json(kernel.kernel.grid)},
               {"block", extent_json(kernel.kernel.block)},
               {"ns", known && share->ns ? finite(*share->ns) : Json(nullptr)},
               {"share", known && share->share ? finite(*share->share) : Json(nullptr)}};
    value["note"] = known ? share->note : std::string("its time was not counted");
    out.push_back(std::move(value));
  }
  return out;
}

// The SM clock of the timing: stamped on the GPU, or of old runs what the driver had set.
Json clock_json(const core::RunRecord& run) {
  const auto clock = analysis::median_clock(core::all_samples(run), core::SampleKind::kGraph);
  if (!clock) return nullptr;
  return {{"mhz", finite(clock->mhz)}, {"nominal", clock->nominal}};
}

Json cache_json(const std::optional<core::CacheState>& cache) {
  return cache ? Json(core::name_of(*cache)) : Json(nullptr);
}

Json measurements_json(const core::RunRecord& run) {
  Json out = Json::array();
  for (const core::MeasurementRecord& m : run.measurements) {
    const auto missing = std::count_if(m.counters.begin(), m.counters.end(),
                                       [](const core::CounterValue& c) { return !c.value; });
    Json steps = Json::array();
    for (const core::StepRecord& step : m.steps)
      steps.push_back({{"name", step.name}, {"ms", finite(step.ms)}});
    out.push_back({{"collector", m.collector},
                   {"tool", m.tool},
                   {"tool_version", m.tool_version},
                   {"taken_at", m.taken_at},
                   {"passes", or_null(m.passes)},
                   {"parameters", m.parameters},
                   {"status", core::name_of(m.status)},
                   {"reason", m.reason},
                   {"steps", std::move(steps)},
                   {"counts",
                    {{"kernels", m.kernels.size()},
                     {"resources", m.resources.size()},
                     {"samples", m.samples.size()},
                     {"counters", m.counters.size()},
                     {"counters_missing", missing},
                     {"checks", m.checks.size()},
                     {"clocks", m.clocks.size()},
                     {"diagnostics", m.diagnostics.size()},
                     {"artifacts", m.artifacts.size()}}}});
  }
  return out;
}

Json reading_json(const analysis::CounterReading& reading) {
  Json out{{"measurement", reading.measurement},
           {"value", or_null(reading.value)},
           {"provenance", analysis::counter_provenance(reading)}};
  if (!reading.value) out["reason"] = reading.reason;
  return out;
}

// The counters that several measurements hold: first the one that counts, then the others.
Json shared_counters_json(const core::RunRecord& run) {
  Json out = Json::object();
  for (const auto& [name, counter] : analysis::aggregate_counters(run)) {
    if (counter.others.empty()) continue;
    Json readings = Json::array({reading_json(counter)});
    for (const auto& other : counter.others) readings.push_back(reading_json(other));
    out[name] = std::move(readings);
  }
  return out;
}

Json metrics_json(const std::vector<analysis::MetricValue>& metrics) {
  Json out = Json::object();
  for (const auto& m : metrics) {
    if (m.metric == nullptr) continue;
    const bool there = m.value && std::isfinite(*m.value);
    Json value{{"value", there ? Json(*m.value) : Json(nullptr)}, {"unit", m.metric->unit}};
    value["provenance"] = m.provenance;
    if (!there) value["reason"] = m.reason.empty() ? "the formula gave no finite number" : m.reason;
    out[m.metric->id] = std::move(value);
  }
  return out;
}

Json roofline_json(const analysis::Roofline& roofline) {
  Json ceilings = Json::array(), points = Json::array();
  for (const auto& c : roofline.ceilings) {
    ceilings.push_back({{"id", c.id},
                        {"title", c.title},
                        {"kind", c.bandwidth ? "bandwidth" : "compute"},
                        {"limit", c.limit},
                        {"value", finite(c.value)},
                        {"unit", c.bandwidth ? "B/s" : (c.id == "mufu" ? "op/s" : "FLOP/s")},
                        {"source", c.source}});
  }
  for (const auto& p : roofline.points) {
    points.push_back({{"memory", p.memory},
                      {"flops", finite(p.flops)},
                      {"bytes", finite(p.bytes)},
                      {"duration_ns", finite(p.duration_ns)},
                      {"intensity", finite(p.intensity)},
                      {"performance", finite(p.performance)},
                      {"attainable", or_null(p.attainable)},
                      {"attainable_fraction", or_null(p.attainable_fraction)},
                      {"bound", p.bound.empty() ? Json(nullptr) : Json(p.bound)},
                      {"flops_provenance", p.flops_provenance},
                      {"bytes_provenance", p.bytes_provenance},
                      {"time_provenance", p.time_provenance}});
  }
  return {{"sm_clock_hz", or_null(roofline.sm_clock_hz)},
          {"ceilings", std::move(ceilings)},
          {"points", std::move(points)},
          {"reason", roofline.reason}};
}

Json diagnostics_json(const std::vector<core::DiagnosticRecord>& diagnostics) {
  Json out = Json::array();
  for (const auto& d : diagnostics) {
    out.push_back({{"severity", core::name_of(d.severity)},
                   {"code", d.code},
                   {"message", d.message},
                   {"hint", d.hint},
                   {"source", d.source}});
  }
  return out;
}

Json environment_json(const core::EnvironmentRecord& e) {
  return {{"git_sha", e.git_sha},
          {"kernels_dirty", e.kernels_dirty},
          {"kernels_hash", e.kernels_hash},
          {"program_version", e.program_version},
          {"compiler", e.compiler},
          {"cuda_toolkit", e.cuda_toolkit},
          {"cuda_driver", e.cuda_driver},
          {"driver", e.driver},
          {"cupti", e.cupti},
          {"nvml", e.nvml},
          {"operating_system", e.operating_system},
          {"cpu", e.cpu},
          {"catalogue_hash", e.catalogue_hash}};
}

}  // namespace

WorstErrors worst_errors(const core::RunRecord& run) {
  // A NaN compares false with everything: it must stick once it is there.
  const auto worse = [](double a, double b) { return std::isnan(a) || a > b ? a : b; };
  WorstErrors worst;
  for (const auto& c : core::all_checks(run)) {
    ++worst.checks;
    worst.max_error = worse(c.max_error, worst.max_error);
    worst.mean_error = worse(c.mean_error, worst.mean_error);
    worst.nan_count += c.nan_count;
    worst.inf_count += c.inf_count;
  }
  return worst;
}

Json run_json(const analysis::RunAnalysis& analysis) {
  const core::RunRecord& run = analysis.run;
  std::optional<std::string> label, canonical, device;
  if (run.problem) label = core::problem_label(*run.problem);
  if (run.problem) canonical = core::canonical_text(*run.problem);
  if (run.device) device = run.device->name;
  Json out{{"id", run.id},
           {"phase", run.subject.name},
           {"subject", subject_json(run.subject)},
           {"shape", or_null(label)},
           {"problem", problem_json(run.problem)},
           {"problem_text", or_null(canonical)},
           {"device", or_null(device)},
           {"device_info", device_json(run.device)},
           {"origin", core::name_of(run.origin)},
           {"recording", run.origin == core::Origin::kRecording},
           {"session", run.session_id},
           {"taken_at", run.taken_at},
           {"tags", run.tags},
           {"cache", cache_json(run.cache)},
           {"answer", core::name_of(run.answer)}};
  out["correctness"] = correctness_json(run);
  out["time"] = time_json(analysis.time);
  out["timing"] = {{"graph_us", summary_json(analysis.graph_ns)},
                   {"launch_us", summary_json(analysis.launch_ns)}};
  out["floor_us"] = analysis.floor_ns ? finite(*analysis.floor_ns / 1e3) : Json(nullptr);
  out["clock"] = clock_json(run);
  out["limit"] = limit_json(analysis.limit);
  out["speed_of_light"] = speed_of_light_json(analysis.speed_of_light);
  const std::vector<analysis::KernelResources> kernels = analysis::kernel_resources(run);
  out["kernels"] = kernels_json(kernels, analysis.kernels);
  out["resources"] = resources_json(kernels);
  out["metrics"] = metrics_json(analysis.metrics);
  out["roofline"] = roofline_json(analysis.roofline);
  out["measurements"] = measurements_json(run);
  out["shared_counters"] = shared_counters_json(run);
  out["diagnostics"] = diagnostics_json(core::all_diagnostics(run));
  out["environment"] = environment_json(run.environment);
  return out;
}

std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flashcore::reports
