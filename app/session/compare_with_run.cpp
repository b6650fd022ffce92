// One run as the base of comparison of all others on its problem.
#include <fmt/format.h>

#include <algorithm>

#include "app/session/compare.h"
#include "app/session/library.h"

namespace flashcore::session {
namespace {

// The runs beside the base, one set a subject, in the order taken.
std::vector<analysis::RunSet> sets_beside(const analysis::RunAnalysis& base,
                                          const std::vector<analysis::RunAnalysis>& runs) {
  std::vector<analysis::RunSet> sets;
  for (const analysis::RunAnalysis& run : runs) {
    if (run.run.id == base.run.id || !analysis::comparable(base.run, run.run)) continue;
    const auto known = std::find_if(sets.begin(), sets.end(), [&](const analysis::RunSet& set) {
      return set.runs.front()->run.subject.name == run.run.subject.name &&
             set.runs.front()->run.subject.kind == run.run.subject.kind;
    });
    if (known == sets.end()) {
      sets.push_back({analysis::run_label(run.run), {&run}});
    } else {
      known->runs.push_back(&run);
    }
  }
  return sets;
}

}  // namespace

core::Result<CompareOutcome> compare_with_run(core::RowId base,
                                              const std::vector<analysis::RunAnalysis>& runs,
                                              const store::Store& store, const analysis::Catalogue& catalogue,
                                              const core::CancelToken& cancel) {
  auto loaded = load_runs(store, {base}, catalogue, cancel);
  if (!loaded) return core::fail(loaded.error());
  CompareOutcome outcome;
  outcome.base_runs = std::move(*loaded);
  const analysis::RunAnalysis& against = outcome.base_runs.front();
  outcome.base_sentence = fmt::format("run {}, {}", base, analysis::run_label(against.run));
  analysis::Pairing pairing;
  for (analysis::RunSet& set : sets_beside(against, runs))
    pairing.pairs.push_back({{std::to_string(base), {&against}}, std::move(set)});
  if (pairing.pairs.empty()) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("no run here is on the problem, device and caches of run {}", base),
                      "choose another base");
  }
  auto result = analysis::compare_all(pairing, {.comparisons = static_cast<int>(pairing.pairs.size())});
  if (!result) return core::fail(result.error());
  outcome.result = std::move(*result);
  return outcome;
}

}  // namespace flashcore::session
