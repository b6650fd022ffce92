#include "reports/page_changes.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "reports/page_pair.h"
#include "reports/page_samples.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;
using Json = nlohmann::ordered_json;

// Under a tenth a hundredth of a percent is to be read.
int digits_of(double relative) {
  return std::abs(relative) < 0.1 ? 2 : 1;
}

// Rows of the map in the order of the ladder, columns in that of the groups.
struct Map {
  std::vector<std::string> rows;
  std::map<core::RowId, std::size_t> column_of;  // by run

  std::size_t row(const std::string& name) {
    const auto at = std::find(rows.begin(), rows.end(), name);
    if (at != rows.end()) return static_cast<std::size_t>(at - rows.begin());
    rows.push_back(name);
    return rows.size() - 1;
  }
};

std::string row_name(const analysis::Comparison& c) {
  const std::string now = c.now.runs.empty() ? c.label : c.now.runs.front()->run.subject.name;
  const std::string base = c.base.runs.empty() ? now : c.base.runs.front()->run.subject.name;
  return base == now ? now : base + " → " + now;
}

// Lower rungs first, then what has none, references last; as given where equal.
std::pair<int, int> rung_of(const RunAnalysis& run) {
  const auto& ladder = run.run.subject.ladder;
  if (!ladder) return {1, 0};
  return {ladder->reference ? 2 : 0, ladder->rung};
}

std::vector<const RunAnalysis*> by_rung(const std::vector<RunAnalysis>& runs) {
  std::vector<const RunAnalysis*> out;
  for (const RunAnalysis& run : runs) out.push_back(&run);
  std::stable_sort(out.begin(), out.end(),
                   [](const auto* a, const auto* b) { return rung_of(*a) < rung_of(*b); });
  return out;
}

Json columns_json(const std::vector<Group>& groups) {
  Json out = Json::array();
  for (const Group& group : groups) out.push_back({{"label", group.label}, {"device", group.device}});
  return out;
}

}  // namespace

std::string signed_percent(const std::optional<double>& relative) {
  if (!relative || !std::isfinite(*relative)) return {};
  return fmt::format("{:+.{}f} %", 100 * *relative, digits_of(*relative));
}

std::string bounds_text(const std::optional<double>& low, const std::optional<double>& high) {
  if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high)) return {};
  const int digits = std::max(digits_of(*low), digits_of(*high));
  return fmt::format("{:+.{}f} to {:+.{}f} %", 100 * *low, digits, 100 * *high, digits);
}

Json page_changes(const ReportExtras& extras, const std::vector<Group>& groups,
                  const std::vector<RunAnalysis>& runs) {
  if (extras.changes == nullptr) return nullptr;
  const analysis::Comparisons& changes = *extras.changes;
  Map map;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const RunAnalysis* run : groups[i].runs) map.column_of[run->run.id] = i;
  }
  // A phase that has no partner has a row too: a hole in the map is to be seen.
  for (const RunAnalysis* run : by_rung(runs)) {
    const bool alone = std::none_of(changes.all.begin(), changes.all.end(), [&](const auto& c) {
      return !c.now.runs.empty() && c.now.runs.front()->run.subject.name == run->run.subject.name;
    });
    if (alone && run->run.origin != core::Origin::kImport) map.row(run->run.subject.name);
    for (const analysis::Comparison& c : changes.all) {
      if (!c.now.runs.empty() && c.now.runs.front()->run.id == run->run.id) map.row(row_name(c));
    }
  }
  Json pairs = Json::array();
  const std::size_t most = samples_kept(changes.all.size());
  for (std::size_t i = 0; i < changes.all.size(); ++i) {
    const analysis::Comparison& c = changes.all[i];
    Json pair = pair_json(c, i < extras.pairs.size() ? &extras.pairs[i] : nullptr, most);
    const auto column =
        c.now.runs.empty() ? map.column_of.end() : map.column_of.find(c.now.runs.front()->run.id);
    pair["row"] = map.row(row_name(c));
    pair["column"] = column == map.column_of.end() ? Json(nullptr) : Json(column->second);
    pairs.push_back(std::move(pair));
  }
  std::vector<std::string> notes = changes.notes;
  notes.insert(notes.end(), extras.notes.begin(), extras.notes.end());
  return {
      {"base", extras.base_word},        {"sentence", extras.base_sentence}, {"rows", map.rows},
      {"columns", columns_json(groups)}, {"pairs", std::move(pairs)},        {"only_base", changes.only_base},
      {"only_now", changes.only_now},    {"notes", std::move(notes)}};
}

}  // namespace flashcore::reports
