#include "reports/page_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/describe.h"
#include "analysis/durations.h"
#include "analysis/kernels.h"
#include "analysis/run_values.h"
#include "analysis/units.h"
#include "core/build_info.h"
#include "reports/headline.h"
#include "reports/page_changes.h"
#include "reports/page_history.h"
#include "reports/page_ladder.h"
#include "reports/page_pack.h"
#include "reports/page_samples.h"
#include "reports/page_sheets.h"
#include "reports/run_json.h"
#include "reports/text.h"

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

// Times of an answer that is wrong or was not checked are no result.
Json samples_of(const core::RunRecord& run, core::SampleKind kind, bool shown, std::size_t most) {
  std::vector<double> ns;
  for (const auto& sample : core::all_samples(run)) {
    if (shown && sample.kind == kind) ns.push_back(sample.duration_ns);
  }
  return samples_json(ns, most);
}

Json summary_texts(const std::optional<analysis::Summary>& s, int digits) {
  if (!s) return nullptr;
  return {{"p50", analysis::format_duration_ns(s->p50, digits)},
          {"p90", analysis::format_duration_ns(s->p90, digits)},
          {"p99", analysis::format_duration_ns(s->p99, digits)},
          {"min", analysis::format_duration_ns(s->min, digits)},
          {"mean", analysis::format_duration_ns(s->mean, digits)},
          {"stdev", analysis::format_duration_ns(s->stdev)},
          {"n", std::to_string(s->n)}};
}

// The terms' numbers for people; special functions are no FLOPs and take small letters.
std::string operations(double value, std::string_view unit) {
  if (unit != "op" && unit != "op/s") return analysis::format_value(value, unit);
  std::string text = analysis::format_value(value, unit == "op" ? "OP" : "OP/s");
  const std::size_t at = text.find("OP");
  if (at != std::string::npos) text.replace(at, 2, "op");
  return text;
}

Json limit_texts(const RunAnalysis& run) {
  const analysis::ProblemLimit& limit = run.limit;
  Json terms = Json::array();
  for (const analysis::LimitTerm& term : limit.terms) {
    const bool rated = term.rate > 0;
    terms.push_back({{"work", operations(term.work, term.unit)},
                     {"rate", rated ? Json(operations(term.rate, term.unit + "/s")) : Json(nullptr)},
                     {"ns", term.ns ? Json(analysis::format_duration_ns(*term.ns)) : Json(nullptr)}});
  }
  Json out{{"ns", limit.ns ? Json(analysis::format_duration_ns(*limit.ns)) : Json(nullptr)}};
  out["binding"] = limit.ns ? Json(binding_titles(limit)) : Json(nullptr);
  out["share"] = limit.share ? Json(analysis::format_value(100 * *limit.share, "%")) : Json(nullptr);
  out["terms"] = std::move(terms);
  return out;
}

