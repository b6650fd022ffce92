// The TOML of a gate file into limits, each checked against the catalogue as it is read.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "analysis/catalogue_rules.h"
#include "analysis/gate/gate.h"
#include "analysis/toml_depth.h"
#include "core/atomic_file.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

using core::shortened;

constexpr std::size_t kLargestFile = 1 << 20;
constexpr std::size_t kMostLimits = 10'000;
constexpr double kMostChange = 10;  // ten times worse: more is a slip of the percent sign
constexpr const char* kRule = "docs/gates.md says how a limit is written";

constexpr std::array kGateValues{
    GateValue{"answer", "Answer", "", "whether every check of the answer passed; the limit has no number"},
    GateValue{"max_error", "Largest error", "1", "largest absolute error of any check"},
    GateValue{"mean_error", "Mean error", "1", "largest mean error of any check"},
    GateValue{"error_share", "Error over its tolerance", "1",
              "largest error of a check over what that check allows: 1 is all of it"},
    GateValue{"shared_bytes", "Shared memory of a block", "B",
              "static and dynamic together; the most of any kernel of the launch"},
};

const std::vector<std::string> kLimitKeys{"name",      "phases",      "problems", "device", "cache",
                                          "metric",    "min",         "max",      "base",   "max_change",
                                          "reference", "min_speedup", "optional", "reason"};

// Reads one file; the first error stays and everything after it is skipped.
struct Reader {
  std::string_view file;
  const Catalogue& catalogue;
  std::optional<core::Error> error;

