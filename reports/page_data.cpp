#include "reports/page_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/units.h"
#include "core/build_info.h"
#include "reports/headline.h"
#include "reports/run_json.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;
using Json = nlohmann::ordered_json;

Json sections_json(const analysis::Catalogue& catalogue) {
  Json out = Json::array();
  for (const auto& section : catalogue.sections()) {
    Json metrics = Json::array();
    for (const auto& metric : catalogue.metrics()) {
      if (metric.section != section.id) continue;
      metrics.push_back({{"id", metric.id},
                         {"title", metric.title},
                         {"unit", metric.unit},
                         {"description", metric.description},
                         {"direction", analysis::name_of(metric.direction)}});
    }
    out.push_back({{"id", section.id},
                   {"title", section.title},
                   {"description", section.description},
                   {"metrics", std::move(metrics)}});
  }
  return out;
}

Json samples_json(const core::RunRecord& run, core::SampleKind kind) {
  Json out = Json::array();
  for (const auto& sample : run.samples) {
    if (sample.kind == kind) out.push_back(std::round(sample.duration_ns) / 1e3);
  }
  return out;
}

Json summary_texts(const std::optional<analysis::Summary>& s) {
  if (!s) return nullptr;
  using analysis::format_duration_ns;
  return {{"p50", format_duration_ns(s->p50)},
          {"p90", format_duration_ns(s->p90)},
          {"p99", format_duration_ns(s->p99)},
          {"min", format_duration_ns(s->min)},
          {"mean", format_duration_ns(s->mean)},
          {"stdev", format_duration_ns(s->stdev)},
          {"n", std::to_string(s->n)}};
}

// A share that splits another one further ("..._pipe_...") is in that one already.
bool is_part_of_another(const analysis::MetricValue& value,
                        const std::vector<const analysis::MetricValue*>& all) {
  constexpr std::string_view kShare = "_share";
  return std::any_of(all.begin(), all.end(), [&](const analysis::MetricValue* other) {
    std::string stem = other->metric->id;
    if (stem.ends_with(kShare)) stem.resize(stem.size() - kShare.size());
    return other != &value && value.metric->id.starts_with(stem + "_pipe_");
  });
}

// The shares of the stall reasons, the largest first.
Json stalls_json(const RunAnalysis& run) {
  std::vector<const analysis::MetricValue*> shares;
  for (const auto& value : run.metrics) {
    const bool share = value.metric != nullptr && value.metric->section == kStallSection &&
                       value.metric->unit == "%" && value.value && std::isfinite(*value.value);
    if (share) shares.push_back(&value);
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto* a, const auto* b) { return *a->value > *b->value; });
  Json out = Json::array();
  for (const auto* value : shares) {
    if (is_part_of_another(*value, shares)) continue;
    out.push_back({{"id", value->metric->id},
                   {"title", value->metric->title},
                   {"value", *value->value},
                   {"text", analysis::format_value(*value->value, "%")}});
  }
  return out;
}

Json metric_texts(const RunAnalysis& run) {
  Json out = Json::object();
  for (const auto& value : run.metrics) {
    if (value.metric == nullptr || !value.value || !std::isfinite(*value.value)) continue;
    out[value.metric->id] = analysis::format_value(*value.value, value.metric->unit);
  }
  return out;
}

Json roofline_texts(const analysis::Roofline& roofline) {
  Json ceilings = Json::array(), points = Json::array();
  for (const auto& c : roofline.ceilings) ceilings.push_back(ceiling_text(c));
  for (const auto& p : roofline.points) {
    points.push_back({{"performance", analysis::format_value(p.performance, "FLOP/s")},
                      {"attainable", analysis::format_value(p.attainable, "FLOP/s")},
                      {"fraction", analysis::format_value(100 * p.attainable_fraction, "%")},
                      {"bytes", analysis::format_value(p.bytes, "B")},
                      {"intensity", fmt::format("{:.3g} FLOP/B", p.intensity)}});
  }
  return {{"ceilings", std::move(ceilings)}, {"points", std::move(points)}};
}

Json resource_texts(const core::RunRecord& run) {
  Json out = Json::array();
  for (const auto& r : run.resources) {
    const auto bytes = [](const std::optional<std::int64_t>& value) {
      return value ? Json(fmt::format("{} B", *value)) : Json(nullptr);
    };
    out.push_back(
        {{"static_shared",
          r.static_shared_bytes ? Json(analysis::format_memory_size(*r.static_shared_bytes)) : Json(nullptr)},
         {"dynamic_shared", analysis::format_memory_size(r.dynamic_shared_bytes)},
         {"spill_store", bytes(r.spill_store_bytes)},
         {"spill_load", bytes(r.spill_load_bytes)},
         {"occupancy", r.theoretical_occupancy
                           ? Json(analysis::format_value(100 * *r.theoretical_occupancy, "%"))
                           : Json(nullptr)}});
  }
  return out;
}