// In the order of the run's kernels.
Json kernel_texts(const RunAnalysis& run) {
  Json out = Json::array();
  for (const auto& kernel : analysis::kernel_resources(run.run)) {
    const auto share = std::find_if(run.kernels.begin(), run.kernels.end(),
                                    [&](const auto& k) { return k.kernel.ordinal == kernel.kernel.ordinal; });
    Json ns, percent;
    if (share != run.kernels.end() && share->ns) ns = analysis::format_duration_ns(*share->ns);
    if (share != run.kernels.end() && share->share)
      percent = analysis::format_value(100 * *share->share, "%");
    out.push_back({{"ns", std::move(ns)}, {"share", std::move(percent)}});
  }
  return out;
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

Json roofline_texts(const analysis::Roofline& roofline) {
  Json ceilings = Json::array(), points = Json::array();
  for (const auto& c : roofline.ceilings) ceilings.push_back(analysis::ceiling_text(c));
  for (const auto& p : roofline.points) {
    points.push_back(
        {{"performance", analysis::format_value(p.performance, "FLOP/s")},
         {"attainable", analysis::format_value(p.attainable, "FLOP/s")},
         {"fraction", p.attainable_fraction ? analysis::format_value(100 * *p.attainable_fraction, "%")
                                            : std::string("missing")},
         {"bytes", analysis::format_value(p.bytes, "B")},
         {"intensity", fmt::format("{:.3g} FLOP/B", p.intensity)}});
  }
  return {{"ceilings", std::move(ceilings)}, {"points", std::move(points)}};
}

// A cache of the launch before holds what this one reads: DRAM moved less than the problem's own data.
bool lives_in_cache(const RunAnalysis& run) {
  if (run.run.cache == core::CacheState::kCold) return false;
  const analysis::MetricValue* least = run.metric(kLeastBytesMetric);
  if (least == nullptr || !least->value) return false;
  return std::any_of(run.roofline.points.begin(), run.roofline.points.end(),
                     [&](const auto& point) { return point.memory == kDram && point.bytes < *least->value; });
}

Json view_json(const RunAnalysis& analysis, const std::vector<RunAnalysis>& all,
               const analysis::Catalogue& catalogue, int digits) {
  const core::RunRecord& run = analysis.run;
  // Times, samples and points of an answer that is wrong or was not checked are no result.
  const bool shown = analysis::timing_objection(run).empty();
  Json out{{"label", row_label(run)},
           {"reference", run.subject.ladder && run.subject.ladder->reference},
           {"shown", shown},
           {"sentence", analysis::answer_sentence(run)},
           {"commit", analysis::short_commit(run.environment)}};
  out["time"] = analysis.time ? Json(analysis::format_duration_ns(analysis.time->ns)) : Json(nullptr);
  out["graph"] = summary_texts(analysis.graph_ns, digits);
  out["launch"] = summary_texts(analysis.launch_ns, analysis::kFewestDigits);
  const std::size_t most = samples_kept(all.size());
  out["samples"] = {{"graph", samples_of(run, core::SampleKind::kGraph, shown, most)},
                    {"launch", samples_of(run, core::SampleKind::kLaunch, shown, most)}};
  out["limit"] = limit_texts(analysis);
  out["busiest"] = busiest_text(analysis.speed_of_light);
  out["kernels"] = kernel_texts(analysis);
  const RunAnalysis* base = shown ? analysis::base_of(analysis, all) : nullptr;
  const auto faster = base != nullptr ? analysis::speedup(analysis, *base) : std::nullopt;
  out["speedup"] = faster ? Json(fmt::format("{:.2f}×", *faster)) : Json(nullptr);
  out["speedup_base"] = base != nullptr ? base->run.subject.name : std::string();
  out["tensor_metric"] = kTensorPipeMetric;
  out["occupancy_metric"] = kOccupancyMetric;
  const auto* point = shown ? main_point(analysis.roofline) : nullptr;
  out["main_point"] = point != nullptr ? Json(point - analysis.roofline.points.data()) : Json(nullptr);
  out["in_cache"] = shown && lives_in_cache(analysis);
  out["roofline"] = roofline_texts(analysis.roofline);
  out["stalls"] = stalls_json(analysis);
  out["sheets"] = page_sheets(analysis, catalogue);
  return out;
}

// What is not live, in sentences: recordings and imports apart.
Json origins_json(const std::vector<RunAnalysis>& runs, core::Origin origin) {
  std::vector<const core::RunRecord*> records;
  for (const RunAnalysis& run : runs) {
    if (run.run.origin == origin) records.push_back(&run.run);
  }
  return {{"runs", records.size()}, {"sentences", origin_sentences(records)}};
}

// The problem that the page opens with: the one that the program's own default names, else the first.
std::size_t first_shown(const std::vector<Group>& groups) {
  const auto mission =
      std::find_if(groups.begin(), groups.end(), [](const Group& group) { return group.label == "mission"; });
  return mission == groups.end() ? 0 : static_cast<std::size_t>(mission - groups.begin());
}

}  // namespace

PageData::PageData(const std::vector<RunAnalysis>& runs, const analysis::Catalogue& catalogue,
                   const HtmlOptions& options)
    : runs_(runs),
      catalogue_(catalogue),
      options_(options),
      groups_(group_runs(runs)),
      digits_(runs.size(), analysis::kFewestDigits) {
  for (const Group& group : groups_) {
    for (const RunAnalysis* run : group.runs)
      digits_[static_cast<std::size_t>(run - runs.data())] = time_digits(group);
  }
}

Json PageData::group_json(const Group& group) const {
  Json members = Json::array();
  for (const RunAnalysis* run : group.runs) members.push_back(run - runs_.data());
  return {{"label", group.label},
          {"imports", group.imports},
          {"axes", group.axes},
          {"device", group.device},
          {"cache", group.cache ? Json(core::name_of(*group.cache)) : Json()},
          {"limit", limit_sentence(group.runs)},
          {"floor", floor_sentence(group.runs)},
          {"fastest", group.fastest != nullptr ? Json(group.fastest - runs_.data()) : Json()},
          {"ladder", page_ladder(group, groups_)},
          {"runs", std::move(members)}};
}

Json PageData::head() const {
  const core::BuildInfo& build = core::build_info();
  Json out{{"title", valid_utf8(options_.title)},
           {"generated_at", core::utc_now()},
           {"program", {{"version", build.version}, {"git_sha", build.git_sha}}},
           {"tensor_ceiling", kTensorCeiling},
           {"sections", sections_json(catalogue_)},
           {"recordings", origins_json(runs_, core::Origin::kRecording)},
           {"imports", origins_json(runs_, core::Origin::kImport)},
           {"samples_kept", samples_kept(runs_.size())},
           {"first", first_shown(groups_)},
           {"groups", Json::array()}};
  for (const Group& group : groups_) out["groups"].push_back(group_json(group));
  out["changes"] = page_changes(options_.extras, groups_, runs_);
  out["histories"] = page_histories(options_.extras.histories, groups_);
  return out;
}

Json PageData::run(std::size_t place) const {
  const RunAnalysis& run = runs_[place];
  Json value = run_json(run);
  // The sheets tell these, row by row.
  for (const char* told : {"measurements", "shared_counters", "resources", "diagnostics"}) value.erase(told);
  value["metrics"] = page_metrics(run);
  value["view"] = view_json(run, runs_, catalogue_, digits_[place]);
  return value;
}

std::string PageData::packed() const {
  PagePacker packer;
  std::string out = "[-1,";
  packer.pack(head(), out);
  out += ",[-1";
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    out += ',';
    packer.pack(run(i), out);
  }
  return script_safe(out + "]]");
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
