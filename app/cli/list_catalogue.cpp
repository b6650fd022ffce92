// Lists of what the catalogue has: sections, metrics, counters.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/catalogue.h"
#include "app/cli/inputs.h"
#include "app/cli/list_text.h"
#include "core/nearest.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;

// A formula for any chip ("*") would answer for a misspelt one too.
std::vector<std::string> known_chips(const analysis::Catalogue& catalogue) {
  std::set<std::string> chips;
  for (const auto& metric : catalogue.metrics()) {
    for (const auto& formula : metric.formulas) chips.insert(formula.chips.begin(), formula.chips.end());
  }
  chips.erase("*");
  return {chips.begin(), chips.end()};
}

}  // namespace

Result<Listing> list_sections(const Options& options, int width) {
  auto catalogue = open_catalogue(options);
  if (!catalogue) return fail(catalogue.error());
  Listing listing;
  auto& list = listing.json["sections"] = nlohmann::ordered_json::array();
  for (const auto& section : catalogue->sections()) {
    listing.text += labelled(section.id, section.title + ": " + section.description, 14, width);
    list.push_back({{"id", section.id}, {"title", section.title}, {"description", section.description}});
  }
  return listing;
}

Result<Listing> list_metrics(const Options& options, int width) {
  auto catalogue = open_catalogue(options);
  if (!catalogue) return fail(catalogue.error());
  using enum reports::Align;
  Listing listing;
  auto& list = listing.json["metrics"] = nlohmann::ordered_json::array();
  for (const auto& section : catalogue->sections()) {
    listing.text += reports::cut(reports::printable(section.title), width) + "\n";
    for (const auto& metric : catalogue->metrics()) {
      if (metric.section != section.id) continue;
      const std::string head =
          fmt::format("  {} {} {} ", reports::fit(reports::printable(metric.id), 32, kLeft),
                      reports::fit(reports::printable(metric.unit), 8, kLeft),
                      reports::fit(analysis::name_of(metric.set), 8, kLeft));
      listing.text += head + reports::wrap(reports::printable(metric.title), width, 53, 53) + "\n";
      list.push_back({{"id", metric.id},
                      {"title", metric.title},
                      {"unit", metric.unit},
                      {"set", analysis::name_of(metric.set)},
                      {"direction", analysis::name_of(metric.direction)},
                      {"section", metric.section},
                      {"description", metric.description}});
    }
  }
  return listing;
}

Result<Listing> list_counters(const Options& options) {
  auto catalogue = open_catalogue(options);
  if (!catalogue) return fail(catalogue.error());
  auto set = analysis::parse_counter_set(options.set);
  if (!set) return fail(set.error());
  if (options.chip.empty()) {
    return fail(core::ErrorCode::kUsage, "list counters needs a chip", "for example --chip GH100");
  }
  const auto chips = known_chips(*catalogue);
  if (std::find(chips.begin(), chips.end(), options.chip) == chips.end()) {
    return fail(core::unknown_name("chip", options.chip, chips));
  }
  Listing listing;
  listing.json["chip"] = options.chip;
  listing.json["set"] = analysis::name_of(*set);
  auto& list = listing.json["counters"] = nlohmann::ordered_json::array();
  for (const auto& name : catalogue->counters_for(options.chip, *set)) {
    listing.text += reports::printable(name) + "\n";
    list.push_back(name);
  }
  return listing;
}

}  // namespace flashcore::cli