// A cache of the launch before holds what this one reads: DRAM moved less than the problem's own data.
bool lives_in_cache(const RunAnalysis& run) {
  const analysis::MetricValue* least = run.metric(kLeastBytesMetric);
  if (least == nullptr || !least->value) return false;
  return std::any_of(run.roofline.points.begin(), run.roofline.points.end(),
                     [&](const auto& point) { return point.memory == kDram && point.bytes < *least->value; });
}

Json view_json(const RunAnalysis& analysis, const std::vector<RunAnalysis>& all) {
  const core::RunRecord& run = analysis.run;
  const Answer answer = answer_of(run);
  const bool shown = answer == Answer::kRight;
  Json out{{"phase_title", run.phase.title}, {"reference", run.phase.reference}};
  out["answer"] = answer == Answer::kRight ? "right" : answer == Answer::kWrong ? "wrong" : "unchecked";
  out["sentence"] = answer == Answer::kWrong       ? wrong_sentence(run)
                    : answer == Answer::kUnchecked ? std::string(kUncheckedSentence)
                                                   : std::string();
  out["recording"] = recording_sentence(run);
  out["commit"] = short_commit(run.environment);
  out["warmup"] = run.warmup;
  out["iterations"] = run.iterations;
  out["graph"] = shown ? summary_texts(analysis.graph_ns) : Json(nullptr);
  out["launch"] = shown ? summary_texts(analysis.launch_ns) : Json(nullptr);
  // The samples of a wrong answer are no result either.
  out["graph_samples_us"] = shown ? samples_json(run, core::SampleKind::kGraph) : Json::array();
  out["launch_samples_us"] = shown ? samples_json(run, core::SampleKind::kLaunch) : Json::array();
  const auto clock = analysis::median_clock_mhz(run.samples, core::SampleKind::kGraph);
  out["clock"] = clock ? Json(fmt::format("{:.0f} MHz", *clock)) : Json(nullptr);
  const RunAnalysis* base = shown ? analysis::base_of(analysis, all) : nullptr;
  const auto faster = base != nullptr ? analysis::speedup(analysis, *base) : std::nullopt;
  out["speedup"] = faster ? Json(fmt::format("{:.2f}×", *faster)) : Json(nullptr);
  out["speedup_base"] = base != nullptr ? base->run.phase.id : std::string();
  out["tensor_metric"] = kTensorPipeMetric;
  out["occupancy_metric"] = kOccupancyMetric;
  const auto* point = shown ? main_point(analysis.roofline) : nullptr;
  out["main_point"] = point != nullptr ? Json(point - analysis.roofline.points.data()) : Json(nullptr);
  out["in_cache"] = shown && lives_in_cache(analysis);
  out["roofline"] = roofline_texts(analysis.roofline);
  out["resources"] = resource_texts(run);
  out["metrics"] = metric_texts(analysis);
  out["stalls"] = stalls_json(analysis);
  return out;
}

std::vector<std::string> recordings_of(const std::vector<RunAnalysis>& runs) {
  std::vector<const core::RunRecord*> records;
  for (const RunAnalysis& run : runs) records.push_back(&run.run);
  return recording_sentences(records);
}

// The problem that the page opens with: the one that the program's own default names, else the first.
std::size_t first_shown(const std::vector<Group>& groups) {
  const auto mission = std::find_if(groups.begin(), groups.end(), [](const Group& group) {
    return core::problem_label(group.problem) == "mission";
  });
  return mission == groups.end() ? 0 : static_cast<std::size_t>(mission - groups.begin());
}

}  // namespace

Json page_data(const std::vector<RunAnalysis>& runs, const analysis::Catalogue& catalogue,
               const std::string& title) {
  const core::BuildInfo& build = core::build_info();
  Json out{{"title", title},
           {"generated_at", core::utc_now()},
           {"program", {{"version", build.version}, {"git_sha", build.git_sha}}},
           {"tensor_ceiling", kTensorCeiling},
           {"sections", sections_json(catalogue)},
           {"recordings", recordings_of(runs)},
           {"runs", Json::array()},
           {"groups", Json::array()}};
  for (const RunAnalysis& run : runs) {
    Json value = run_json(run);
    value["view"] = view_json(run, runs);
    out["runs"].push_back(std::move(value));
  }
  const std::vector<Group> groups = group_runs(runs);
  out["first"] = first_shown(groups);
  for (const Group& group : groups) {
    Json members = Json::array();
    for (const RunAnalysis* run : group.runs) members.push_back(run - runs.data());
    out["groups"].push_back(
        {{"label", core::problem_label(group.problem)},
         {"extents", extents_text(group.problem) + (group.problem.causal ? ", causal" : "")},
         {"device", group.device},
         {"fastest", group.fastest != nullptr ? Json(group.fastest - runs.data()) : Json()},
         {"runs", std::move(members)}});
  }
  return out;
}

std::string script_safe(std::string json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '<') {
      out += "\\u003c";
    } else if (json.compare(i, 3, "\xE2\x80\xA8") == 0) {
      out += "\\u2028";
      i += 2;
    } else if (json.compare(i, 3, "\xE2\x80\xA9") == 0) {
      out += "\\u2029";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

}  // namespace flashcore::reports
