#include "reports/why_json.h"

#include <cmath>
#include <optional>

#include "reports/run_json.h"

namespace flashcore::reports {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value, double scale = 1) {
  return value && std::isfinite(*value) ? Json(*value * scale) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

constexpr double kMicroseconds = 1e-3;

Json split_json(const analysis::WhySplit& split) {
  Json parts = Json::array();
  for (const analysis::WhyPart& part : split.parts) {
    parts.push_back({{"id", part.id},
                     {"title", part.title},
                     {"unit", part.unit},
                     {"base", number(part.base)},
                     {"now", number(part.now)},
                     {"part_us", number(part.ns, kMicroseconds)}});
  }
  return {{"id", split.id},
          {"title", split.title},
          {"method", split.method},
          {"missing", text_or_null(split.missing)},
          {"parts", std::move(parts)}};
}

Json cause_json(const analysis::WhyCause& cause) {
  return {{"id", cause.id},
          {"title", cause.title},
          {"part_us", number(cause.ns, kMicroseconds)},
          {"share_percent", number(cause.share, 100)},
          {"sentence", cause.sentence},
          {"metrics", cause.metrics}};
}

Json side_json(std::int64_t id, const std::string& run, const std::optional<double>& ns) {
  return {{"run", id}, {"label", run}, {"time_us", number(ns, kMicroseconds)}};
}

}  // namespace

Json why_value(const WhyView& view) {
  const analysis::Why& why = view.why;
  Json splits = Json::array(), causes = Json::array();
  for (const analysis::WhySplit& split : why.splits) splits.push_back(split_json(split));
  for (const analysis::WhyCause& cause : why.causes) causes.push_back(cause_json(cause));
  const bool split = why.missing.empty() && why.base_ns && why.now_ns;
  return {{"label", view.label},
          {"verdict", view.verdict ? Json(core::name_of(*view.verdict)) : Json(nullptr)},
          {"sentence", view.verdict_sentence},
          {"base", side_json(view.base_id, view.base_run, why.base_ns)},
          {"now", side_json(view.now_id, view.now_run, why.now_ns)},
          {"difference_us", split ? number(why.difference_ns, kMicroseconds) : Json(nullptr)},
          {"missing", text_or_null(why.missing)},
          {"causes", std::move(causes)},
          {"splits", std::move(splits)},
          {"changed", why.changed}};
}

std::string why_json(const std::vector<WhyView>& views, const std::vector<std::string>& notes) {
  Json pairs = Json::array();
  for (const WhyView& view : views) pairs.push_back(why_value(view));
  return dump({{"schema", 1}, {"pairs", std::move(pairs)}, {"notes", notes}}, 2);
}

}  // namespace flashcore::reports
