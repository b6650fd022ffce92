#include "analysis/catalogue_reader.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "analysis/catalogue_rules.h"
#include "analysis/toml_depth.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

using core::shortened;

// Reads one file's tables; the first error stays and everything after it is skipped.
struct Reader {
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
    if (key == "description" || key == "reason") std::replace(in_line.begin(), in_line.end(), '\n', ' ');
    if (harmless(in_line, '?').second) {
      fail(*node, fmt::format("'{}' holds control characters", key));
      return {};
    }
    return in_line;
  }
  std::string identifier(const toml::table& table, std::string_view key, std::string_view what) {
    std::string id = text(table, key);
    if (!error && !is_identifier(id)) {
      fail(table, fmt::format("the {} '{}' is not lower case letters, digits and '_'", what, shortened(id)));
    }
    return id;
  }
  // Empty where the key is not there.
  std::string identifier_or_none(const toml::table& table, std::string_view key, std::string_view what) {
    return table.get(key) == nullptr ? std::string() : identifier(table, key, what);
  }
  // False where the key is not there.
  bool flag(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return false;
    if (const auto value = node->is_boolean() ? node->value<bool>() : std::nullopt) return *value;
    fail(*node, fmt::format("'{}' must be true or false", shortened(key)));
    return false;
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
  CounterSet counter_set(const toml::table& table) {
    const auto set = parse_counter_set(text(table, "set"));
    if (!set) fail(table, set.error().message);
    return set ? *set : CounterSet::kStandard;
  }

  std::vector<Placed<ChipFamily>> families(const toml::table& root) {
    std::vector<Placed<ChipFamily>> all;
    const toml::node* chips = root.get("chips");
    if (chips == nullptr) return all;
    if (chips->as_table() == nullptr) {
      fail(*chips, "'chips' must be a table of family = [\"chip\", ...]");
      return all;
    }
    for (const auto& [key, value] : *chips->as_table()) {
      all.push_back({{std::string(key.str()), texts(&value, *chips->as_table(), key.str())}, where(value)});
    }
    return all;
  }

  Section section(const toml::table& table) {
    allow_keys(table, {"id", "title", "description", "order"});
    Section s{identifier(table, "id", "section id"), text(table, "title"), text(table, "description"), 0};
    if (const toml::node* order = table.get("order")) {
      const double place = number(*order, "order");
      if (std::fabs(place) > 1e6) fail(*order, "'order' must be between -1000000 and 1000000");
      s.order = error ? 0 : static_cast<int>(place);
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
    if (const toml::node* node = table.get("counters")) take_counters(*node, f.counters);
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

  ReadMetric metric(const toml::table& table) {
    allow_keys(table,
               {"id", "title", "unit", "description", "direction", "section", "set", "formula", "guard"});
    ReadMetric read;
    Metric& m = read.metric;
    m.id = identifier(table, "id", "metric id");
    m.title = text(table, "title");
    m.unit = text(table, "unit");
    m.description = text(table, "description");
    m.section = text(table, "section");
    const std::string direction = text(table, "direction");
    bool known = false;
    for (const Direction d : {Direction::kHigherIsBetter, Direction::kLowerIsBetter, Direction::kNeutral}) {
      if (name_of(d) == direction) m.direction = d, known = true;
    }
    if (!known)
      fail(table, fmt::format("the direction '{}' is not higher, lower or neutral", shortened(direction)));
    m.set = counter_set(table);
    for (const toml::table* one : tables(table, "formula")) {
      m.formulas.push_back(formula(*one));
      read.formula_places.push_back(where(*one));
    }
    if (m.formulas.empty()) fail(table, "a metric needs at least one [[metric.formula]]");
    for (const toml::table* one : tables(table, "guard")) {
      allow_keys(*one, {"when", "reason"});
      m.guards.push_back({text(*one, "when"), text(*one, "reason")});
      read.guard_places.push_back(where(*one));
    }
    return read;
  }

  BarSpec bar(const toml::table& table) {
    allow_keys(table, {"id", "title", "metric", "part_of"});
    return {identifier(table, "id", "bar id"), text(table, "title"), identifier(table, "metric", "metric id"),
            identifier_or_none(table, "part_of", "bar id")};
  }
  NodeSpec node(const toml::table& table) {
    allow_keys(table, {"id", "title", "hit_rate", "share"});
    return {identifier(table, "id", "node id"), text(table, "title"),
            identifier_or_none(table, "hit_rate", "metric id"),
            identifier_or_none(table, "share", "metric id")};
  }
  ArrowSpec arrow(const toml::table& table) {
    allow_keys(table, {"from", "to", "title", "bytes", "throughput", "where_counted"});
    return {identifier(table, "from", "node id"),
            identifier(table, "to", "node id"),
            text(table, "title"),
            identifier_or_none(table, "bytes", "metric id"),
            identifier_or_none(table, "throughput", "metric id"),
            flag(table, "where_counted")};
  }
  CounterOrder order(const toml::table& table) {
    allow_keys(table, {"chips", "set", "counters"});
    CounterOrder o{texts(table.get("chips"), table, "chips"), counter_set(table), {}};
    // Names between white space: a list of hundreds of texts would take as long to parse as all metrics.
    const toml::node* node = table.get("counters");
    const auto* names = node != nullptr ? node->as_string() : nullptr;
    if (names == nullptr) {
      fail(node != nullptr ? *node : static_cast<const toml::node&>(table),
           "'counters' must be a text of names with white space between them");
      return o;
    }
    std::istringstream words(names->get());
    for (std::string name; words >> name;) {
      if (!is_counter_name(name)) fail(table, fmt::format("'{}' is no name of a counter", shortened(name)));
      o.counters.push_back(std::move(name));
    }
    if (o.counters.empty()) fail(*node, "'counters' must name at least one");
    return o;
  }

  // Every [[key]] of the file, read by `one`.
  template <typename Value, typename One>
  void all_of(const toml::table& root, std::string_view key, std::vector<Placed<Value>>& into, One one) {
    for (const toml::table* table : tables(root, key)) {
      if (error) return;
      into.push_back({(this->*one)(*table), where(*table)});
    }
  }
};

}  // namespace

core::Result<CatalogueFile> read_catalogue_file(std::string_view file, std::string_view text) {
  if (auto ok = check_toml_depth(file, text); !ok) return core::fail(ok.error());
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return core::fail(bad(fmt::format("{}:{}:{}", file, at.line, at.column),
                          shortened(error.description(), 200), "the file is not valid TOML there"));
  }
  Reader reader{file, std::nullopt};
  reader.allow_keys(root, {"chips", "section", "metric", "bar", "node", "arrow", "order"});
  CatalogueFile read;
  read.families = reader.families(root);
  reader.all_of(root, "section", read.sections, &Reader::section);
  reader.all_of(root, "metric", read.metrics, &Reader::metric);
  reader.all_of(root, "bar", read.bars, &Reader::bar);
  reader.all_of(root, "node", read.nodes, &Reader::node);
  reader.all_of(root, "arrow", read.arrows, &Reader::arrow);
  reader.all_of(root, "order", read.orders, &Reader::order);
  if (reader.error) return core::fail(*reader.error);
  return read;
}

}  // namespace flashcore::analysis
