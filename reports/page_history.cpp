#include "reports/page_history.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "analysis/units.h"
#include "reports/page_changes.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCommitDigits = 12;
constexpr int kValueDigits = 4;

std::string commit_text(const std::string& commit) {
  return commit.substr(0, kCommitDigits);
}

std::string value_text(double value, const std::string& unit) {
  return analysis::format_value(value, unit, kValueDigits);
}

Json point_json(const analysis::HistoryPoint& point, const std::string& unit) {
  const bool there = point.value && std::isfinite(*point.value);
  return {{"run", point.run},
          {"taken_at", point.taken_at},
          {"commit", commit_text(point.commit) + (point.dirty ? " and changes" : "")},
          {"driver", point.driver},
          {"clock", point.clock_mhz ? fmt::format("{:.0f} MHz", *point.clock_mhz) : std::string()},
          {"value", there ? Json(*point.value) : Json(nullptr)},
          {"text", there ? value_text(*point.value, unit) : std::string()},
          {"reason", point.reason}};
}

Json change_json(const analysis::HistoryChange& change, const std::string& unit) {
  return {{"index", change.point.index},
          {"before", value_text(change.point.before, unit)},
          {"after", value_text(change.point.after, unit)},
          {"after_value", change.point.after},
          {"before_value", change.point.before},
          {"change", signed_percent(change.point.change)},
          {"bounds", bounds_text(change.point.low, change.point.high)},
          {"p", fmt::format("{:.2g}", change.point.p)},
          {"commit_before", commit_text(change.commit_before)},
          {"commit_at", commit_text(change.commit_at)},
          {"better", change.better},
          {"same_source", change.same_source},
          {"beside", change.beside},
          {"confirmed", change.confirmed()},
          {"because", change.because}};
}

Json history_json(const analysis::History& history) {
  Json points = Json::array(), changes = Json::array(), marks = Json::array();
  for (const auto& point : history.points) points.push_back(point_json(point, history.unit));
  for (const auto& change : history.changes) changes.push_back(change_json(change, history.unit));
  for (const auto& mark : history.marks)
    marks.push_back({{"index", mark.index}, {"kind", mark.kind}, {"text", mark.text}});
  return {{"label", history.label},        {"device", history.device},  {"metric", history.metric},
          {"title", history.title},        {"unit", history.unit},      {"points", std::move(points)},
          {"changes", std::move(changes)}, {"marks", std::move(marks)}, {"notes", history.notes}};
}

}  // namespace

Json page_histories(const std::vector<analysis::History>& histories, const std::vector<Group>& groups) {
  std::map<core::RowId, std::size_t> group_of;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const analysis::RunAnalysis* run : groups[i].runs) group_of[run->run.id] = i;
  }
  Json out = Json::array();
  for (const analysis::History& history : histories) {
    Json value = history_json(history), group = nullptr;
    for (const auto& point : history.points) {
      const auto at = group_of.find(point.run);
      if (at != group_of.end()) group = at->second;
    }
    value["group"] = std::move(group);
    out.push_back(std::move(value));
  }
  return out;
}

}  // namespace flashcore::reports
