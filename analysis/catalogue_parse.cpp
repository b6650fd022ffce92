#include "analysis/catalogue_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/catalogue_rules.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

using core::shortened;

// What a guard calls the metric's own value.
constexpr std::string_view kOwnValue = "value";

tl::unexpected<core::Error> unknown(const std::string& where, const std::string& before,
                                    std::string_view kind, const std::string& name,
                                    const std::vector<std::string>& known) {
  const core::Error error = core::unknown_name(kind, name, known);
  return core::fail(bad(where, before + error.message, error.hint));
}

std::vector<std::string> names_for(const MetricFormula& formula, bool guard) {
  std::vector<std::string> known;
  for (const auto& [variable, counter] : formula.counters) known.push_back(variable);
  for (const RunVariable& variable : run_variables()) known.emplace_back(variable.name);
  if (guard) known.emplace_back(kOwnValue);
  return known;
}

// Every variable of `text` is a counter of the formula or of the run, and the example has a number for it.
core::Status check_variables(const Metric& metric, const MetricFormula& formula, const std::string& text,
                             bool guard, const std::string& where) {
  const std::string what = fmt::format("the {} of '{}'", guard ? "guard" : "formula", metric.id);
  for (const std::string& name : formula_variables(text)) {
    if (guard && name == kOwnValue) continue;
    if (!formula.counters.contains(name) && find_run_variable(name) == nullptr) {
      return unknown(where, what + ": ", "variable", name, names_for(formula, guard));
    }
    if (!formula.example.contains(name)) {
      return core::fail(
          bad(where, fmt::format("{}: the example has no value for '{}'", what, shortened(name))));
    }
  }
  return {};
}

core::Status check_counter_names(const Metric& metric, const MetricFormula& formula,
                                 const std::string& where) {
  for (const auto& [name, counter] : formula.counters) {
    if (!is_identifier(name) || find_run_variable(name) != nullptr || name == kOwnValue) {
      return core::fail(bad(
          where, fmt::format("the counter variable '{}' of '{}' is no free name", shortened(name), metric.id),
          "lower case letters, digits and '_', not 'value' and none of the run's own variables"));
    }
  }
  return {};
}

core::Status check_counters_used(const Metric& metric, const MetricFormula& formula,
                                 const std::string& where) {
  std::set<std::string> used;
  const auto use = [&](const std::string& text) {
    for (std::string& name : formula_variables(text)) used.insert(std::move(name));
  };
  use(formula.formula);
  for (const MetricGuard& guard : metric.guards) use(guard.when);
  for (const auto& [name, counter] : formula.counters) {
    if (!used.contains(name)) {
      return core::fail(
          bad(where, fmt::format("'{}' names the counter '{}' and does not use it", metric.id, name)));
    }
  }
  return {};
}

core::Status check_example(const Metric& metric, const MetricFormula& formula, const std::string& where) {
  const auto result = evaluate_formula(formula.formula, formula.example);
  if (!result) return core::fail(bad(where, result.error().message, result.error().hint));
  const double tolerance = 1e-9 * std::max(1.0, std::fabs(formula.example_result));
  if (!(std::fabs(*result - formula.example_result) <= tolerance)) {
    return core::fail(bad(where, fmt::format("the example of '{}' gives {}, and example_result says {}",
                                             metric.id, *result, formula.example_result)));
  }
  return {};
}

// The example is a value that means something: a guard that refuses it is wrong, or the example is.
core::Status check_guard_example(const Metric& metric, const MetricFormula& formula, const MetricGuard& guard,
                                 const std::string& where) {
  std::map<std::string, double> values = formula.example;
  values[std::string(kOwnValue)] = formula.example_result;
  const auto refused = evaluate_formula(guard.when, values);
  if (!refused) return core::fail(bad(where, refused.error().message, refused.error().hint));
  if (*refused != 0) {
    return core::fail(bad(where, fmt::format("the guard '{}' of '{}' refuses the example's own value {}",
                                             shortened(guard.when), metric.id, formula.example_result)));
  }
  return {};
}

}  // namespace

template <typename Value>
core::Status CatalogueBuilder::put(Entries<Value>& into, std::string_view what, std::string id,
                                   Placed<Value> placed, int layer, bool trusted) {
  Entry<Value> entry{std::move(id), std::move(placed.value), {std::move(placed.where), layer, trusted}};
  const auto before =
      std::find_if(into.begin(), into.end(), [&](const Entry<Value>& other) { return other.id == entry.id; });
  if (before == into.end()) {
    into.push_back(std::move(entry));
  } else if (before->origin.layer == layer) {
    return core::fail(bad(entry.origin.where, fmt::format("the {} '{}' is already defined in {}", what,
                                                          shortened(entry.id), before->origin.where)));
  } else {
    *before = std::move(entry);
  }
  return {};
}

