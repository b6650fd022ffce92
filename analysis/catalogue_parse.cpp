#include "analysis/catalogue_parse.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/catalogue_rules.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"
#include "analysis/toml_depth.h"
#include "core/nearest.h"

namespace flashcore::analysis {
using core::shortened;

// Reads one file's tables; the first error stays and everything after it is skipped.
struct CatalogueBuilder::Reader {
  std::string_view file;
  std::optional<core::Error> error;

  std::string where(const toml::node& node) const {
    return fmt::format("{}:{}", file, node.source().begin.line);
  }
  void fail(const toml::node& node, const std::string& what, std::string rule = {}) {
    if (!error) error = bad(where(node), what, std::move(rule));
  }
  void allow_keys(const toml::table& table, const std::vector<std::string>& allowed) {
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      const core::Error unknown = core::unknown_name("key", name, allowed);
      fail(value, unknown.message, unknown.hint);
    }
  }
  std::string text(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      fail(table, fmt::format("'{}' is missing", key));
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty()) {
      fail(*node, fmt::format("'{}' must be a text that is not empty", key));
      return {};
    }
    if (value->size() > kLongestText) {
      fail(*node, fmt::format("'{}' is longer than {} bytes", key, kLongestText));
      return {};
    }
    // A description may be written in several lines; it is shown in one.
    std::string in_line = *value;
    if (key == "description") std::replace(in_line.begin(), in_line.end(), '\n', ' ');
    if (harmless(in_line, '?').second) {
      fail(*node, fmt::format("'{}' holds control characters", key));
      return {};
    }
    return in_line;
  }
  double number(const toml::node& node, std::string_view key) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (value && std::isfinite(*value)) return *value;
    fail(node, fmt::format("'{}' must be a finite number", shortened(key)));
    return 0;
  }
  std::vector<std::string> texts(const toml::node* node, const toml::table& table, std::string_view key) {
    std::vector<std::string> all;
    const toml::array* array = node != nullptr ? node->as_array() : nullptr;
    if (array == nullptr || array->empty()) {
      fail(node != nullptr ? *node : static_cast<const toml::node&>(table),
           fmt::format("'{}' must be a list of texts that is not empty", shortened(key)));
      return all;
    }
    for (const toml::node& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value || value->size() > kLongestName) {
        fail(item,
             fmt::format("'{}' must be a list of texts of at most {} bytes", shortened(key), kLongestName));
      }
      all.push_back(value.value_or(""));
    }
    return all;
  }
  std::vector<const toml::table*> tables(const toml::table& root, std::string_view key) {
    std::vector<const toml::table*> all;
    const toml::node* node = root.get(key);
    if (node == nullptr) return all;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      fail(*node, fmt::format("'{}' must be written as [[{}]]", key, key));
      return all;
    }
    for (const toml::node& item : *array) {
      if (item.as_table() == nullptr) {
        fail(item, fmt::format("'{}' must be written as [[{}]]", key, key));
      } else {
        all.push_back(item.as_table());
      }
    }
    return all;
  }

  Section section(const toml::table& table) {
    allow_keys(table, {"id", "title", "description", "order"});
    Section s{text(table, "id"), text(table, "title"), text(table, "description"), 0};
    if (const toml::node* order = table.get("order")) {
      const double place = number(*order, "order");
      if (std::fabs(place) > 1e6) fail(*order, "'order' must be between -1000000 and 1000000");
      s.order = error ? 0 : static_cast<int>(place);
    }
    if (!error && !is_identifier(s.id)) {
      fail(table,
           fmt::format("the section id '{}' is not lower case letters, digits and '_'", shortened(s.id)));
    }
    return s;
  }

  void take_counters(const toml::node& node, std::map<std::string, std::string>& counters) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return fail(node, "'counters' must be a table of variable = \"counter\"");
    for (const auto& [key, value] : *table) {
      const std::string name = value.value_exact<std::string>().value_or("");
      if (!is_counter_name(name)) fail(value, fmt::format("'{}' is no name of a counter", shortened(name)));
      counters[std::string(key.str())] = name;
    }
  }

  MetricFormula formula(const toml::table& table) {
    allow_keys(table, {"chips", "counters", "formula", "example", "example_result"});
    MetricFormula f;
    f.chips = texts(table.get("chips"), table, "chips");
    f.formula = text(table, "formula");
    if (const toml::node* node = table.get("counters")) {
      take_counters(*node, f.counters);
    }
    const toml::node* example = table.get("example");
    if (example == nullptr || example->as_table() == nullptr) {
      fail(example != nullptr ? *example : static_cast<const toml::node&>(table),
           "'example' must be a table with a number for every variable of the formula");
    } else {
      for (const auto& [key, value] : *example->as_table()) {
        f.example[std::string(key.str())] = number(value, key.str());
      }
    }
    if (const toml::node* result = table.get("example_result")) {
      f.example_result = number(*result, "example_result");
    } else {
      fail(table, "'example_result' is missing");
    }
    return f;
  }

  Metric metric(const toml::table& table) {
    allow_keys(table, {"id", "title", "unit", "description", "direction", "section", "set", "formula"});
    Metric m;
    m.id = text(table, "id");
    m.title = text(table, "title");
    m.unit = text(table, "unit");
    m.description = text(table, "description");
    m.section = text(table, "section");
    if (!error && !is_identifier(m.id)) {
      fail(table,
           fmt::format("the metric id '{}' is not lower case letters, digits and '_'", shortened(m.id)));
    }
    const std::string direction = text(table, "direction");
    bool known = false;
    for (const Direction d : {Direction::kHigherIsBetter, Direction::kLowerIsBetter, Direction::kNeutral}) {
      if (name_of(d) == direction) m.direction = d, known = true;
    }
    if (!known)
      fail(table, fmt::format("the direction '{}' is not higher, lower or neutral", shortened(direction)));
    if (const auto set = parse_counter_set(text(table, "set"))) {
      m.set = *set;
    } else {
      fail(table, set.error().message);
    }
    return m;
  }
};

