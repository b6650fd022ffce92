#include "reports/run_json.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

Json problem_json(const core::Problem& p) {
  return {{"B", p.batch},  {"H", p.heads},    {"Hkv", p.kv_heads}, {"Sq", p.seq_q},
          {"Sk", p.seq_k}, {"D", p.head_dim}, {"dtype", p.dtype},  {"causal", p.causal}};
}

Json correctness_json(const core::RunRecord& run) {
  const WorstErrors worst = worst_errors(run);
  Json out{{"passed", worst.checks > 0 && run.correct()}, {"max_error", nullptr}, {"mean_error", nullptr}};
  if (worst.checks > 0) {
    out["max_error"] = finite(worst.max_error);
    out["mean_error"] = finite(worst.mean_error);
  }
  out["checks"] = Json::array();
  for (const auto& c : run.correctness) {
    out["checks"].push_back({{"seed", c.seed},
                             {"passed", c.passed},
                             {"max_error", finite(c.max_error)},
                             {"mean_error", finite(c.mean_error)},
                             {"nan_count", c.nan_count},
                             {"inf_count", c.inf_count},
                             {"compared", c.compared},
                             {"max_tolerance", c.max_tolerance},
                             {"mean_tolerance", c.mean_tolerance},
                             {"method", c.method}});
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

Json kernel_json(const core::ResourceRecord& r) {
  return {{"kernel", r.kernel},
          {"index", r.kernel_index},
          {"grid", {r.grid_x, r.grid_y, r.grid_z}},
          {"block", {r.block_x, r.block_y, r.block_z}},
          {"registers", or_null(r.registers)},
          {"static_shared_bytes", or_null(r.static_shared_bytes)},
          {"dynamic_shared_bytes", r.dynamic_shared_bytes},
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
Json resources_json(const core::RunRecord& run) {
  using Bytes = std::optional<std::int64_t>;
  const auto most = [&](const auto& field) {
    Bytes largest;
    for (const core::ResourceRecord& r : run.resources) {
      const Bytes value = field(r);
      if (!value) return Bytes();
      largest = std::max(largest.value_or(*value), *value);
    }
    return largest;
  };
  Json kernels = Json::array();
  for (const auto& r : run.resources) kernels.push_back(kernel_json(r));
  return {
      {"registers", or_null(most([](const auto& r) { return Bytes(r.registers); }))},
      {"static_shared_bytes", or_null(most([](const auto& r) { return r.static_shared_bytes; }))},
      {"dynamic_shared_bytes", or_null(most([](const auto& r) { return Bytes(r.dynamic_shared_bytes); }))},
      {"spill_bytes", or_null(most(spill_bytes))},
      {"kernels", std::move(kernels)}};
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
                      {"attainable", finite(p.attainable)},
                      {"attainable_fraction", finite(p.attainable_fraction)},
                      {"bound", p.bound},
                      {"bytes_provenance", p.bytes_provenance}});
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
  for (const auto& c : run.correctness) {
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
  Json out{{"id", run.id},
           {"phase", run.phase.id},
           {"shape", core::shape_name(run.problem)},
           {"problem", problem_json(run.problem)},
           {"device", run.device.name},
           {"recording", run.origin == core::Origin::kRecording},
           {"session", run.session_id},
           {"taken_at", run.taken_at},
           {"tags", run.tags}};
  out["correctness"] = correctness_json(run);
  out["timing"] = {{"graph_us", summary_json(analysis.graph_ns)},
                   {"launch_us", summary_json(analysis.launch_ns)}};
  out["resources"] = resources_json(run);
  out["metrics"] = metrics_json(analysis.metrics);
  out["roofline"] = roofline_json(analysis.roofline);
  out["diagnostics"] = diagnostics_json(run.diagnostics);
  out["environment"] = environment_json(run.environment);
  return out;
}

std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flashcore::reports
