#include "reports/history_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "reports/run_json.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json percent(const std::optional<double>& share) {
  return share ? number(100 * *share) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string_view word_of(analysis::Better better) {
  switch (better) {
    case analysis::Better::kLower: return "lower";
    case analysis::Better::kHigher: return "higher";
    case analysis::Better::kNeither: break;
  }
  return "neither";
}

std::string_view word_of(analysis::InCycles in_cycles) {
  switch (in_cycles) {
    case analysis::InCycles::kConfirmed: return "confirmed";
    case analysis::InCycles::kNot: return "not_in_cycles";
    case analysis::InCycles::kOpen: return "open";
    case analysis::InCycles::kUnknown: break;
  }
  return "unknown";
}

Json point_json(const analysis::HistoryPoint& point) {
  const bool finite = point.value && std::isfinite(*point.value);
  Json out{{"run", point.run},
           {"taken_at", point.taken_at},
           {"commit", point.commit},
           {"dirty", point.dirty},
           {"source_hash", point.source_hash},
           {"driver", point.driver},
           {"toolkit", point.toolkit},
           {"catalogue", point.catalogue},
           {"conditions", point.conditions},
           {"clock_mhz", number(point.clock_mhz)},
           {"value", number(point.value)}};
  if (!finite) {
    out["reason"] = point.value            ? "the value is not a finite number"
                    : point.reason.empty() ? "no reason was recorded"
                                           : point.reason;
  }
  return out;
}

Json step_json(const analysis::ChangePoint& step) {
  return {{"before", number(step.before)},          {"after", number(step.after)},
          {"change_percent", percent(step.change)}, {"low_percent", percent(step.low)},
          {"high_percent", percent(step.high)},     {"p", number(step.p)}};
}

Json change_json(const analysis::History& history, const analysis::HistoryChange& change) {
  const std::size_t index = change.point.index;
  const bool inside = index < history.points.size();
  Json out{{"index", index},
           {"run", inside ? history.points[index].run : 0},
           {"taken_at", inside ? history.points[index].taken_at : std::string()},
           {"commit_before", change.commit_before},
           {"commit_at", change.commit_at}};
  out.update(step_json(change.point));
  out["better"] = history.better == analysis::Better::kNeither ? Json(nullptr) : Json(change.better);
  out["same_source"] = change.same_source;
  out["in_cycles"] = word_of(change.in_cycles);
  out["cycles"] = change.cycles ? step_json(*change.cycles) : Json(nullptr);
  out["beside"] = change.beside;
  out["confirmed"] = change.confirmed();
  out["because"] = change.because;
  return out;
}

Json history_json(const analysis::History& history) {
  Json out{{"label", history.label},
           {"subject", history.subject},
           {"problem", text_or_null(history.problem)},
           {"cache", text_or_null(history.cache)},
           {"device", text_or_null(history.device)},
           {"metric",
            {{"id", history.metric},
             {"title", history.title},
             {"unit", history.unit},
             {"better", word_of(history.better)}}},
           {"drift_percent", percent(history.drift)},
           {"occasions", history.occasions},
           {"by_occasion", history.by_occasion}};
  for (const char* list : {"points", "changes", "marks"}) out[list] = Json::array();
  for (const auto& point : history.points) out["points"].push_back(point_json(point));
  for (const auto& change : history.changes) out["changes"].push_back(change_json(history, change));
  for (const auto& mark : history.marks)
    out["marks"].push_back({{"index", mark.index}, {"kind", mark.kind}, {"text", mark.text}});
  out["outliers"] = history.outliers;
  out["notes"] = history.notes;
  return out;
}

}  // namespace

std::string histories_json(const std::vector<analysis::History>& histories) {
  Json out{{"schema", 1}, {"histories", Json::array()}};
  for (const analysis::History& history : histories) out["histories"].push_back(history_json(history));
  return dump(out, 2);
}

}  // namespace flashcore::reports
