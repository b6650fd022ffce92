#include "analysis/formula.h"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <unordered_map>

#include "analysis/catalogue.h"
#include "core/nearest.h"

namespace flashcore::analysis {
namespace {

// Enough for every formula of a catalogue; a program that evaluates endless new texts starts over.
constexpr std::size_t kCacheLimit = 4096;

struct Compiled {
  std::vector<std::string> names;
  std::vector<double> slots;  // muParser reads variables through pointers into this; never resized
  mu::Parser parser;
};

core::Error formula_error(const std::string& formula, const std::string& cause) {
  return {core::ErrorCode::kUsage,
          fmt::format("the formula '{}' cannot be evaluated: {}", core::shortened(formula),
                      core::shortened(cause)),
          "see docs/metrics.md for what a formula may use",
          {}};
}

core::Result<Compiled*> compiled(const std::string& formula) {
  thread_local std::unordered_map<std::string, std::unique_ptr<Compiled>> cache;
  if (const auto found = cache.find(formula); found != cache.end()) return found->second.get();
  auto fresh = std::make_unique<Compiled>();
  fresh->names = formula_variables(formula);
  fresh->slots.assign(fresh->names.size(), 0.0);
  try {
    for (std::size_t i = 0; i < fresh->names.size(); ++i) {
      fresh->parser.DefineVar(fresh->names[i], &fresh->slots[i]);
    }
    fresh->parser.SetExpr(formula);
    fresh->parser.Eval();  // parses; the value for zeros is of no interest
    // "a, b" is two results to muParser, of which Eval() gives the last.
    if (fresh->parser.GetNumResults() != 1) {
      return core::fail(formula_error(
          formula, fmt::format("it has {} results, separated by commas", fresh->parser.GetNumResults())));
    }
  } catch (const mu::Parser::exception_type& error) {
    return core::fail(formula_error(formula, error.GetMsg()));
  }
  if (cache.size() >= kCacheLimit) cache.clear();
  return cache.emplace(formula, std::move(fresh)).first->second.get();
}

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Past a number such as 1.5e-9, whose 'e' is no name.
std::size_t skip_number(std::string_view text, std::size_t at) {
  const auto digits = [&] {
    while (at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) != 0 || text[at] == '.'))
      ++at;
  };
  digits();
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    digits();
  }
  return at;
}

}  // namespace

std::vector<std::string> formula_variables(std::string_view formula) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at < formula.size()) {
    if (std::isdigit(static_cast<unsigned char>(formula[at])) != 0) {
      at = skip_number(formula, at);
      continue;
    }
    if (!starts_name(formula[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < formula.size() && in_name(formula[at])) ++at;
    std::size_t next = at;
    while (next < formula.size() && formula[next] == ' ') ++next;
    const bool function = next < formula.size() && formula[next] == '(';
    const std::string name(formula.substr(begin, at - begin));
    const bool constant = name == "_pi" || name == "_e";
    if (!function && !constant && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

bool takes_extreme(std::string_view formula) {
  for (std::size_t at = 0; at < formula.size();) {
    if (!in_name(formula[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < formula.size() && in_name(formula[at])) ++at;
    const std::string_view name = formula.substr(begin, at - begin);
    const std::size_t next = formula.find_first_not_of(' ', at);
    if ((name == "max" || name == "min") && next != std::string_view::npos && formula[next] == '(')
      return true;
  }
  return false;
}

core::Result<double> evaluate_compiled(const std::string& formula, const std::vector<double>& values) {
  auto ready = compiled(formula);
  if (!ready) return core::fail(ready.error());
  Compiled& entry = **ready;
  if (values.size() != entry.slots.size()) {
    return core::fail(formula_error(formula, fmt::format("it has {} variables and {} values were given",
                                                         entry.slots.size(), values.size())));
  }
  std::copy(values.begin(), values.end(), entry.slots.begin());
  try {
    return entry.parser.Eval();
  } catch (const mu::Parser::exception_type& error) {
    return core::fail(formula_error(formula, error.GetMsg()));
  }
}

core::Result<double> evaluate_formula(const std::string& formula,
                                      const std::map<std::string, double>& variables) {
  std::vector<double> values;
  for (const std::string& name : formula_variables(formula)) {
    const auto found = variables.find(name);
    if (found == variables.end()) {
      return core::fail(formula_error(formula, fmt::format("it uses '{}', which has no value", name)));
    }
    values.push_back(found->second);
  }
  return evaluate_compiled(formula, values);
}

}  // namespace flashcore::analysis
