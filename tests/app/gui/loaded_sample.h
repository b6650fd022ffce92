// A run and those beside it as the views get them, without a file.
#pragma once

#include <algorithm>
#include <memory>

#include "analysis/run_analysis.h"
#include "app/gui/loaded_run.h"
#include "app/gui/models/run_text.h"
#include "sample_database.h"

namespace flashcore::gui::test {

inline store::RunSummary summaryOf(const analysis::RunAnalysis& run) {
  store::RunSummary summary;
  summary.id = run.run.id;
  summary.session_id = run.run.session_id;
  summary.taken_at = run.run.taken_at;
  summary.origin = run.run.origin;
  summary.kind = run.run.subject.kind;
  summary.subject = run.run.subject.name;
  summary.ladder = run.run.subject.ladder;
  summary.problem = run.run.problem;
  summary.cache = run.run.cache;
  summary.device = run.run.device ? run.run.device->name : "";
  summary.answer = run.run.answer;
  if (run.graph_ns) summary.graph_p50_ns = run.graph_ns->p50;
  if (!run.graph_ns && run.time) summary.counted_ns = run.time->ns;
  summary.measurement_count = static_cast<int>(run.run.measurements.size());
  return summary;
}

// The runs get the numbers 1, 2, ... in session 1; `chosen` is the number of the one that is shown.
inline LoadedRunPtr loadedRecords(std::vector<core::RunRecord> records, std::size_t chosen = 1) {
  auto loaded = std::make_shared<LoadedRun>();
  auto catalogue = analysis::Catalogue::builtin();
  if (!catalogue) qFatal("%s", core::to_text(catalogue.error()).c_str());
  loaded->catalogue = std::make_shared<const analysis::Catalogue>(std::move(*catalogue));
  loaded->session = makeSession(records.front().origin);
  loaded->session.id = 1;
  std::vector<PlotRun> all;
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].id = static_cast<core::RowId>(i + 1);
    records[i].session_id = 1;
    auto run = analysis::analyse(std::move(records[i]), *loaded->catalogue);
    all.push_back({summaryOf(run), run.roofline.points});
    if (i + 1 != chosen) continue;
    loaded->summary = all.back().summary;
    loaded->sheets =
        std::make_shared<const std::vector<analysis::Sheet>>(analysis::sheets_of(run, *loaded->catalogue));
    loaded->run = std::make_shared<const analysis::RunAnalysis>(std::move(run));
  }
  for (auto& run : all) {
    (sameGroup(run.summary, loaded->summary) ? loaded->peers : loaded->others).push_back(std::move(run));
  }
  std::sort(loaded->peers.begin(), loaded->peers.end(),
            [](const PlotRun& a, const PlotRun& b) { return ladderLess(a.summary, b.summary); });
  loaded->complete = true;
  return loaded;
}

inline LoadedRunPtr loadedRun(const std::vector<RunOptions>& options, std::size_t chosen = 1) {
  std::vector<core::RunRecord> records;
  for (const auto& option : options) records.push_back(makeRun(option));
  return loadedRecords(std::move(records), chosen);
}

}  // namespace flashcore::gui::test
