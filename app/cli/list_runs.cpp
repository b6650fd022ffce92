// The list of runs: filtered and paged by the store.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analysis/units.h"
#include "app/cli/inputs.h"
#include "app/cli/list_text.h"
#include "core/nearest.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;
using enum reports::Align;

constexpr int kFixed = 43;  // all columns but the phase's, the shape's and the device's, with their gaps
constexpr int kPhaseLeast = 12, kPhaseMost = 24, kShapeLeast = 14, kShapeMost = 34, kDeviceLeast = 6;

Result<store::RunFilter> filter_of(const Options& options) {
  store::RunFilter filter;
  if (std::find(options.phases.begin(), options.phases.end(), "all") == options.phases.end())
    filter.subjects = options.phases;
  auto problems = parse_problems(options.shapes, options.causal);
  if (!problems) return fail(problems.error());
  filter.problems = *std::move(problems);
  filter.cache = options.cache;
  filter.device_contains = options.device_name;
  filter.tags = options.tags;
  filter.since = options.since;
  filter.before_id = options.before;
  filter.limit = options.limit;
  return filter;
}

// A time that is a result, else why there is none.
std::string time_text(const store::RunSummary& run) {
  if (run.answer == core::Answer::kWrong) return "WRONG";
  if (!core::times_are_results(run.answer)) return "unchecked";
  const auto& ns = run.graph_p50_ns ? run.graph_p50_ns : run.counted_ns ? run.counted_ns : run.launch_p50_ns;
  return ns ? analysis::format_duration_ns(*ns) : "-";
}

// Every card that a kernel runs on is theirs; the word would only take the place of what tells cards apart.
std::string short_device(const std::string& name) {
  constexpr std::string_view kVendor = "NVIDIA ";
  return name.starts_with(kVendor) ? name.substr(kVendor.size()) : name;
}

// The problem, and the caches where they were not as a kernel in a loop finds them: such times stand apart.
std::string shape_of(const store::RunSummary& run, std::string_view cold) {
  std::string text = run.problem ? core::problem_label(*run.problem) : "-";
  if (run.cache == core::CacheState::kCold) text += cold;
  return reports::printable(text);
}

// The columns of one page whose texts may be long: as wide as those are, as far as the terminal has room. A
// phase's name goes first: which of two rows is which is told by it.
struct Columns {
  int phase = kPhaseLeast, shape = kShapeLeast, device = kDeviceLeast;
  bool one_device = false;  // of all rows: it is said once, and the names have its room
  std::string_view cold = ", cold caches";
};

bool of_one_device(const std::vector<store::RunSummary>& runs) {
  return std::all_of(runs.begin(), runs.end(),
                     [&](const store::RunSummary& run) { return run.device == runs.front().device; });
}

Columns columns_of(const std::vector<store::RunSummary>& runs, int width) {
  Columns columns;
  const auto widest = [&runs](int least, const auto& text_of) {
    int cells = least;
    for (const auto& run : runs) cells = std::max(cells, reports::display_width(text_of(run)));
    return cells;
  };
  const auto shape = [&](const store::RunSummary& run) { return shape_of(run, columns.cold); };
  columns.one_device = of_one_device(runs);
  const int room = columns.one_device ? width - kFixed + 1 : width - kFixed - kDeviceLeast;
  const int phase = widest(kPhaseLeast, [](const auto& run) { return reports::printable(run.subject); });
  columns.phase = std::min(phase, std::clamp(room - kShapeLeast, kPhaseLeast, kPhaseMost));
  const int most = std::clamp(room - columns.phase, kShapeLeast, kShapeMost);
  if (widest(kShapeLeast, shape) > most) columns.cold = " cold";
  columns.shape = std::min(widest(kShapeLeast, shape), most);
  columns.device = width - kFixed - columns.phase - columns.shape;
  return columns;
}