core::Status CatalogueBuilder::add_file(std::string_view file, std::string_view text, int layer,
                                        bool trusted) {
  if (auto ok = check_toml_depth(file, text); !ok) return ok;
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return core::fail(bad(fmt::format("{}:{}:{}", file, at.line, at.column),
                          shortened(error.description(), 200), "the file is not valid TOML there"));
  }
  Reader reader{file, std::nullopt};
  reader.allow_keys(root, {"chips", "section", "metric"});

  if (const toml::node* chips = root.get("chips"); chips != nullptr && chips->as_table() != nullptr) {
    for (const auto& [key, value] : *chips->as_table()) {
      const std::string family(key.str());
      families_[family] = reader.texts(&value, *chips->as_table(), key.str());
      family_origins_[family] = {reader.where(value), layer, trusted};
    }
  } else if (chips != nullptr) {
    reader.fail(*chips, "'chips' must be a table of family = [\"chip\", ...]");
  }
  for (const toml::table* table : reader.tables(root, "section")) {
    Section section = reader.section(*table);
    if (reader.error) break;
    const auto before = section_origins_.find(section.id);
    if (before != section_origins_.end() && before->second.layer == layer) {
      reader.fail(*table,
                  fmt::format("the section '{}' is already defined in {}", section.id, before->second.where));
      break;
    }
    section_origins_[section.id] = {reader.where(*table), layer, trusted};
    std::erase_if(sections_, [&](const Section& s) { return s.id == section.id; });
    sections_.push_back(std::move(section));
  }
  for (const toml::table* table : reader.tables(root, "metric")) {
    Entry entry{reader.metric(*table), {reader.where(*table), layer, trusted}, {}};
    for (const toml::table* formula : reader.tables(*table, "formula")) {
      entry.metric.formulas.push_back(reader.formula(*formula));
      entry.formula_origins.push_back(reader.where(*formula));
    }
    if (entry.metric.formulas.empty()) reader.fail(*table, "a metric needs at least one [[metric.formula]]");
    if (reader.error) break;
    const auto [at, is_new] = entry_of_.try_emplace(entry.metric.id, entries_.size());
    if (is_new) {
      entries_.push_back(std::move(entry));
    } else if (entries_[at->second].origin.layer == layer) {
      reader.fail(*table, fmt::format("the metric '{}' is already defined in {}", entry.metric.id,
                                      entries_[at->second].origin.where));
    } else {
      entries_[at->second] = std::move(entry);
    }
  }
  if (reader.error) return core::fail(*reader.error);
  return {};
}