  void fail(const toml::node& node, const std::string& what, std::string rule = kRule) {
    if (!error) error = bad(fmt::format("{}:{}", file, node.source().begin.line), what, std::move(rule));
  }
  void allow_keys(const toml::table& table, const std::vector<std::string>& allowed) {
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      const core::Error unknown = core::unknown_name("key", name, allowed);
      if (!error)
        error = bad(fmt::format("{}:{}", file, key.source().begin.line), unknown.message, unknown.hint);
    }
  }
  // Empty where the key is not there.
  std::string text(const toml::table& table, std::string_view key, std::size_t longest) {
    const toml::node* node = table.get(key);
    return node == nullptr ? std::string() : text(*node, key, longest);
  }
  std::string text(const toml::node& node, std::string_view key, std::size_t longest) {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) {
      fail(node, fmt::format("'{}' must be a text that is not empty", key));
      return {};
    }
    if (value->size() > longest) {
      fail(node, fmt::format("'{}' is longer than {} bytes: '{}'", key, longest, shortened(*value)));
      return {};
    }
    std::string in_line = *value;  // a reason may be written in several lines; it is shown in one
    if (key == "reason") std::replace(in_line.begin(), in_line.end(), '\n', ' ');
    if (harmless(in_line, '?').second) {
      fail(node, fmt::format("'{}' holds control characters: '{}'", key, shortened(in_line)));
      return {};
    }
    return in_line;
  }
  std::vector<std::string> texts(const toml::table& table, std::string_view key) {
    std::vector<std::string> all;
    const toml::node* node = table.get(key);
    if (node == nullptr) return all;
    const toml::array* array = node->as_array();
    if (array == nullptr || array->empty()) {
      fail(*node, fmt::format("'{}' must be a list of texts that is not empty, for example {} = [\"{}\"]",
                              key, key, key == "phases" ? "fused" : "mission"));
      return all;
    }
    for (const toml::node& item : *array) {
      all.push_back(text(item, key, kLongestText));
      if (std::count(all.begin(), all.end(), all.back()) > 1) {
        fail(item, fmt::format("'{}' names '{}' twice", key, shortened(all.back())));
      }
    }
    return all;
  }
  std::optional<double> number(const toml::table& table, std::string_view key, std::string_view unit) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && std::isfinite(*value)) return value;
    fail(*node, fmt::format("'{}' must be a finite number without a unit: it is in the metric's own ({})",
                            key, unit.empty() || unit == "1" ? "a plain number" : unit));
    return std::nullopt;
  }
  // "2%" as 0.02. A bare number is refused: 0.02 and 2 would both be somebody's two percent.
  std::optional<double> percent(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return std::nullopt;
    const std::string value = node->value_exact<std::string>().value_or("");
    double share = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, wrong] = std::from_chars(value.data(), end, share);
    std::string_view behind(rest, static_cast<std::size_t>(end - rest));
    while (behind.starts_with(' ')) behind.remove_prefix(1);
    if (wrong == std::errc() && behind == "%" && std::isfinite(share) && share >= 0 &&
        share / 100 <= kMostChange) {
      return share / 100;
    }
    std::ostringstream written;
    written << toml::node_view<const toml::node>(*node);
    fail(*node,
         fmt::format("'{}' must be a text with a percent sign from 0% to {}%, not {}", key, 100 * kMostChange,
                     shortened(written.str())),
         fmt::format("for example {} = \"2%\"", key));
    return std::nullopt;
  }
  bool flag(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return false;
    if (const auto value = node->is_boolean() ? node->value<bool>() : std::nullopt) return *value;
    fail(*node, fmt::format("'{}' must be true or false", key));
    return false;
  }

  void selection(const toml::table& table, GateLimit& limit) {
    limit.phases = texts(table, "phases");
    for (const std::string& label : texts(table, "problems")) {
      auto problem = error ? core::fail(*error) : core::parse_problem(label);
      if (problem) {
        limit.problems.push_back(std::move(*problem));
      } else {
        fail(*table.get("problems"), problem.error().message, problem.error().hint);
      }
    }
    limit.device = text(table, "device", kLongestText);
    if (const toml::node* node = table.get("cache")) {
      const std::string word = text(*node, "cache", kLongestName);
      limit.cache = core::named<core::CacheState>(word);
      if (!limit.cache) fail(*node, fmt::format("'cache' is '{}', not warm or cold", shortened(word)));
    }
  }

  // The direction that a comparison needs; neutral where there is none to be had.
  Direction metric(const toml::table& table, GateLimit& limit) {
    const toml::node* node = table.get("metric");
    limit.metric = text(table, "metric", kLongestText);
    if (node == nullptr && table.get("reference") != nullptr) limit.metric = "duration";
    if (limit.metric.empty()) {
      if (node == nullptr) fail(table, "'metric' is missing");
      return Direction::kNeutral;
    }
    for (const GateValue& own : kGateValues) {
      if (own.id != limit.metric) continue;
      limit.title = own.title;
      limit.unit = own.unit;
      return Direction::kNeutral;
    }
    if (const Metric* known = catalogue.find(limit.metric)) {
      limit.title = known->title;
      limit.unit = known->unit;
      return known->direction;
    }
    std::vector<std::string> all;
    for (const Metric& one : catalogue.metrics()) all.push_back(one.id);
    for (const GateValue& own : kGateValues) all.emplace_back(own.id);
    const core::Error unknown = core::unknown_name("metric", limit.metric, all);
    fail(node != nullptr ? *node : static_cast<const toml::node&>(table), unknown.message,
         "flashcore-profile list metrics names those of the catalogue, docs/gates.md the gate's own");
    return Direction::kNeutral;
  }

  void kind(const toml::table& table, GateLimit& limit, Direction direction) {
    const auto has = [&](const char* key) { return table.get(key) != nullptr; };
    const auto at = [&](const char* key) -> const toml::node& { return has(key) ? *table.get(key) : table; };
    const bool bounds = has("min") || has("max");
    const bool change = has("base") || has("max_change"), speedup = has("reference") || has("min_speedup");
    if (int{bounds} + int{change} + int{speedup} > 1) {
      return fail(table, "the limit asks for several things at once",
                  "one of: min and max; base with max_change; reference with min_speedup");
    }
    if (limit.metric == "answer") {
      limit.kind = GateKind::kAnswer;
      if (bounds || change || speedup) fail(table, "'answer' is right or wrong and has no number to compare");
      return;
    }
    if (!bounds && !change && !speedup) {
      return fail(table, "the limit has no limit: one of min, max, max_change and min_speedup is needed");
    }
    if (bounds) {
      if (limit.min && limit.max && *limit.min > *limit.max) {
        fail(at("min"), fmt::format("min {} is above max {}: nothing could keep it", *limit.min, *limit.max));
      }
      return;
    }
    limit.kind = change ? GateKind::kChange : GateKind::kSpeedup;
    for (const auto& [one, other] : {std::pair{"base", "max_change"}, {"reference", "min_speedup"}}) {
      if (has(one) != has(other)) {
        return fail(at(has(one) ? one : other), fmt::format("'{}' and '{}' go together", one, other));
      }
    }
    if (speedup && limit.metric != "duration") {
      fail(at("metric"), fmt::format("a speed-up is one of 'duration', not of '{}'", limit.metric));
    }
    if (change && direction == Direction::kNeutral) {
      fail(at("metric"),
           fmt::format("'{}' has no better direction, so it cannot become worse than a base", limit.metric),
           "give it min or max, or take a metric with a direction (see: list metrics)");
    }
    if (limit.min_speedup && *limit.min_speedup <= 0)
      fail(at("min_speedup"), "'min_speedup' must be above 0");
  }

  GateLimit limit(const toml::table& table) {
    allow_keys(table, kLimitKeys);
    GateLimit limit;
    limit.line = static_cast<int>(table.source().begin.line);
    if (table.get("name") == nullptr) fail(table, "'name' is missing");
    limit.name = text(table, "name", kLongestName);
    selection(table, limit);
    const Direction direction = metric(table, limit);
    limit.min = number(table, "min", limit.unit);
    limit.max = number(table, "max", limit.unit);
    limit.base = text(table, "base", kLongestText);
    limit.max_change = percent(table, "max_change");
    limit.reference = text(table, "reference", kLongestText);
    limit.min_speedup = number(table, "min_speedup", "times");
    limit.optional = flag(table, "optional");
    limit.reason = text(table, "reason", kLongestText);
    if (!error) kind(table, limit, direction);
    return limit;
  }

  std::vector<GateLimit> limits(const toml::table& root) {
    std::vector<GateLimit> all;
    allow_keys(root, {"limit"});
    const toml::node* node = root.get("limit");
    if (error) return all;
    if (node == nullptr) {
      error = bad(fmt::format("{}:1", file), "the file holds no [[limit]], so it would check nothing", kRule);
      return all;
    }
    const toml::array* array = node->as_array();
    if (array == nullptr || array->empty()) {
      fail(*node, "'limit' must be written as [[limit]]");
      return all;
    }
    if (array->size() > kMostLimits) fail(*node, fmt::format("more than {} limits", kMostLimits));
    std::set<std::string> names;
    for (const toml::node& item : *array) {
      if (item.as_table() == nullptr) fail(item, "'limit' must be written as [[limit]]");
      if (error) break;
      all.push_back(limit(*item.as_table()));
      if (!error && !names.insert(all.back().name).second) {
        fail(item, fmt::format("a second limit is named '{}'", shortened(all.back().name)));
      }
    }
    return all;
  }
};

}  // namespace

std::span<const GateValue> gate_values() noexcept {
  return kGateValues;
}

core::Result<GateFile> parse_gate_file(std::string_view text, const std::string& name,
                                       const Catalogue& catalogue) {
  const std::string shown = harmless(name, '?').first;
  if (auto ok = check_toml_depth(shown, text); !ok) return core::fail(ok.error());
  toml::table root;
  try {
    root = toml::parse(text, shown);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return core::fail(bad(fmt::format("{}:{}:{}", shown, at.line, at.column),
                          shortened(error.description(), 200), "the file is not valid TOML there"));
  }
  Reader reader{shown, catalogue, std::nullopt};
  GateFile file{name, reader.limits(root)};
  if (reader.error) return core::fail(*reader.error);
  return file;
}

core::Result<GateFile> read_gate_file(const std::filesystem::path& path, const Catalogue& catalogue) {
  auto text = core::read_file(path, kLargestFile);
  if (!text) return core::fail(text.error());
  return parse_gate_file(*text, path.filename().string(), catalogue);
}

}  // namespace flashcore::analysis
