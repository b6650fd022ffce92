#include "reports/page_pair.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analysis/describe.h"
#include "analysis/run_values.h"
#include "analysis/units.h"
#include "reports/page_changes.h"
#include "reports/page_samples.h"

namespace flashcore::reports {
namespace {

using analysis::RunAnalysis;
using Json = nlohmann::ordered_json;

constexpr std::size_t kFewestOfARun = 10;
constexpr int kTimeDigits = 4;
constexpr std::string_view kCycles = "cycles";

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

std::string text_of(const std::optional<double>& value, const std::string& unit) {
  if (!value || !std::isfinite(*value)) return {};
  if (unit == kCycles) return analysis::format_count(*value) + " cycles";
  return unit == "ns" ? analysis::format_duration_ns(*value, kTimeDigits)
                      : analysis::format_value(*value, unit);
}

// "3.2 µs", with its sign.
std::string signed_ns(double ns) {
  return fmt::format("{}{}", ns < 0 ? '-' : '+', analysis::format_duration_ns(std::abs(ns)));
}

std::string review_text(const analysis::SeriesReview& series) {
  std::string text = fmt::format("{} run{}, {} sample{}", series.runs, series.runs == 1 ? "" : "s",
                                 series.samples, series.samples == 1 ? "" : "s");
  if (series.effective > 0) text += fmt::format(" worth {:.0f} independent ones", series.effective);
  if (series.warm_up > 0) text += fmt::format("; {} of warm-up", series.warm_up);
  if (std::abs(series.drift) >= 0.0005) text += "; drift " + signed_percent(series.drift);
  text += fmt::format("; {} mild and {} severe outliers, none dropped", series.mild_outliers,
                      series.severe_outliers);
  return text;
}

Json side_json(const analysis::RunSet& set, std::size_t most) {
  Json runs = Json::array();
  const std::size_t each = std::max(kFewestOfARun, most / std::max<std::size_t>(set.runs.size(), 1));
  for (const RunAnalysis* run : set.runs) {
    std::vector<double> ns;
    const bool shown = analysis::timing_objection(run->run).empty();
    for (const auto& sample : core::all_samples(run->run)) {
      if (shown && sample.kind == core::SampleKind::kGraph) ns.push_back(sample.duration_ns);
    }
    runs.push_back({{"run", run->run.id},
                    {"commit", analysis::short_commit(run->run.environment)},
                    {"taken_at", run->run.taken_at},
                    {"samples", samples_json(ns, each)}});
  }
  const std::string name = set.runs.empty() ? std::string() : set.runs.front()->run.subject.name;
  return {{"word", set.word}, {"subject", name}, {"runs", std::move(runs)}};
}

Json split_json(const analysis::WhySplit& split) {
  Json parts = Json::array();
  for (const analysis::WhyPart& part : split.parts) {
    parts.push_back({{"id", part.id},
                     {"title", part.title},
                     {"base", text_of(part.base, part.unit)},
                     {"now", text_of(part.now, part.unit)},
                     {"ns", number(part.ns)},
                     {"text", signed_ns(part.ns)}});
  }
  return {{"id", split.id},
          {"title", split.title},
          {"method", split.method},
          {"missing", split.missing},
          {"parts", std::move(parts)}};
}

Json why_json(const analysis::Why& why) {
  Json causes = Json::array(), splits = Json::array();
  for (const analysis::WhyCause& cause : why.causes) {
    causes.push_back({{"id", cause.id},
                      {"title", cause.title},
                      {"ns", number(cause.ns)},
                      {"text", signed_ns(cause.ns)},
                      {"share", analysis::format_value(100 * cause.share, "%")},
                      {"sentence", cause.sentence},
                      {"metrics", cause.metrics}});
  }
  for (const analysis::WhySplit& split : why.splits) splits.push_back(split_json(split));
  return {{"base_ns", number(why.base_ns)},
          {"now_ns", number(why.now_ns)},
          {"base", text_of(why.base_ns, "ns")},
          {"now", text_of(why.now_ns, "ns")},
          {"difference_ns", number(why.difference_ns)},
          {"difference", signed_ns(why.difference_ns)},
          {"causes", std::move(causes)},
          {"splits", std::move(splits)},
          {"changed", why.changed},
          {"missing", why.missing}};
}

Json point_json(const analysis::RooflinePoint& point) {
  return {{"intensity", number(point.intensity)},
          {"performance", number(point.performance)},
          {"text", analysis::format_value(point.performance, "FLOP/s")},
          {"at", fmt::format("{:.3g} FLOP/B", point.intensity)}};
}

// Of each memory that both sides counted.
Json points_json(const ReportExtras::Pair& pair) {
  Json out = Json::array();
  if (pair.base == nullptr || pair.now == nullptr) return out;
  for (const auto& now : pair.now->roofline.points) {
    for (const auto& base : pair.base->roofline.points) {
      if (base.memory != now.memory || base.performance <= 0) continue;
      out.push_back({{"memory", now.memory},
                     {"base", point_json(base)},
                     {"now", point_json(now)},
                     {"change", signed_percent(now.performance / base.performance - 1)}});
    }
  }
  return out;
}

Json metrics_json(const analysis::Comparison& comparison) {
  Json out = Json::array();
  for (const analysis::MetricComparison& m : comparison.metrics) {
    if (m.metric == nullptr) continue;
    Json value{{"id", m.metric->id}, {"title", m.metric->title}, {"exact", m.exact}, {"missing", m.missing}};
    value["direction"] = analysis::name_of(m.metric->direction);
    value["judgement"] = m.missing.empty() ? judgement_json(m.judgement, m.metric->unit) : Json(nullptr);
    if (m.missing.empty()) value["judgement"]["word"] = analysis::word_of(m.judgement.verdict, false);
    out.push_back(std::move(value));
  }
  return out;
}

}  // namespace

Json judgement_json(const analysis::Judgement& j, const std::string& unit) {
  return {{"verdict", core::name_of(j.verdict)},
          {"word", analysis::word_of(j.verdict)},
          {"base", number(j.base)},
          {"now", number(j.now)},
          {"base_text", text_of(j.base, unit)},
          {"now_text", text_of(j.now, unit)},
          {"change", number(j.change)},
          {"low", number(j.low)},
          {"high", number(j.high)},
          {"change_text", signed_percent(j.change)},
          {"bounds", bounds_text(j.low, j.high)},
          {"because", j.because}};
}

Json pair_json(const analysis::Comparison& c, const ReportExtras::Pair* pair, std::size_t most) {
  Json time = judgement_json(c.time, "ns");
  time["confidence"] = analysis::format_value(100 * c.time.confidence, "%", 4);
  time["p"] = c.time.mann_whitney_p ? Json(fmt::format("{:.2g}", *c.time.mann_whitney_p)) : Json(nullptr);
  time["notes"] = c.time.notes;
  time["base_review"] = review_text(c.time.base_series);
  time["now_review"] = review_text(c.time.now_series);
  return {{"label", c.label},
          {"verdict", core::name_of(c.verdict)},
          {"word", analysis::word_of(c.verdict)},
          {"sentence", c.sentence},
          {"time", std::move(time)},
          {"cycles", c.cycles ? judgement_json(*c.cycles, std::string(kCycles)) : Json(nullptr)},
          {"clock", signed_percent(c.clock_change)},
          {"notes", c.notes},
          {"base", side_json(c.base, most)},
          {"now", side_json(c.now, most)},
          {"why", pair != nullptr ? why_json(pair->why) : Json(nullptr)},
          {"points", pair != nullptr ? points_json(*pair) : Json::array()},
          {"metrics", metrics_json(c)}};
}

}  // namespace flashcore::reports
