#include "reports/page_sheets.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "analysis/units.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(analysis::RowState state) {
  switch (state) {
    case analysis::RowState::kPlain: return "plain";
    case analysis::RowState::kMissing: return "missing";
    case analysis::RowState::kGood: return "good";
    case analysis::RowState::kWarning: return "warning";
    case analysis::RowState::kBad: return "bad";
  }
  return "plain";
}

}  // namespace

Json page_metrics(const analysis::RunAnalysis& run) {
  Json texts = Json::object(), notes = Json::object();
  for (const analysis::MetricValue& m : run.metrics) {
    if (m.metric == nullptr) continue;
    const bool there = m.value && std::isfinite(*m.value);
    const std::string reason = m.reason.empty() ? "the formula gave no finite number" : m.reason;
    texts[m.metric->id] = there ? Json(analysis::format_value(*m.value, m.metric->unit)) : Json(nullptr);
    notes[m.metric->id] = there ? m.provenance : reason;
  }
  return {{"texts", std::move(texts)}, {"notes", std::move(notes)}};
}

bool drawn_apart(const analysis::Sheet& sheet) {
  return sheet.id == "metrics" || sheet.id == "speed_of_light";
}

Json page_sheets(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue) {
  Json out = Json::object();
  for (const analysis::Sheet& sheet : analysis::sheets_of(run, catalogue)) {
    if (drawn_apart(sheet)) continue;
    Json sections = Json::array();
    for (const analysis::SheetSection& section : sheet.sections) {
      Json rows = Json::array();
      for (const analysis::SheetRow& row : section.rows) {
        rows.push_back({{"id", row.id},
                        {"name", row.name},
                        {"value", row.value},
                        {"note", row.note},
                        {"tip", row.tip},
                        {"state", name_of(row.state)}});
      }
      sections.push_back({{"id", section.id},
                          {"title", section.title},
                          {"description", section.description},
                          {"rows", std::move(rows)}});
    }
    out[sheet.id] = {{"title", sheet.title}, {"sections", std::move(sections)}};
  }
  return out;
}

}  // namespace flashcore::reports
