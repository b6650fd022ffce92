#include "reports/speed_json.h"

#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

Json finite(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

// Null for a place that has no metric. Where the value came from is told by the run's metrics; why it is
// missing is told here too, for the catalogue may not have the metric.
Json shown_json(const analysis::ShownValue& shown) {
  if (shown.metric.empty()) return nullptr;
  Json out{{"metric", shown.metric}, {"value", finite(shown.value)}, {"text", shown.text}};
  if (out["value"].is_null())
    out["reason"] = shown.note.empty() ? std::string("nothing says why") : shown.note;
  return out;
}

// A bar always stands for something, so that one without a metric is missing with its reason.
Json bar_json(const analysis::SpeedBar& bar) {
  Json share = shown_json(bar.share);
  if (share.is_null()) {
    const std::string reason = bar.share.note.empty() ? "the catalogue has no metric for it" : bar.share.note;
    share = {{"metric", ""}, {"value", nullptr}, {"text", "missing"}, {"reason", reason}};
  }
  return {{"id", bar.id},           {"title", bar.title}, {"share", std::move(share)},
          {"binding", bar.binding}, {"mark", bar.mark},   {"description", bar.share.tip}};
}

}  // namespace

Json limit_json(const analysis::ProblemLimit& limit) {
  Json terms = Json::array(), binding = Json::array();
  for (const analysis::LimitTerm& term : limit.terms) {
    Json value{{"id", term.id},
               {"title", term.title},
               {"work", finite(term.work)},
               {"unit", term.unit},
               {"rate", term.rate > 0 ? finite(term.rate) : Json(nullptr)},
               {"ns", finite(term.ns)},
               {"source", term.source}};
    if (value["ns"].is_null())
      value["reason"] = term.missing.empty() ? std::string("nothing says why") : term.missing;
    if (limit.binds(term)) binding.push_back(term.id);
    terms.push_back(std::move(value));
  }
  return {{"ns", finite(limit.ns)},
          {"binding", limit.binding.empty() ? Json(nullptr) : Json(limit.binding)},
          {"binding_terms", std::move(binding)},
          {"share", finite(limit.share)},
          {"reason", limit.missing},
          {"terms", std::move(terms)}};
}

Json speed_of_light_json(const analysis::SpeedOfLight& speed) {
  Json bars = Json::array(), nodes = Json::array(), arrows = Json::array();
  for (const auto& bar : speed.bars) bars.push_back(bar_json(bar));
  for (const auto& node : speed.nodes) {
    nodes.push_back({{"id", node.id},
                     {"title", node.title},
                     {"hit_rate", shown_json(node.hit_rate)},
                     {"share", shown_json(node.share)}});
  }
  for (const auto& arrow : speed.arrows) {
    arrows.push_back({{"from", arrow.from},
                      {"to", arrow.to},
                      {"title", arrow.title},
                      {"bytes", shown_json(arrow.bytes)},
                      {"throughput", shown_json(arrow.throughput)}});
  }
  return {{"reason", speed.reason},
          {"pass_note", speed.pass_note},
          {"bars", std::move(bars)},
          {"nodes", std::move(nodes)},
          {"arrows", std::move(arrows)}};
}

}  // namespace flashcore::reports
