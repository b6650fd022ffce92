// RunReader: reads from one database what the window shows, as little of it as is shown at once: pages of
// lists, one run whole, of the runs beside it their summaries first and their roofline points later.
//
// Owns: the store and the points that it has read. Threads: one, at a time (Database gives it to its
// background thread). Errors: those of the store; kDatabase where the file is no longer the one that was
// opened: what lies there now may have other runs under the same numbers.
#pragma once

#include <QString>
#include <chrono>
#include <filesystem>
#include <memory>
#include <unordered_map>
#include <vector>

#include "app/gui/loaded_run.h"
#include "app/gui/models/run_verdicts.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::gui {

class RunReader {
 public:
  static constexpr int kSessionPage = 50;
  static constexpr int kRunPage = 100;
  static constexpr int kMostCompared = 1000;  // runs of a session that are held against a base

  // A database or a recording (*.zst), for reading; never creates or changes one.
  static core::Result<std::shared_ptr<RunReader>> open(const std::filesystem::path& path,
                                                       std::shared_ptr<const analysis::Catalogue> catalogue);

  core::Result<store::SessionPage> sessions(core::RowId before) const;
  // In the order taken; `after` 0: from the first.
  core::Result<store::RunPage> runs(core::RowId session, core::RowId after) const;
  // The last page of a session, in the order taken.
  core::Result<store::RunPage> newestRuns(core::RowId session) const;

  // What a session opens with: the fastest rung of the ladder on the problem that the program's default
  // names, else on the problem of its first run, from warm caches where it was timed so. 0 where it holds no
  // runs.
  core::Result<core::RowId> firstShown(core::RowId session) const;

  // The run itself whole; its peers and others with the points that are known already.
  core::Result<LoadedRunPtr> load(core::RowId session, core::RowId run);
  // The same with more points, reading for about `time`; complete when nothing is left to read.
  core::Result<LoadedRunPtr> grow(const LoadedRunPtr& loaded, std::chrono::milliseconds time);

  core::Result<std::int64_t> changeCounter() const;
  // The runs of a session against a base: a whole session, or one run of it. What stands against a comparison
  // is its reason, not an error.
  core::Result<SessionVerdicts> verdicts(const ComparisonBase& base, core::RowId session,
                                         const core::CancelToken& cancel) const;
  core::Status writeReport(core::RowId session, const std::filesystem::path& target) const;
  store::Store::FileFate fate() const { return store_.file_fate(); }

 private:
  RunReader(store::Store store, std::shared_ptr<const analysis::Catalogue> catalogue);

  using Points = std::vector<analysis::RooflinePoint>;
  struct Known {
    store::RunSummary summary;  // as it was when the points were read
    Points points;
  };
  const Points* known(const store::RunSummary& summary) const;
  void keep(const store::RunSummary& summary, Points points);
  core::Status unchanged() const;
  core::Status readPeers(LoadedRun& loaded) const;
  core::Result<store::RunSummary> summaryOf(core::RowId session, core::RowId run) const;

  core::Result<store::RunPage> page(const store::RunFilter& filter) const;
  core::Result<core::RunRecord> wholeRun(core::RowId run) const;

  store::Store store_;
  bool recording_ = false;  // its runs are shown as what they are
  std::shared_ptr<const analysis::Catalogue> catalogue_;
  std::unordered_map<core::RowId, Known> known_;
};

}  // namespace flashcore::gui
