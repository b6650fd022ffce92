#include "reports/compare_json.h"

#include <cmath>
#include <optional>
#include <utility>

#include "reports/run_json.h"

namespace flashcore::reports {
namespace {

using analysis::Comparison;
using analysis::Judgement;
using analysis::MetricComparison;
using analysis::SeriesReview;
using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value, double factor = 1) {
  return value && std::isfinite(*value) ? Json(*value * factor) : Json(nullptr);
}

Json count(const std::optional<int>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json interval_json(const Judgement& j) {
  if (!j.low || !j.high || !std::isfinite(*j.low) || !std::isfinite(*j.high)) return nullptr;
  return {{"low", *j.low * 100}, {"high", *j.high * 100}, {"confidence", j.confidence * 100}};
}

Json series_json(const SeriesReview& series) {
  return {{"runs", series.runs},
          {"samples", series.samples},
          {"effective_samples", number(series.effective)},
          {"warm_up_samples", series.warm_up},
          {"drift_percent", number(series.drift, 100)},
          {"mild_outliers", series.mild_outliers},
          {"severe_outliers", series.severe_outliers}};
}

Json judgement_json(const Judgement& j) {
  return {{"verdict", core::name_of(j.verdict)},
          {"change_percent", number(j.change, 100)},
          {"interval_percent", interval_json(j)},
          {"mann_whitney_p", number(j.mann_whitney_p)},
          {"between_runs_percent", number(j.between_spread, 100)},
          {"spread_is_prior", j.spread_is_prior},
          {"more_runs", count(j.more_runs)},
          {"more_samples", count(j.more_samples)},
          {"because", j.because},
          {"notes", j.notes},
          {"base", series_json(j.base_series)},
          {"now", series_json(j.now_series)}};
}

Json side_json(const analysis::RunSet& set) {
  Json ids = Json::array();
  for (const analysis::RunAnalysis* run : set.runs) ids.push_back(run->run.id);
  Json side{{"word", set.word},        {"runs", std::move(ids)}, {"phase", nullptr}, {"shape", nullptr},
            {"problem_text", nullptr}, {"device", nullptr},      {"cache", nullptr}, {"commit", nullptr}};
  if (set.runs.empty()) return side;
  const core::RunRecord& run = set.runs.front()->run;
  side["phase"] = run.subject.name;
  if (run.problem) {
    side["shape"] = core::problem_label(*run.problem);
    side["problem_text"] = core::canonical_text(*run.problem);
  }
  if (run.device) side["device"] = run.device->name;
  if (run.cache) side["cache"] = core::name_of(*run.cache);
  side["commit"] = text_or_null(run.environment.git_sha);
  return side;
}

std::string_view better(analysis::Direction direction) {
  return direction == analysis::Direction::kLowerIsBetter ? "lower" : "higher";
}

Json metric_json(const MetricComparison& metric) {
  const bool there = metric.missing.empty();
  const Judgement& j = metric.judgement;
  return {{"id", metric.metric->id},
          {"title", metric.metric->title},
          {"unit", metric.metric->unit},
          {"section", metric.metric->section},
          {"better", better(metric.metric->direction)},
          {"exact", metric.exact},
          {"missing", text_or_null(metric.missing)},
          {"base", there ? number(j.base) : Json(nullptr)},
          {"now", there ? number(j.now) : Json(nullptr)},
          {"judgement", there ? judgement_json(j) : Json(nullptr)}};
}

Json pair_json(const Comparison& pair) {
  Json metrics = Json::array();
  for (const MetricComparison& metric : pair.metrics) {
    if (metric.metric != nullptr) metrics.push_back(metric_json(metric));
  }
  Json cycles = nullptr;
  if (pair.cycles) {
    cycles = {{"base_cycles", number(pair.cycles->base)},
              {"now_cycles", number(pair.cycles->now)},
              {"judgement", judgement_json(*pair.cycles)}};
  }
  constexpr double kNsInUs = 1e-3;
  return {{"label", pair.label},
          {"base", side_json(pair.base)},
          {"now", side_json(pair.now)},
          {"verdict", core::name_of(pair.verdict)},
          {"sentence", pair.sentence},
          {"time",
           {{"base_us", number(pair.time.base, kNsInUs)},
            {"now_us", number(pair.time.now, kNsInUs)},
            {"judgement", judgement_json(pair.time)}}},
          {"cycles", std::move(cycles)},
          {"clock_change_percent", number(pair.clock_change, 100)},
          {"metrics", std::move(metrics)},
          {"what_decides", text_or_null(what_decides(pair))},
          {"command", text_or_null(measuring_command(pair))},
          {"notes", pair.notes}};
}

int how_many(const analysis::Comparisons& result, analysis::Verdict verdict) {
  int found = 0;
  for (const Comparison& pair : result.all) found += pair.verdict == verdict ? 1 : 0;
  return found;
}

}  // namespace

Json comparison_json(const CompareView& view) {
  Json pairs = Json::array();
  for (const Comparison& pair : view.result.all) pairs.push_back(pair_json(pair));
  Json verdicts = Json::object();
  for (const auto& [verdict, name] : core::kNames<analysis::Verdict>) {
    verdicts[std::string(name)] = how_many(view.result, verdict);
  }
  return {{"schema", 1},
          {"base", {{"word", view.base_word}, {"sentence", view.base_sentence}}},
          {"now", {{"word", view.now_word}, {"sentence", view.now_sentence}}},
          {"smallest_percent", view.smallest * 100},
          {"verdicts", std::move(verdicts)},
          {"pairs", std::move(pairs)},
          {"only_base", view.result.only_base},
          {"only_now", view.result.only_now},
          {"notes", view.result.notes}};
}

std::string compare_json(const CompareView& view) {
  return dump(comparison_json(view), 2) + "\n";
}

}  // namespace flashcore::reports
