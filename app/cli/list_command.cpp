#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

#include "analysis/units.h"
#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/devices.h"
#include "app/session/library.h"
#include "app/session/phases.h"
#include "core/nearest.h"

namespace flashcore::cli {
namespace {

using core::Result;
using core::Status;

Status list_phases() {
  for (const core::PhaseInfo& info : session::list_phases()) {
    fmt::print("{:<14}{}{}\n", info.id, info.title, info.reference ? " (reference)" : "");
    fmt::print("{:<14}{}\n", "", info.idea);
    fmt::print("{:<14}serves {}; compute capability {}.{} or later{}\n", "", info.problems,
               info.min_compute / 10, info.min_compute % 10,
               info.builds_on.empty() ? std::string() : fmt::format("; builds on {}", info.builds_on));
  }
  return {};
}

Status list_shapes() {
  fmt::print("{:<14}{:>4} {:>4} {:>6} {:>4}  {}\n", "name", "B", "H", "S", "D", "for");
  for (const core::NamedShape& s : core::named_shapes()) {
    fmt::print("{:<14}{:>4} {:>4} {:>6} {:>4}  {}\n", s.name, s.batch, s.heads, s.seq, s.head_dim, s.purpose);
  }
  return {};
}

Status list_sections(const analysis::Catalogue& catalogue) {
  for (const auto& section : catalogue.sections())
    fmt::print("{:<14}{}: {}\n", section.id, section.title, section.description);
  return {};
}

Status list_metrics(const analysis::Catalogue& catalogue) {
  for (const auto& section : catalogue.sections()) {
    fmt::print("{}\n", section.title);
    for (const auto& metric : catalogue.metrics()) {
      if (metric.section != section.id) continue;
      fmt::print("  {:<36}{:<10}{:<10}{}\n", metric.id, metric.unit, analysis::name_of(metric.set),
                 metric.title);
    }
  }
  return {};
}

Status list_counters(const analysis::Catalogue& catalogue, const Options& options) {
  auto set = analysis::parse_counter_set(options.set);
  if (!set) return core::fail(set.error());
  if (options.chip.empty()) {
    return core::fail(core::ErrorCode::kUsage, "list counters needs a chip", "for example --chip GH100");
  }
  const auto counters = catalogue.counters_for(options.chip, *set);
  if (counters.empty()) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("the catalogue has no counters for chip '{}'", options.chip),
                      "for example GA100, GA102, AD102, AD104, GH100, GB100 or GB202");
  }
  for (const auto& name : counters) fmt::print("{}\n", name);
  return {};
}

Status list_devices() {
  auto devices = session::list_devices();
  if (!devices) return core::fail(devices.error());
  int ordinal = 0;
  for (const auto& d : *devices) {
    fmt::print("{}  {} ({}), compute capability {}.{}, {} SMs, {} MHz, {}\n", ordinal++, d.name, d.chip,
               d.compute_major, d.compute_minor, d.sm_count, d.sm_clock_max_khz / 1000,
               analysis::format_memory_size(d.memory_bytes));
  }
  return {};
}

Status list_runs(const Options& options) {
  if (!options.database) {
    auto path = session::default_database();
    if (!path) return core::fail(path.error());
    if (!std::filesystem::exists(*path)) {
      fmt::print("no runs yet: {} does not exist\n", path->string());
      return {};
    }
  }
  auto store = open_database(options, store::Mode::kReadOnly);
  if (!store) return core::fail(store.error());
  auto runs = store->runs();
  if (!runs) return core::fail(runs.error());
  fmt::print("{:>5} {:>7}  {:<20}  {:<13} {:<20} {:>11}  {}\n", "run", "session", "taken", "phase", "shape",
             "p50", "device");
  for (const auto& run : *runs) {
    std::string p50 = run.graph_p50_ns ? analysis::format_duration_ns(*run.graph_p50_ns) : "-";
    if (run.checked && !run.correct) p50 = "WRONG";
    // µ is two bytes and one column; pad by columns.
    const std::size_t extra = p50.find("µ") == std::string::npos ? 0 : 1;
    fmt::print("{:>5} {:>7}  {:<20}  {:<13} {:<20} {:>{}}  {}{}\n", run.id, run.session_id, run.taken_at,
               run.phase, core::problem_label(run.problem), p50, 11 + extra, run.device,
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