core::Status CatalogueBuilder::check_formula(const Metric& metric, const MetricFormula& formula,
                                             const std::string& where, bool trusted) const {
  for (const auto& [name, counter] : formula.counters) {
    if (!is_identifier(name) || find_run_variable(name) != nullptr) {
      return core::fail(bad(
          where, fmt::format("the counter variable '{}' of '{}' is no free name", shortened(name), metric.id),
          "lower case letters, digits and '_', and none of the run's own variables"));
    }
  }
  std::set<std::string> used;
  for (const std::string& name : formula_variables(formula.formula)) {
    used.insert(name);
    if (formula.counters.contains(name)) continue;
    if (find_run_variable(name) == nullptr) {
      std::vector<std::string> known;
      for (const auto& [variable, counter] : formula.counters) known.push_back(variable);
      for (const RunVariable& variable : run_variables()) known.emplace_back(variable.name);
      const core::Error unknown = core::unknown_name("variable", name, known);
      return core::fail(
          bad(where, fmt::format("the formula of '{}': {}", metric.id, unknown.message), unknown.hint));
    }
  }
  for (const auto& [name, counter] : formula.counters) {
    if (!used.contains(name)) {
      return core::fail(
          bad(where, fmt::format("'{}' names the counter '{}' and does not use it", metric.id, name)));
    }
  }
  for (const std::string& name : used) {
    if (!formula.example.contains(name)) {
      return core::fail(
          bad(where, fmt::format("the example of '{}' has no value for '{}'", metric.id, shortened(name))));
    }
  }
  if (trusted) return {};
  const auto result = evaluate_formula(formula.formula, formula.example);
  if (!result) return core::fail(bad(where, result.error().message, result.error().hint));
  const double tolerance = 1e-9 * std::max(1.0, std::fabs(formula.example_result));
  if (!(std::fabs(*result - formula.example_result) <= tolerance)) {
    return core::fail(bad(where, fmt::format("the example of '{}' gives {}, and example_result says {}",
                                             metric.id, *result, formula.example_result)));
  }
  return {};
}

core::Status CatalogueBuilder::expand_chips(Metric& metric, const Entry& entry) const {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < metric.formulas.size(); ++i) {
    std::vector<std::string> chips;
    for (const std::string& chip : metric.formulas[i].chips) {
      if (!chip.starts_with('@')) {
        chips.push_back(chip);
        continue;
      }
      const auto family = families_.find(chip.substr(1));
      if (family == families_.end()) {
        return core::fail(bad(entry.formula_origins[i],
                              fmt::format("'{}' names the chip family '{}', which no [chips] defines",
                                          metric.id, shortened(chip))));
      }
      chips.insert(chips.end(), family->second.begin(), family->second.end());
    }
    for (const std::string& chip : chips) {
      if (!seen.insert(chip).second) {
        return core::fail(bad(entry.formula_origins[i], fmt::format("'{}' has two formulas for the chip '{}'",
                                                                    metric.id, shortened(chip))));
      }
    }
    metric.formulas[i].chips = std::move(chips);
  }
  return {};
}

core::Status CatalogueBuilder::finish(std::vector<Section>& sections, std::vector<Metric>& metrics) {
  std::stable_sort(sections_.begin(), sections_.end(),
                   [](const Section& a, const Section& b) { return a.order < b.order; });
  std::map<std::string, std::size_t> place;
  std::vector<std::string> ids;
  for (const Section& section : sections_) {
    place.emplace(section.id, place.size());
    ids.push_back(section.id);
  }
  for (Entry& entry : entries_) {
    if (!place.contains(entry.metric.section)) {
      const core::Error unknown = core::unknown_name("section", entry.metric.section, ids);
      return core::fail(bad(entry.origin.where, unknown.message, unknown.hint));
    }
    for (std::size_t i = 0; i < entry.metric.formulas.size(); ++i) {
      if (auto ok = check_formula(entry.metric, entry.metric.formulas[i], entry.formula_origins[i],
                                  entry.origin.trusted);
          !ok) {
        return ok;
      }
    }
    if (auto ok = expand_chips(entry.metric, entry); !ok) return ok;
  }
  std::stable_sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    return place[a.metric.section] < place[b.metric.section];
  });
  sections = std::move(sections_);
  metrics.clear();
  metrics.reserve(entries_.size());
  for (Entry& entry : entries_) metrics.push_back(std::move(entry.metric));
  return {};
}

}  // namespace flashcore::analysis
