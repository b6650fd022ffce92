// The runs of a recording, analysed; for tests that split the difference of two.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "analysis/run_analysis.h"
#include "store/recording.h"

namespace flashcore::tests {

inline const analysis::Catalogue& catalogue() {
  static const analysis::Catalogue built_in = analysis::Catalogue::builtin().value();
  return built_in;
}

inline std::vector<analysis::RunAnalysis> analysed(const std::string& recording) {
  auto store = store::open_recording(std::string(FLASHCORE_SOURCE_DIR) + "/recordings/" + recording);
  EXPECT_TRUE(store) << recording;
  std::vector<analysis::RunAnalysis> runs;
  if (!store) return runs;
  store::RunFilter filter;
  filter.limit = 1000;
  auto listed = store->list_runs(filter);
  EXPECT_TRUE(listed);
  for (auto it = listed->runs.rbegin(); it != listed->runs.rend(); ++it) {
    runs.push_back(analysis::analyse(store->read_run(it->id).value(), catalogue()));
  }
  return runs;
}

inline const std::vector<analysis::RunAnalysis>& shipped() {
  static const std::vector<analysis::RunAnalysis> runs = analysed("h200.db.zst");
  return runs;
}
inline const std::vector<analysis::RunAnalysis>& planted() {
  static const std::vector<analysis::RunAnalysis> runs = analysed("planted/h200.db.zst");
  return runs;
}

// The runs of a subject on a problem, in the order taken.
inline std::vector<const analysis::RunAnalysis*> runs_of(const std::vector<analysis::RunAnalysis>& runs,
                                                         const std::string& subject,
                                                         const std::string& shape) {
  std::vector<const analysis::RunAnalysis*> found;
  for (const analysis::RunAnalysis& run : runs) {
    if (run.run.subject.name == subject && run.run.problem &&
        core::problem_label(*run.run.problem) == shape && run.run.cache == core::CacheState::kWarm) {
      found.push_back(&run);
    }
  }
  EXPECT_FALSE(found.empty()) << subject << " on " << shape;
  return found;
}

inline const analysis::RunAnalysis& shipped_run(const std::string& subject,
                                                const std::string& shape = "mission") {
  return *runs_of(shipped(), subject, shape).at(0);
}

// The run with something changed in its record, analysed again.
template <typename Change>
analysis::RunAnalysis changed(const analysis::RunAnalysis& run, const Change& change) {
  core::RunRecord record = run.run;
  change(record);
  return analysis::analyse(std::move(record), catalogue());
}

}  // namespace flashcore::tests
