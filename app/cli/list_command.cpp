#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "analysis/units.h"
#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/devices.h"
#include "app/session/library.h"
#include "app/session/phases.h"
#include "core/nearest.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::Result;
using core::Status;

Status list_phases() {
  for (const core::PhaseInfo& info : session::list_phases()) {
    fmt::print(std::cout, "{:<14}{}{}\n", info.id, info.title, info.reference ? " (reference)" : "");
    fmt::print(std::cout, "{:<14}{}\n", "", info.idea);
    fmt::print(std::cout, "{:<14}serves {}; compute capability {}.{} or later{}\n", "", info.problems,
               info.min_compute / 10, info.min_compute % 10,
               info.builds_on.empty() ? std::string() : fmt::format("; builds on {}", info.builds_on));
  }
  return {};
}

Status list_shapes() {
  fmt::print(std::cout, "{:<14}{:>4} {:>4} {:>6} {:>4}  {}\n", "name", "B", "H", "S", "D", "for");
  for (const core::NamedShape& s : core::named_shapes()) {
    fmt::print(std::cout, "{:<14}{:>4} {:>4} {:>6} {:>4}  {}\n", s.name, s.batch, s.heads, s.seq, s.head_dim,
               s.purpose);
  }
  return {};
}

Status list_sections(const analysis::Catalogue& catalogue) {
  for (const auto& section : catalogue.sections())
    fmt::print(std::cout, "{:<14}{}: {}\n", section.id, section.title, section.description);
  return {};
}

Status list_metrics(const analysis::Catalogue& catalogue) {
  for (const auto& section : catalogue.sections()) {
    fmt::print(std::cout, "{}\n", section.title);
    for (const auto& metric : catalogue.metrics()) {
      if (metric.section != section.id) continue;
      fmt::print(std::cout, "  {:<36}{:<10}{:<10}{}\n", metric.id, metric.unit, analysis::name_of(metric.set),
                 metric.title);
    }
  }
  return {};
}

// A formula for any chip ("*") would answer for a misspelt one too.
std::vector<std::string> known_chips(const analysis::Catalogue& catalogue) {
  std::set<std::string> chips;
  for (const auto& metric : catalogue.metrics()) {
    for (const auto& formula : metric.formulas) chips.insert(formula.chips.begin(), formula.chips.end());
  }
  chips.erase("*");
  return {chips.begin(), chips.end()};
}

Status list_counters(const analysis::Catalogue& catalogue, const Options& options) {
  auto set = analysis::parse_counter_set(options.set);
  if (!set) return core::fail(set.error());
  if (options.chip.empty()) {
    return core::fail(core::ErrorCode::kUsage, "list counters needs a chip", "for example --chip GH100");
  }
  const auto chips = known_chips(catalogue);
  if (std::find(chips.begin(), chips.end(), options.chip) == chips.end()) {
    return core::fail(core::unknown_name("chip", options.chip, chips));
  }
  for (const auto& name : catalogue.counters_for(options.chip, *set)) fmt::print(std::cout, "{}\n", name);
  return {};
}

Status list_devices() {
  auto devices = session::list_devices();
  if (!devices) return core::fail(devices.error());
  int ordinal = 0;
  for (const auto& d : *devices) {
    fmt::print(std::cout, "{}  {} ({}), compute capability {}.{}, {} SMs, {} MHz, {}\n", ordinal++, d.name,
               d.chip, d.compute_major, d.compute_minor, d.sm_count, d.sm_clock_max_khz / 1000,
               analysis::format_memory_size(d.memory_bytes));
  }
  return {};
}

Status list_runs(const Options& options) {
  if (!options.database) {
    auto path = session::default_database();
    if (!path) return core::fail(path.error());
    std::error_code ignored;
    if (!std::filesystem::exists(*path, ignored)) {
      fmt::print(std::cout, "no runs yet: {} does not exist\n", path->string());
      return {};
    }
  }
  auto store = open_database(options, store::Mode::kReadOnly);
  if (!store) return core::fail(store.error());
  auto runs = store->runs();
  if (!runs) return core::fail(runs.error());
  fmt::print(std::cout, "{:>5} {:>7}  {:<20}  {:<13} {:<20} {:>11}  {}\n", "run", "session", "taken", "phase",
             "shape", "p50", "device");
  for (const auto& run : *runs) {
    std::string p50 = run.graph_p50_ns ? analysis::format_duration_ns(*run.graph_p50_ns) : "-";
    if (run.checked && !run.correct) p50 = "WRONG";
    // A recording of somebody else may hold anything in its texts.
    const auto column = [](std::string_view text, int width, reports::Align align) {
      return reports::fit(reports::printable(text), width, align);
    };
    using enum reports::Align;
    fmt::print(std::cout, "{:>5} {:>7}  {}  {} {} {}  {}{}\n", run.id, run.session_id,
               column(run.taken_at, 20, kLeft), column(run.phase, 13, kLeft),
               column(core::problem_label(run.problem), 20, kLeft), column(p50, 11, kRight),
               reports::cut(reports::printable(run.device), 60),
               run.origin == core::Origin::kRecording ? " (recording)" : "");
  }
  return {};
}

}  // namespace

int list_command(const Options& options) {
  static const std::vector<std::string> kWhat{"phases",  "shapes", "metrics", "sections",
                                              "devices", "runs",   "counters"};
  const std::string& what = options.list_what;
  Status status;
  if (what == "phases") {
    status = list_phases();
  } else if (what == "shapes") {
    status = list_shapes();
  } else if (what == "devices") {
    status = list_devices();
  } else if (what == "runs") {
    status = list_runs(options);
  } else if (what == "metrics" || what == "sections" || what == "counters") {
    auto catalogue = open_catalogue(options);
    if (!catalogue) return complain(catalogue.error());
    if (what == "metrics") status = list_metrics(*catalogue);
    if (what == "sections") status = list_sections(*catalogue);
    if (what == "counters") status = list_counters(*catalogue, options);
  } else {
    return complain(core::unknown_name("list", what, kWhat));
  }
  return status ? 0 : complain(status.error());
}

}  // namespace flashcore::cli
