// The use case "compare": two words for runs become verdicts, and why a pair differs.
//
// Owns: the analyses of the runs it loaded; `result` points into them, so a CompareOutcome is moved, never
// copied. Threads: any, one Store each. Errors: those of words and store; kUsage with every objection where
// nothing can be compared; kCancelled.
#pragma once

#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "analysis/verdict/comparison.h"
#include "analysis/why/why.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct CompareRequest {
  std::string base, now;  // words (run_words.h)
  double smallest = 0.01;
  bool anyway = false;
};

struct CompareOutcome {
  CompareOutcome() = default;
  CompareOutcome(CompareOutcome&&) = default;
  CompareOutcome& operator=(CompareOutcome&&) = default;
  CompareOutcome(const CompareOutcome&) = delete;

  std::string base_sentence, now_sentence;  // what the words named
  std::vector<analysis::RunAnalysis> base_runs, now_runs;
  analysis::Comparisons result;
};

core::Result<CompareOutcome> compare(const CompareRequest& request, const store::Store& store,
                                     const analysis::Catalogue& catalogue, const core::CancelToken& cancel = {});

// Runs that are loaded already, against those that a word names (the report's and the app's base of
// comparison). `runs` must outlive the outcome.
core::Result<CompareOutcome> compare_with_base(const std::string& base, const std::vector<analysis::RunAnalysis>& runs,
                                               const store::Store& store, const analysis::Catalogue& catalogue,
                                               const core::CancelToken& cancel = {}, double smallest = 0.01);

// The same against one run: every subject of `runs` on its problem, whatever the subject, as one family. This is
// how the phases of a problem are held against one of them.
core::Result<CompareOutcome> compare_with_run(core::RowId base, const std::vector<analysis::RunAnalysis>& runs,
                                              const store::Store& store, const analysis::Catalogue& catalogue,
                                              const core::CancelToken& cancel = {});

// Of a pair: the run of each side that stands for it when the difference is split, the one with the most
// counters, of these the one whose time is nearest to the median.
const analysis::RunAnalysis* representative(const analysis::RunSet& set);

}  // namespace flashcore::session
