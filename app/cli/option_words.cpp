#include "app/cli/option_words.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "analysis/catalogue.h"
#include "analysis/run_analysis.h"
#include "analysis/sheet.h"
#include "app/cli/completion.h"
#include "app/session/collectors.h"
#include "app/session/phases.h"
#include "core/attention.h"
#include "core/records.h"

namespace flashcore::cli {
namespace {

using Words = std::vector<std::string>;

// What a shell would have to quote is not offered: a name of a catalogue is data.
bool plain(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.,=~:@").find(c) != std::string_view::npos;
  });
}

Words phases() {
  Words out{"all"};
  for (const core::PhaseInfo& info : session::list_phases()) out.emplace_back(info.id);
  return out;
}

Words shapes() {
  Words out;
  for (const core::NamedShape& shape : core::named_shapes()) out.emplace_back(shape.name);
  return out;
}

Words collectors() {
  Words out;
  for (const session::CollectorInfo& info : session::list_collectors()) {
    if (!info.always) out.push_back(info.id);
  }
  return out;
}

Words sets() {
  using analysis::CounterSet;
  Words out;
  for (const CounterSet set : {CounterSet::kQuick, CounterSet::kStandard, CounterSet::kFull})
    out.emplace_back(analysis::name_of(set));
  return out;
}

Words cache_states() {
  Words out;
  for (const auto& [state, name] : core::kNames<core::CacheState>) out.emplace_back(name);
  return out;
}

Words metrics() {
  Words out;
  if (const auto catalogue = analysis::Catalogue::builtin()) {
    for (const analysis::Metric& metric : catalogue->metrics()) out.push_back(metric.id);
  }
  return out;
}

Words chips() {
  std::set<std::string> chips;
  if (const auto catalogue = analysis::Catalogue::builtin()) {
    for (const analysis::Metric& metric : catalogue->metrics()) {
      for (const auto& formula : metric.formulas) chips.insert(formula.chips.begin(), formula.chips.end());
    }
  }
  chips.erase("*");
  return {chips.begin(), chips.end()};
}

// Every run has these sheets; the sections of the metrics are the catalogue's.
Words sections() {
  Words out{"all"};
  const auto catalogue = analysis::Catalogue::builtin();
  if (!catalogue) return out;
  for (const auto& sheet : analysis::sheets_of(analysis::analyse({}, *catalogue), *catalogue)) {
    for (const auto& section : sheet.sections) out.push_back(section.id);
    if (std::find(out.begin(), out.end(), sheet.id) == out.end()) out.push_back(sheet.id);
  }
  return out;
}

const std::map<std::string, std::function<Words()>>& table() {
  static const std::map<std::string, std::function<Words()>> kTable{
      {"--phase", phases},
      {"--shape", shapes},
      {"--collect", collectors},
      {"--set", sets},
      {"--cache", cache_states},
      {"--metric", metrics},
      {"--chip", chips},
      {"--section", sections},
      {"list what", [] { return list_names(); }},
      {"show run", [] { return Words{"latest"}; }},
      {"completion shell", [] { return shell_names(); }}};
  return kTable;
}

}  // namespace

ValueWords words_of(const std::string& command, const OptionText& option) {
  using Kind = ValueWords::Kind;
  const bool is_option = option.name.starts_with("--");
  if (is_option && option.type.empty()) return {Kind::kNone, {}, false};
  if (const auto found = table().find(is_option ? option.name : command + " " + option.name);
      found != table().end()) {
    Words words = found->second();
    std::erase_if(words, [](const std::string& word) { return !plain(word); });
    return {Kind::kWords, std::move(words), option.type.find("[,") != std::string::npos};
  }
  const auto says = [&](std::string_view what) { return option.type.find(what) != std::string::npos; };
  if (says("FOLDER")) return {Kind::kFolder, {}, false};
  if (says("FILE") || (!is_option && option.name.starts_with("file"))) return {Kind::kFile, {}, false};
  return {Kind::kAny, {}, false};
}

std::vector<std::string> names_with_words() {
  std::vector<std::string> names;
  for (const auto& [name, words] : table()) names.push_back(name);
  return names;
}

}  // namespace flashcore::cli
