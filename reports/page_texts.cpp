#include "reports/page_texts.h"

#include <cmath>
#include <string_view>
#include <utility>

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

std::size_t PageTexts::place_of(const std::string& text) {
  const auto [at, is_new] = places_.try_emplace(text, texts_.size());
  if (is_new) texts_.push_back(text);
  return at->second;
}

Json page_metrics(const analysis::RunAnalysis& run, PageTexts& texts) {
  Json out = Json::object();
  for (const analysis::MetricValue& m : run.metrics) {
    if (m.metric == nullptr) continue;
    const bool there = m.value && std::isfinite(*m.value);
    const std::string reason = m.reason.empty() ? "the formula gave no finite number" : m.reason;
    const std::size_t text = texts.place_of(there ? m.provenance : reason);
    out[m.metric->id] = Json::array({there ? Json(*m.value) : Json(nullptr), text});
  }
  return out;
}

bool drawn_apart(const analysis::Sheet& sheet) {
  return sheet.id == "metrics" || sheet.id == "speed_of_light";
}

Json page_sheets(const analysis::RunAnalysis& run, const analysis::Catalogue& catalogue, PageTexts& texts) {
  Json out = Json::object();
  for (const analysis::Sheet& sheet : analysis::sheets_of(run, catalogue)) {
    if (drawn_apart(sheet)) continue;
    Json sections = Json::array();
    for (const analysis::SheetSection& section : sheet.sections) {
      Json rows = Json::array();
      for (const analysis::SheetRow& row : section.rows) {
        rows.push_back({texts.place_of(row.id), texts.place_of(row.name), texts.place_of(row.value),
                        texts.place_of(row.note), texts.place_of(row.tip),
                        texts.place_of(std::string(name_of(row.state)))});
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
