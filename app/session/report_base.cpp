#include "app/session/report_base.h"

#include <algorithm>
#include <utility>

#include "app/session/history.h"

namespace flashcore::session {
namespace {

using core::fail;
using core::Result;

constexpr int kMostOfASeries = 200;  // points that a history of a report has

// Every series of these runs' subjects and problems, from caches in any state.
HistoryRequest history_of_all(const std::vector<analysis::RunAnalysis>& runs) {
  HistoryRequest request;
  request.cache.reset();
  request.limit = kMostOfASeries;
  for (const analysis::RunAnalysis& analysed : runs) {
    const core::RunRecord& run = analysed.run;
    if (run.origin == core::Origin::kImport || !run.problem) continue;
    const auto add = [](auto& list, const auto& value) {
      if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
    };
    add(request.subjects, run.subject.name);
    add(request.problems, *run.problem);
  }
  return request;
}

}  // namespace

Result<ReportBase> report_base(const std::string& base, const std::vector<analysis::RunAnalysis>& runs,
                               const store::Store& store, const analysis::Catalogue& catalogue,
                               const core::CancelToken& cancel, double smallest) {
  auto compared = compare_with_base(base, runs, store, catalogue, cancel, smallest);
  if (!compared) return fail(compared.error());
  ReportBase out;
  out.outcome = std::make_unique<CompareOutcome>(std::move(*compared));
  out.extras.changes = &out.outcome->result;
  out.extras.base_word = base;
  out.extras.base_sentence = out.outcome->base_sentence;
  for (const analysis::Comparison& comparison : out.outcome->result.all) {
    reports::ReportExtras::Pair pair{representative(comparison.base), representative(comparison.now), {}};
    if (pair.base != nullptr && pair.now != nullptr) pair.why = analysis::why(*pair.base, *pair.now);
    out.extras.pairs.push_back(std::move(pair));
  }
  if (const HistoryRequest request = history_of_all(runs); !request.subjects.empty()) {
    auto series = histories(request, store, catalogue, cancel);
    if (!series && series.error().code == core::ErrorCode::kCancelled) return fail(series.error());
    if (series) {
      out.extras.histories = std::move(*series);
    } else {
      out.extras.notes.push_back("There is no history: " + series.error().message + ".");
    }
  }
  return out;
}

}  // namespace flashcore::session
