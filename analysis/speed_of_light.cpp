#include "analysis/speed_of_light.h"

#include <algorithm>
#include <utility>

#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

constexpr int kPassDigits = 4;

ShownValue shown(const std::vector<MetricValue>& metrics, const std::string& id) {
  ShownValue value;
  value.metric = id;
  if (id.empty()) return value;
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricValue& metric) {
    return metric.metric != nullptr && metric.metric->id == id;
  });
  if (found == metrics.end()) {
    value.text = "missing";
    value.note = "the catalogue has no metric '" + id + "'";
    return value;
  }
  value.value = found->value;
  value.text = format_value(found->value, found->metric->unit);
  value.note = found->value ? found->provenance : found->reason;
  value.tip = found->metric->description;
  return value;
}

SpeedBar* highest_of(std::vector<SpeedBar>& bars, const SpeedBar* without) {
  SpeedBar* highest = nullptr;
  for (SpeedBar& bar : bars) {
    if (&bar == without || !bar.share.value) continue;
    if (highest == nullptr || *bar.share.value > *highest->share.value) highest = &bar;
  }
  return highest;
}

// A part has the mark of its whole where it is most of it, and nothing else stands between the two.
void mark_binding(std::vector<SpeedBar>& bars, const std::vector<BarSpec>& specs) {
  SpeedBar* highest = highest_of(bars, nullptr);
  if (highest == nullptr) return;
  SpeedBar* part = highest_of(bars, highest);
  const auto spec = [&](const SpeedBar* bar) { return specs[static_cast<std::size_t>(bar - bars.data())]; };
  std::string mark = "the highest";
  if (part != nullptr && spec(part).part_of == highest->id &&
      *part->share.value > 0.5 * *highest->share.value) {
    mark = "most of " + highest->title + ", the highest";
    highest = part;
  }
  highest->binding = true;
  highest->mark = mark + (*highest->share.value >= kBindsFrom ? ": it binds" : "");
}

std::string pass_note(const std::vector<MetricValue>& metrics) {
  const ShownValue counted = shown(metrics, "counter_duration"), timed = shown(metrics, "duration");
  if (!counted.value) return {};
  const std::string pass = "counter pass: " + format_duration_ns(*counted.value, kPassDigits);
  return timed.value ? pass + " (timed: " + format_duration_ns(*timed.value, kPassDigits) + ")" : pass;
}

// Why there is nothing at all: the reason of the first value that should be there.
std::string why_nothing(const SpeedOfLight& light) {
  std::string reason;
  bool some = false;
  const auto look = [&](const ShownValue& value) {
    if (value.value) some = true;
    if (!value.value && !value.metric.empty() && reason.empty()) reason = value.note;
  };
  for (const SpeedBar& bar : light.bars) look(bar.share);
  for (const MemoryNode& node : light.nodes) {
    look(node.hit_rate);
    look(node.share);
  }
  for (const MemoryArrow& arrow : light.arrows) {
    look(arrow.bytes);
    look(arrow.throughput);
  }
  if (some) return {};
  return reason.empty() ? "the catalogue names no metric for it" : reason;
}

}  // namespace

bool SpeedOfLight::names_busiest() const {
  const auto missing =
      std::count_if(bars.begin(), bars.end(), [](const SpeedBar& bar) { return !bar.share.value; });
  return binding() != nullptr && 4 * missing <= static_cast<std::ptrdiff_t>(bars.size());
}

const SpeedBar* SpeedOfLight::binding() const {
  const auto found = std::find_if(bars.begin(), bars.end(), [](const SpeedBar& bar) { return bar.binding; });
  return found == bars.end() ? nullptr : &*found;
}

const MemoryNode* SpeedOfLight::node(std::string_view id) const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const MemoryNode& n) { return n.id == id; });
  return found == nodes.end() ? nullptr : &*found;
}

SpeedOfLight speed_of_light(const Catalogue& catalogue, const std::vector<MetricValue>& metrics) {
  const SpeedOfLightSpec& spec = catalogue.speed_of_light();
  SpeedOfLight light;
  for (const BarSpec& bar : spec.bars) {
    light.bars.push_back({bar.id, bar.title, shown(metrics, bar.metric), false, {}});
  }
  mark_binding(light.bars, spec.bars);
  for (const NodeSpec& node : spec.nodes) {
    light.nodes.push_back({node.id, node.title, shown(metrics, node.hit_rate), shown(metrics, node.share)});
  }
  for (const ArrowSpec& arrow : spec.arrows) {
    MemoryArrow drawn{arrow.from, arrow.to, arrow.title, shown(metrics, arrow.bytes),
                      shown(metrics, arrow.throughput)};
    if (drawn.bytes.value || !arrow.where_counted) light.arrows.push_back(std::move(drawn));
  }
  light.pass_note = pass_note(metrics);
  light.reason = why_nothing(light);
  return light;
}

}  // namespace flashcore::analysis
