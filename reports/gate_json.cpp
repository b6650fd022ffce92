#include "reports/gate_json.h"

#include <cmath>
#include <optional>
#include <utility>

#include "reports/run_json.h"

namespace flashcore::reports {
namespace {

using analysis::GateKind;
using analysis::GateLimit;
using analysis::GateRow;
using analysis::GateState;
using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value, double factor = 1) {
  return value && std::isfinite(*value) ? Json(*value * factor) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json limit_json(const GateLimit& limit) {
  Json problems = Json::array();
  for (const core::Problem& problem : limit.problems) problems.push_back(core::problem_label(problem));
  return {{"name", limit.name},
          {"line", limit.line},
          {"kind", core::name_of(limit.kind)},
          {"phases", limit.phases},
          {"problems", std::move(problems)},
          {"device", text_or_null(limit.device)},
          {"cache", limit.cache ? Json(core::name_of(*limit.cache)) : Json(nullptr)},
          {"metric", limit.metric},
          {"unit", limit.unit},
          {"min", number(limit.min)},
          {"max", number(limit.max)},
          {"base", text_or_null(limit.base)},
          {"max_change_percent", number(limit.max_change, 100)},
          {"reference", text_or_null(limit.reference)},
          {"min_speedup", number(limit.min_speedup)},
          {"optional", limit.optional},
          {"reason", text_or_null(limit.reason)}};
}

Json interval(const GateRow& row, double factor) {
  if (!row.low || !row.high) return nullptr;
  return Json::array({number(row.low, factor), number(row.high, factor)});
}

Json row_json(const GateRow& row, bool strict) {
  const GateKind kind = row.limit->kind;
  const bool change = kind == GateKind::kChange, speedup = kind == GateKind::kSpeedup;
  return {{"limit", row.limit->name},
          {"runs_label", row.label},
          {"run", row.run != 0 ? Json(row.run) : Json(nullptr)},
          {"runs", row.runs},
          {"state", core::name_of(row.state)},
          {"fails", analysis::fails(row, strict)},
          {"value", kind == GateKind::kAbsolute ? number(row.measured) : Json(nullptr)},
          {"change_percent", change ? number(row.measured, 100) : Json(nullptr)},
          {"change_interval_percent", change ? interval(row, 100) : Json(nullptr)},
          {"speedup", speedup ? number(row.measured) : Json(nullptr)},
          {"speedup_interval", speedup ? interval(row, 1) : Json(nullptr)},
          {"value_text", row.value},
          {"allowed_text", row.allowed},
          {"sentence", row.sentence}};
}

}  // namespace

std::string gate_json(const GateView& view) {
  Json limits = Json::array(), rows = Json::array();
  for (const GateLimit& limit : view.file.limits) limits.push_back(limit_json(limit));
  for (const GateRow& row : view.result.rows) rows.push_back(row_json(row, view.strict));
  const auto count = [&](GateState state) { return view.result.count(state); };
  const Json out{{"schema", 1},
                 {"file", view.file.name},
                 {"runs", view.runs_sentence},
                 {"strict", view.strict},
                 {"passed", view.result.passed(view.strict)},
                 {"counts",
                  {{"kept", count(GateState::kKept)},
                   {"broken", count(GateState::kBroken)},
                   {"ambiguous", count(GateState::kAmbiguous)},
                   {"missing", count(GateState::kMissing)}}},
                 {"limits", std::move(limits)},
                 {"rows", std::move(rows)},
                 {"notes", view.result.notes}};
  return dump(out, 2) + "\n";
}

}  // namespace flashcore::reports