core::Status CatalogueBuilder::add_file(std::string_view file, std::string_view text, int layer,
                                        bool trusted) {
  auto read = read_catalogue_file(file, text);
  if (!read) return core::fail(read.error());
  for (auto& family : read->families) families_[family.value.name] = std::move(family.value.chips);
  core::Status ok;
  const auto take = [&](auto& from, auto& into, std::string_view what, const auto& id_of) {
    for (auto& one : from) {
      if (!ok) return;
      std::string id = id_of(one.value);
      ok = put(into, what, std::move(id), std::move(one), layer, trusted);
    }
  };
  const auto own_id = [](const auto& value) { return value.id; };
  take(read->sections, sections_, "section", own_id);
  take(read->metrics, metrics_, "metric", [](const ReadMetric& read_one) { return read_one.metric.id; });
  take(read->bars, bars_, "bar", own_id);
  take(read->nodes, nodes_, "node", own_id);
  take(read->arrows, arrows_, "arrow",
       [](const ArrowSpec& arrow) { return fmt::format("{} to {}", arrow.from, arrow.to); });
  take(read->orders, orders_, "order", [](const CounterOrder& order) {
    return fmt::format("{} of {}", name_of(order.set), fmt::join(order.chips, ", "));
  });
  return ok;
}

core::Status CatalogueBuilder::check_metric(const Entry<ReadMetric>& entry) const {
  const Metric& metric = entry.value.metric;
  const std::vector<std::string>& places = entry.value.formula_places;
  for (std::size_t i = 0; i < metric.formulas.size(); ++i) {
    const MetricFormula& formula = metric.formulas[i];
    if (auto ok = check_counter_names(metric, formula, places[i]); !ok) return ok;
    if (auto ok = check_variables(metric, formula, formula.formula, false, places[i]); !ok) return ok;
    if (auto ok = check_counters_used(metric, formula, places[i]); !ok) return ok;
    if (!entry.origin.trusted) {
      if (auto ok = check_example(metric, formula, places[i]); !ok) return ok;
    }
    for (std::size_t g = 0; g < metric.guards.size(); ++g) {
      const std::string& where = entry.value.guard_places[g];
      if (auto ok = check_variables(metric, formula, metric.guards[g].when, true, where); !ok) return ok;
      if (entry.origin.trusted) continue;
      if (auto ok = check_guard_example(metric, formula, metric.guards[g], where); !ok) return ok;
    }
  }
  return {};
}

core::Status CatalogueBuilder::expand_chips(std::vector<std::string>& chips, const std::string& what,
                                            const std::string& where) const {
  std::vector<std::string> expanded;
  for (const std::string& chip : chips) {
    if (!chip.starts_with('@')) {
      expanded.push_back(chip);
      continue;
    }
    const auto family = families_.find(chip.substr(1));
    if (family == families_.end()) {
      return core::fail(bad(where, fmt::format("{} names the chip family '{}', which no [chips] defines",
                                               what, shortened(chip))));
    }
    expanded.insert(expanded.end(), family->second.begin(), family->second.end());
  }
  chips = std::move(expanded);
  return {};
}

core::Status CatalogueBuilder::expand_formulas(Entry<ReadMetric>& entry) const {
  std::set<std::string> seen;
  std::vector<MetricFormula>& formulas = entry.value.metric.formulas;
  for (std::size_t i = 0; i < formulas.size(); ++i) {
    const std::string& where = entry.value.formula_places[i];
    if (auto ok = expand_chips(formulas[i].chips, fmt::format("'{}'", entry.id), where); !ok) return ok;
    for (const std::string& chip : formulas[i].chips) {
      if (!seen.insert(chip).second) {
        return core::fail(
            bad(where, fmt::format("'{}' has two formulas for the chip '{}'", entry.id, shortened(chip))));
      }
    }
  }
  return {};
}

