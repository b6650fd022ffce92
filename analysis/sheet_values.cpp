// The sheets of what was computed: metrics with the roofline, speed of light; and the section of the limit.
#include <fmt/format.h>

#include "analysis/describe.h"
#include "analysis/sheet_parts.h"
#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

std::string tip_of(const Metric& metric) {
  std::string tip = metric.description;
  if (metric.direction == Direction::kHigherIsBetter) tip += " Higher is better.";
  if (metric.direction == Direction::kLowerIsBetter) tip += " Lower is better.";
  return tip;
}

SheetRow metric_row(const MetricValue& value) {
  SheetRow row;
  row.id = value.metric->id;
  row.name = value.metric->title;
  row.value = format_value(value.value, value.metric->unit);
  row.note = value.value ? value.provenance : value.reason;
  row.tip = tip_of(*value.metric);
  row.state = value.value ? RowState::kPlain : RowState::kMissing;
  return row;
}

// What stands above every point, and what is a ceiling to some instructions alone or to nothing.
std::string ceiling_kind(const Ceiling& ceiling) {
  if (ceiling.limit) return "ceiling: ";
  return ceiling.bandwidth ? "definition, no limit: " : "ceiling of these instructions alone: ";
}

std::string attainable_text(const RooflinePoint& point) {
  if (!point.attainable || !point.attainable_fraction)
    return fmt::format("no share: the ceiling of {} is a definition and no limit", point.memory);
  return fmt::format("{} of the attainable {}", format_value(100 * *point.attainable_fraction, "%"),
                     format_value(*point.attainable, "FLOP/s"));
}

SheetSection roofline_section(const Roofline& roofline) {
  SheetSection section{"roofline", "Roofline", roofline.reason, {}};
  for (const RooflinePoint& point : roofline.points) {
    SheetRow row;
    row.id = "roofline." + point.memory;
    row.name = "by " + point.memory + " bytes";
    row.value = format_value(point.performance, "FLOP/s");
    row.note = fmt::format("{} at {:.3g} FLOP/B{}; FLOPs: {}; bytes: {}; time: {}", attainable_text(point),
                           point.intensity, point.bound.empty() ? "" : ", " + point.bound + " bound",
                           point.flops_provenance, point.bytes_provenance, point.time_provenance);
    section.rows.push_back(std::move(row));
  }
  for (const Ceiling& ceiling : roofline.ceilings) {
    section.rows.push_back(text_row("ceiling." + ceiling.id, ceiling_kind(ceiling) + ceiling.title,
                                    ceiling_text(ceiling), ceiling.source));
  }
  return section;
}

SheetRow shown_row(std::string id, std::string name, const ShownValue& value, std::string_view before = {}) {
  SheetRow row{std::move(id), std::move(name), value.text, std::string(before) + value.note, {}, {}};
  row.tip = value.tip.empty() ? value.metric : value.tip;
  if (!value.value) {
    row.value = "missing";
    row.state = RowState::kMissing;
  }
  return row;
}

// Shares of elapsed cycles and throughputs are those of that pass, and not of the timing.
std::string of_the_pass(const SpeedOfLight& light) {
  return light.pass_note.empty() ? "" : "Of the " + light.pass_note + ".";
}

SheetSection bars_section(const SpeedOfLight& light) {
  SheetSection section{"speed_of_light.bars", "Units, each against its own peak", of_the_pass(light), {}};
  for (const SpeedBar& bar : light.bars) {
    section.rows.push_back(
        shown_row("bar." + bar.id, bar.title, bar.share, bar.binding ? bar.mark + "; " : ""));
  }
  if (section.rows.empty()) section.description = light.reason;
  return section;
}

SheetSection memory_section(const SpeedOfLight& light) {
  SheetSection section{"speed_of_light.memory", "Memory chart", of_the_pass(light), {}};
  const auto add = [&](const std::string& id, const std::string& name, const ShownValue& value) {
    if (!value.metric.empty()) section.rows.push_back(shown_row(id, name, value));
  };
  for (const MemoryNode& node : light.nodes) {
    add("node." + node.id + ".hit_rate", node.title + ", hit rate", node.hit_rate);
    add("node." + node.id + ".share", node.title + ", share of its peak", node.share);
  }
  const auto title = [&](const std::string& id) {
    const MemoryNode* node = light.node(id);
    return node == nullptr ? id : node->title;
  };
  for (std::size_t i = 0; i < light.arrows.size(); ++i) {
    const MemoryArrow& arrow = light.arrows[i];
    const std::string id = fmt::format("arrow.{}.{}.{}", i, arrow.from, arrow.to);
    const std::string name = fmt::format("{} to {}, {}", title(arrow.from), title(arrow.to), arrow.title);
    add(id + ".bytes", name + ", bytes", arrow.bytes);
    add(id + ".throughput", name + ", throughput", arrow.throughput);
  }
  if (section.rows.empty()) section.description = light.reason.empty() ? "There is none." : light.reason;
  return section;
}

}  // namespace

SheetSection limit_section(const ProblemLimit& limit) {
  SheetSection section{
      "summary.limit",
      "Limit of the problem",
      "The least time that its products, exponentials and bytes allow on this device at this run's clock; at "
      "one clock the same for every subject. Assumed: every input is read once, L2 keeps what it can hold, "
      "and "
      "all of it overlaps.",
      {}};
  const auto duration = [](double ns) { return format_duration_ns(ns); };
  std::string binding;
  for (const LimitTerm& term : limit.terms) {
    if (limit.binds(term)) binding += (binding.empty() ? "by its " : " and its ") + term.title;
  }
  section.rows.push_back(value_row(
      "limit.share", "share of the limit", limit.share,
      [](double share) { return format_value(100 * share, "%"); }, "limit over the time of a launch",
      limit.missing));
  section.rows.push_back(value_row("limit", "limit", limit.ns, duration, binding, limit.missing));
  for (const LimitTerm& term : limit.terms) {
    const std::string rate = format_value(term.rate, term.unit + "/s");
    const std::string work = format_value(term.work, term.unit);
    section.rows.push_back(value_row(
        "limit." + term.id, term.title, term.ns, duration,
        fmt::format("{}{} at {}: {}", limit.binds(term) ? "it binds; " : "", work, rate, term.source),
        fmt::format("{}; {}", work, term.missing)));
  }
  return section;
}

Sheet speed_of_light_sheet(const RunAnalysis& run) {
  return {"speed_of_light",
          "Speed of light",
          {bars_section(run.speed_of_light), memory_section(run.speed_of_light)}};
}

Sheet metrics_sheet(const RunAnalysis& run, const Catalogue& catalogue) {
  Sheet sheet{"metrics", "Metrics", {}};
  for (const Section& section : catalogue.sections()) {
    SheetSection out{section.id, section.title, section.description, {}};
    for (const MetricValue& value : run.metrics) {
      if (value.metric != nullptr && value.metric->section == section.id)
        out.rows.push_back(metric_row(value));
    }
    if (!out.rows.empty()) sheet.sections.push_back(std::move(out));
  }
  sheet.sections.push_back(roofline_section(run.roofline));
  return sheet;
}

}  // namespace flashcore::analysis