std::string row_of(const store::RunSummary& run, const Columns& columns) {
  // A recording or import of somebody else may hold anything in its texts.
  const auto column = [](std::string_view text, int cells, reports::Align align) {
    return reports::fit(reports::printable(text), cells, align);
  };
  std::string taken = run.taken_at.substr(0, 16);
  std::replace(taken.begin(), taken.end(), 'T', ' ');
  // Names of one family differ at their ends.
  const std::string phase = reports::cut_middle(reports::printable(run.subject), columns.phase);
  std::string row = fmt::format(
      "{:>6} {} {} {} {} {}", run.id, column(taken, 16, kLeft), column(phase, columns.phase, kLeft),
      column(shape_of(run, columns.cold), columns.shape, kLeft), column(time_text(run), 9, kRight),
      column(run.origin == core::Origin::kRecording ? "rec." : core::name_of(run.origin), 6, kLeft));
  if (!columns.one_device)
    row += fmt::format(" {}", reports::cut(reports::printable(short_device(run.device)), columns.device));
  return row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
}

nlohmann::ordered_json json_of(const store::RunSummary& run) {
  const auto us = [](const std::optional<double>& ns) {
    return ns ? nlohmann::ordered_json(*ns / 1000) : nlohmann::ordered_json(nullptr);
  };
  nlohmann::ordered_json problem;
  if (run.problem) {
    problem = {{"workload", run.problem->workload},
               {"label", core::problem_label(*run.problem)},
               {"text", core::canonical_text(*run.problem)}};
  }
  return {{"id", run.id},
          {"session", run.session_id},
          {"taken_at", run.taken_at},
          {"origin", core::name_of(run.origin)},
          {"kind", core::name_of(run.kind)},
          {"phase", run.subject},
          {"title", run.subject_title},
          {"problem", problem},
          {"cache",
           run.cache ? nlohmann::ordered_json(core::name_of(*run.cache)) : nlohmann::ordered_json(nullptr)},
          {"device", run.device},
          {"commit", run.commit},
          {"answer", core::name_of(run.answer)},
          {"graph_p50_us", us(run.graph_p50_ns)},
          {"launch_p50_us", us(run.launch_p50_ns)},
          {"counted_us", us(run.counted_ns)},
          {"measurements", run.measurement_count},
          {"counters", run.counter_count},
          {"diagnostics", run.diagnostic_count}};
}

// A name that no run has is more often a slip than a question.
std::string strange_phases(const store::Store& store, const std::vector<std::string>& asked) {
  const auto known = store.subject_names();
  std::string text;
  for (const std::string& name : asked) {
    if (!known || std::find(known->begin(), known->end(), name) != known->end()) continue;
    text += reports::printable(core::unknown_name("phase", name, *known).message) + "\n";
  }
  return text;
}

}  // namespace

Result<Listing> list_runs(const Options& options, int width) {
  auto path = database_path(options);
  if (!path) return fail(path.error());
  auto filter = filter_of(options);
  if (!filter) return fail(filter.error());
  Listing listing;
  listing.json = {{"runs", nlohmann::ordered_json::array()}, {"more", false}};
  std::error_code ignored;
  if (!options.database && !std::filesystem::exists(*path, ignored)) {
    listing.text = fmt::format("no runs yet: {} does not exist\n", shown_path(*path));
    return listing;
  }
  auto store = store::Store::open(*path, store::Mode::kReadOnly);
  if (!store) return fail(store.error());
  auto page = store->list_runs(*filter);
  if (!page) return fail(page.error());
  if (page->runs.empty()) {
    listing.text = "no such runs\n" + strange_phases(*store, filter->subjects);
    return listing;
  }
  const Columns columns = columns_of(page->runs, width);
  listing.text = fmt::format("{:>6} {:<16} {:<{}} {:<{}} {:>9} {}\n", "run", "taken", "phase", columns.phase,
                             "shape", columns.shape, "p50", columns.one_device ? "from" : "from   device");
  bool recorded = false;
  for (const auto& run : page->runs) {
    listing.text += row_of(run, columns);
    listing.json["runs"].push_back(json_of(run));
    recorded = recorded || run.origin == core::Origin::kRecording;
  }
  if (columns.one_device) {
    const std::string& device = page->runs.front().device;
    listing.text += reports::cut(
        fmt::format("on {}", device.empty() ? "an unnamed device" : reports::printable(device)), width);
    listing.text += '\n';
  }
  if (recorded) listing.text += "rec.: replayed (recording), not measured on this machine\n";
  if (page->more) {
    listing.text += fmt::format("there are more: --before {}\n", page->runs.back().id);
    listing.json["more"] = true;
    listing.json["before"] = page->runs.back().id;
  }
  return listing;
}

}  // namespace flashcore::cli