core::Status CatalogueBuilder::check_speed_of_light() const {
  // A face draws a bar by a percentage and an arrow by bytes: another unit there would be shown as one.
  const auto metric = [&](const std::string& id, std::string_view unit,
                          const Origin& origin) -> core::Status {
    if (id.empty()) return {};
    const auto found = std::find_if(metrics_.begin(), metrics_.end(),
                                    [&](const Entry<ReadMetric>& entry) { return entry.id == id; });
    if (found == metrics_.end()) {
      std::vector<std::string> ids;
      for (const Entry<ReadMetric>& entry : metrics_) ids.push_back(entry.id);
      return unknown(origin.where, "", "metric", id, ids);
    }
    if (found->value.metric.unit != unit) {
      return core::fail(
          bad(origin.where, fmt::format("the metric '{}' is in '{}', and in this place stands '{}'", id,
                                        found->value.metric.unit, unit)));
    }
    return {};
  };
  const auto node = [&](const std::string& id, const Origin& origin) -> core::Status {
    std::vector<std::string> ids;
    for (const Entry<NodeSpec>& entry : nodes_) ids.push_back(entry.id);
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return {};
    return unknown(origin.where, "", "node", id, ids);
  };
  for (const Entry<BarSpec>& bar : bars_) {
    if (auto ok = metric(bar.value.metric, "%", bar.origin); !ok) return ok;
    const std::string& whole = bar.value.part_of;
    std::vector<std::string> others;
    for (const Entry<BarSpec>& other : bars_) {
      if (other.id != bar.id) others.push_back(other.id);
    }
    if (!whole.empty() && std::find(others.begin(), others.end(), whole) == others.end())
      return unknown(bar.origin.where, "", "bar", whole, others);
  }
  for (const Entry<NodeSpec>& one : nodes_) {
    if (auto ok = metric(one.value.hit_rate, "%", one.origin); !ok) return ok;
    if (auto ok = metric(one.value.share, "%", one.origin); !ok) return ok;
  }
  for (const Entry<ArrowSpec>& arrow : arrows_) {
    if (auto ok = node(arrow.value.from, arrow.origin); !ok) return ok;
    if (auto ok = node(arrow.value.to, arrow.origin); !ok) return ok;
    if (auto ok = metric(arrow.value.bytes, "B", arrow.origin); !ok) return ok;
    if (auto ok = metric(arrow.value.throughput, "B/s", arrow.origin); !ok) return ok;
  }
  return {};
}

core::Result<std::vector<CounterOrder>> CatalogueBuilder::take_orders() {
  // Those of the last layer first: for a chip and a set the first one counts.
  std::stable_sort(orders_.begin(), orders_.end(),
                   [](const auto& a, const auto& b) { return a.origin.layer > b.origin.layer; });
  std::map<std::pair<std::string, CounterSet>, Origin> seen;
  std::vector<CounterOrder> orders;
  for (Entry<CounterOrder>& entry : orders_) {
    CounterOrder& order = entry.value;
    if (auto ok = expand_chips(order.chips, "an order", entry.origin.where); !ok)
      return core::fail(ok.error());
    std::erase_if(order.chips, [&](const std::string& chip) {
      const auto before = seen.find({chip, order.set});
      return before != seen.end() && before->second.layer > entry.origin.layer;
    });
    for (const std::string& chip : order.chips) {
      const auto [before, is_new] = seen.try_emplace({chip, order.set}, entry.origin);
      if (is_new) continue;
      return core::fail(
          bad(entry.origin.where, fmt::format("the order of '{}' for the chip '{}' is already defined in {}",
                                              name_of(order.set), shortened(chip), before->second.where)));
    }
    if (!order.chips.empty()) orders.push_back(std::move(order));
  }
  return orders;
}

core::Result<CatalogueParts> CatalogueBuilder::finish() {
  std::stable_sort(sections_.begin(), sections_.end(),
                   [](const auto& a, const auto& b) { return a.value.order < b.value.order; });
  std::map<std::string, std::size_t> place;
  std::vector<std::string> ids;
  for (const Entry<Section>& section : sections_) {
    place.emplace(section.id, place.size());
    ids.push_back(section.id);
  }
  for (Entry<ReadMetric>& entry : metrics_) {
    const std::string& section = entry.value.metric.section;
    if (!place.contains(section)) {
      return unknown(entry.origin.where, "", "section", section, ids);
    }
    if (auto ok = check_metric(entry); !ok) return core::fail(ok.error());
    if (auto ok = expand_formulas(entry); !ok) return core::fail(ok.error());
  }
  if (auto ok = check_speed_of_light(); !ok) return core::fail(ok.error());
  auto orders = take_orders();
  if (!orders) return core::fail(orders.error());
  std::stable_sort(metrics_.begin(), metrics_.end(), [&](const auto& a, const auto& b) {
    return place[a.value.metric.section] < place[b.value.metric.section];
  });
  CatalogueParts parts;
  parts.orders = std::move(*orders);
  for (auto& section : sections_) parts.sections.push_back(std::move(section.value));
  parts.metrics.reserve(metrics_.size());
  for (auto& entry : metrics_) parts.metrics.push_back(std::move(entry.value.metric));
  for (auto& bar : bars_) parts.speed_of_light.bars.push_back(std::move(bar.value));
  for (auto& node : nodes_) parts.speed_of_light.nodes.push_back(std::move(node.value));
  for (auto& arrow : arrows_) parts.speed_of_light.arrows.push_back(std::move(arrow.value));
  return parts;
}

}  // namespace flashcore::analysis
