#include "app/session/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/session/library.h"
#include "app/session/run_words.h"
#include "core/nearest.h"

namespace flashcore::session {
namespace {

using analysis::RunAnalysis;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::RowId;

// A run is a process; more of them than this narrow no interval, and each is read whole.
constexpr std::size_t kMostOfASeries = 64;
constexpr std::size_t kMostOfASide = 1000;

struct Side {
  NamedRuns named;
  std::vector<RunAnalysis> runs;
};

// The newest runs of each series, in the order taken; `notes` says what was left out.
Result<std::vector<RowId>> newest_of_each(const store::Store& store, const NamedRuns& named,
                                          std::vector<std::string>& notes) {
  auto heads = store.run_heads(named.ids);
  if (!heads) return fail(heads.error());
  std::map<RowId, std::size_t> taken;  // by series
  std::vector<RowId> ids;
  std::size_t left_out = 0;
  for (auto head = heads->rbegin(); head != heads->rend(); ++head) {
    if (ids.size() == kMostOfASide || taken[head->series] == kMostOfASeries) {
      ++left_out;
      continue;
    }
    ++taken[head->series];
    ids.push_back(head->id);
  }
  if (left_out > 0) {
    notes.push_back(
        fmt::format("of '{}' the newest runs are compared, up to {} of a kernel on a problem and {} "
                    "in all; {} older ones are left out",
                    core::shortened(named.word), kMostOfASeries, kMostOfASide, left_out));
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

Result<Side> load_side(const std::string& word, const store::Store& store,
                       const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                       std::vector<std::string>& notes) {
  auto named = named_runs(store, word);
  if (!named) return fail(named.error());
  auto ids = newest_of_each(store, *named, notes);
  if (!ids) return fail(ids.error());
  auto runs = load_runs(store, *ids, catalogue, cancel);
  if (!runs) return fail(runs.error());
  return Side{*std::move(named), *std::move(runs)};
}

// What is compared with itself is always the same, and runs on both sides pull the two together; kUsage
// unless `anyway`.
core::Status check_two(const std::vector<RunAnalysis>& base, const std::vector<RunAnalysis>& now, bool anyway,
                       std::vector<std::string>& notes) {
  const auto both = std::count_if(now.begin(), now.end(), [&](const RunAnalysis& run) {
    return run.run.id != 0 && std::any_of(base.begin(), base.end(), [&](const RunAnalysis& other) {
             return other.run.id == run.run.id;
           });
  });
  if (both == 0) return {};
  const bool same = static_cast<std::size_t>(both) == base.size() && base.size() == now.size();
  if (!anyway) {
    return fail(ErrorCode::kUsage,
                same ? std::string("both words name the same runs")
                     : fmt::format("{} run{} on both sides", both, both == 1 ? " is" : "s are"),
                "name two that share none: a build and the one before are fused@mission@latest~1 and "
                "fused@mission; --anyway compares them all the same");
  }
  notes.push_back(same ? "both words name the same runs"
                       : fmt::format("{} run{} on both sides", both, both == 1 ? " is" : "s are"));
  return {};
}

Result<analysis::Comparisons> judged(const std::string& base_word, std::span<const RunAnalysis> base,
                                     const std::string& now_word, std::span<const RunAnalysis> now,
                                     const analysis::CompareOptions& options,
                                     std::vector<std::string> notes) {
  const analysis::Pairing pairing = analysis::pair_up(base_word, base, now_word, now);
  auto result = analysis::compare_all(pairing, options);
  if (!result) return result;
  result->notes.insert(result->notes.begin(), notes.begin(), notes.end());
  return result;
}

std::size_t counters_of(const RunAnalysis& run) {
  std::size_t count = 0;
  for (const core::MeasurementRecord& measurement : run.run.measurements) {
    count += static_cast<std::size_t>(
        std::count_if(measurement.counters.begin(), measurement.counters.end(),
                      [](const core::CounterValue& counter) { return counter.value.has_value(); }));
  }
  return count;
}

}  // namespace

Result<CompareOutcome> compare(const CompareRequest& request, const store::Store& store,
                               const analysis::Catalogue& catalogue, const core::CancelToken& cancel) {
  std::vector<std::string> notes;
  auto base = load_side(request.base, store, catalogue, cancel, notes);
  if (!base) return fail(base.error());
  auto now = load_side(request.now, store, catalogue, cancel, notes);
  if (!now) return fail(now.error());
  if (auto two = check_two(base->runs, now->runs, request.anyway, notes); !two) return fail(two.error());
  CompareOutcome outcome;
  outcome.base_sentence = std::move(base->named.sentence);
  outcome.now_sentence = std::move(now->named.sentence);
  outcome.base_runs = std::move(base->runs);
  outcome.now_runs = std::move(now->runs);
  analysis::CompareOptions options;
  options.smallest = request.smallest;
  options.anyway = request.anyway;
  auto result =
      judged(request.base, outcome.base_runs, request.now, outcome.now_runs, options, std::move(notes));
  if (!result) return fail(result.error());
  outcome.result = *std::move(result);
  return outcome;
}

Result<CompareOutcome> compare_with_base(const std::string& base, const std::vector<RunAnalysis>& runs,
                                         const store::Store& store, const analysis::Catalogue& catalogue,
                                         const core::CancelToken& cancel, double smallest) {
  std::vector<std::string> notes;
  auto side = load_side(base, store, catalogue, cancel, notes);
  if (!side) return fail(side.error());
  if (auto two = check_two(side->runs, runs, false, notes); !two) return fail(two.error());
  CompareOutcome outcome;
  outcome.base_sentence = std::move(side->named.sentence);
  outcome.now_sentence = fmt::format("the {} runs at hand", runs.size());
  outcome.base_runs = std::move(side->runs);
  auto result = judged(base, outcome.base_runs, "now", runs, {.smallest = smallest}, std::move(notes));
  if (!result) return fail(result.error());
  outcome.result = *std::move(result);
  return outcome;
}

const RunAnalysis* representative(const analysis::RunSet& set) {
  std::vector<double> times;
  for (const RunAnalysis* run : set.runs) {
    if (run->graph_ns) times.push_back(run->graph_ns->p50);
  }
  const auto middle = analysis::summarise(times);
  const RunAnalysis* best = nullptr;
  std::size_t most = 0;
  double nearest = 0;
  for (const RunAnalysis* run : set.runs) {
    const std::size_t counters = counters_of(*run);
    // One without a time is further from the median than any that has one.
    const double away = middle && run->graph_ns ? std::abs(run->graph_ns->p50 - middle->p50)
                                                : std::numeric_limits<double>::infinity();
    if (best != nullptr && (counters < most || (counters == most && away >= nearest))) continue;
    best = run;
    most = counters;
    nearest = away;
  }
  return best;
}

}  // namespace flashcore::session
