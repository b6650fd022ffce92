#include "app/gui/run_reader.h"

#include <algorithm>

#include "app/gui/models/run_text.h"
#include "app/session/compare.h"
#include "app/session/library.h"
#include "store/recording.h"

namespace flashcore::gui {
namespace {

// Points of as many runs are kept; a few hundred bytes each.
constexpr std::size_t kMostKnown = 20'000;

bool sameContent(const store::RunSummary& a, const store::RunSummary& b) {
  return a.measurement_count == b.measurement_count && a.counter_count == b.counter_count &&
         a.diagnostic_count == b.diagnostic_count && a.answer == b.answer && a.graph_p50_ns == b.graph_p50_ns;
}

core::Error noSuchRun(core::RowId run) {
  return {core::ErrorCode::kUsage,
          "The database holds no run " + std::to_string(run) + ".",
          "Reload the list (F5).",
          {}};
}

// What lies in a recording was taken live, and elsewhere: here it is a recording.
void mark(core::Origin& origin) {
  if (origin == core::Origin::kLive) origin = core::Origin::kRecording;
}

}  // namespace

core::Result<store::RunPage> RunReader::page(const store::RunFilter& filter) const {
  auto page = store_.list_runs(filter);
  if (page && recording_) {
    for (store::RunSummary& run : page->runs) mark(run.origin);
  }
  return page;
}

core::Result<core::RunRecord> RunReader::wholeRun(core::RowId run) const {
  auto whole = store_.read_run(run);
  if (whole && recording_) mark(whole->origin);
  return whole;
}

RunReader::RunReader(store::Store store, std::shared_ptr<const analysis::Catalogue> catalogue)
    : store_(std::move(store)), catalogue_(std::move(catalogue)) {}

core::Result<std::shared_ptr<RunReader>> RunReader::open(
    const std::filesystem::path& path, std::shared_ptr<const analysis::Catalogue> catalogue) {
  auto store = path.extension() == ".zst" ? store::open_recording(path)
                                          : store::Store::open(path, store::Mode::kReadOnly);
  if (!store) return core::fail(store.error());
  std::shared_ptr<RunReader> reader(new RunReader(std::move(*store), std::move(catalogue)));
  reader->recording_ = path.extension() == ".zst";
  return reader;
}

core::Status RunReader::unchanged() const {
  const std::string name = store_.path().filename().string();
  switch (store_.file_fate()) {
    case store::Store::FileFate::kSame: return {};
    case store::Store::FileFate::kReplaced:
      return core::fail(core::ErrorCode::kDatabase, name + " has been replaced by another file.",
                        "Open it again to see what it holds now.");
    case store::Store::FileFate::kDeleted: break;
  }
  return core::fail(core::ErrorCode::kDatabase, name + " has been deleted.",
                    "What was read of it before is still shown.");
}

core::Result<std::int64_t> RunReader::changeCounter() const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  return store_.change_counter();
}

core::Status RunReader::writeReport(core::RowId session, const std::filesystem::path& target) const {
  auto runs = session::load_session(store_, session, *catalogue_);
  if (!runs) return core::fail(runs.error());
  if (recording_) {
    for (analysis::RunAnalysis& run : *runs) mark(run.run.origin);
  }
  return session::write_report(target, *runs, *catalogue_);
}

core::Result<SessionVerdicts> RunReader::verdicts(const ComparisonBase& base, core::RowId session,
                                                  const core::CancelToken& cancel) const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  SessionVerdicts verdicts{session, {}, {}};
  store::RunFilter filter;
  filter.session = session;
  filter.limit = kMostCompared;
  auto page = store_.list_runs(filter);
  if (!page) return core::fail(page.error());
  if (page->more) {
    verdicts.reason = "the session holds more than " + std::to_string(kMostCompared) +
                      " runs; flashcore-profile compare takes a part of them";
    return verdicts;
  }
  std::vector<core::RowId> ids;
  for (const auto& run : page->runs) ids.push_back(run.id);
  std::reverse(ids.begin(), ids.end());
  auto runs = session::load_runs(store_, ids, *catalogue_, cancel);
  if (!runs) return core::fail(runs.error());
  auto compared = base.run != 0 ? session::compare_with_run(base.run, *runs, store_, *catalogue_, cancel)
                                : session::compare_with_base("session:" + std::to_string(base.session), *runs,
                                                             store_, *catalogue_, cancel);
  if (!compared) {
    const core::ErrorCode code = compared.error().code;
    if (code != core::ErrorCode::kUsage && code != core::ErrorCode::kWrongAnswer)
      return core::fail(compared.error());
    verdicts.reason = compared.error().message;
    return verdicts;
  }
  for (const analysis::Comparison& pair : compared->result.all) {
    for (const analysis::RunAnalysis* run : pair.now.runs)
      verdicts.runs.push_back({run->run.id, pair.verdict, pair.time.change, pair.sentence});
  }
  std::sort(verdicts.runs.begin(), verdicts.runs.end(),
            [](const RunVerdict& a, const RunVerdict& b) { return a.run < b.run; });
  return verdicts;
}

core::Result<store::SessionPage> RunReader::sessions(core::RowId before) const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  auto page = store_.list_sessions(before, kSessionPage);
  if (page && recording_) {
    for (store::SessionSummary& summary : page->sessions) mark(summary.session.origin);
  }
  return page;
}

core::Result<store::RunPage> RunReader::runs(core::RowId session, core::RowId after) const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  store::RunFilter filter;
  filter.session = session;
  filter.before_id = after;
  filter.limit = kRunPage;
  filter.oldest_first = true;
  return this->page(filter);
}

core::Result<store::RunPage> RunReader::newestRuns(core::RowId session) const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  store::RunFilter filter;
  filter.session = session;
  filter.limit = kRunPage;
  auto page = this->page(filter);
  if (page) std::reverse(page->runs.begin(), page->runs.end());
  return page;
}

core::Result<core::RowId> RunReader::firstShown(core::RowId session) const {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  store::RunFilter filter;
  filter.session = session;
  filter.limit = LoadedRun::kMostPeers;
  if (auto mission = core::parse_problem("mission")) filter.problems = {std::move(*mission)};
  auto page = this->page(filter);
  if (!page) return core::fail(page.error());
  if (page->runs.empty()) {
    filter.problems.clear();
    filter.oldest_first = true;
    page = this->page(filter);
    if (!page) return core::fail(page.error());
  }
  if (page->runs.empty()) return 0;
  // Warm caches where there are such runs; runs of different states are not compared.
  const auto warm = std::find_if(page->runs.begin(), page->runs.end(), [](const store::RunSummary& run) {
    return run.cache != core::CacheState::kCold;
  });
  const store::RunSummary& first = warm == page->runs.end() ? page->runs.front() : *warm;
  const store::RunSummary* best = nullptr;
  for (const auto& run : page->runs) {
    if (run.problem != first.problem || run.cache != first.cache || !run.ladder || run.ladder->reference)
      continue;
    if (!core::times_are_results(run.answer) || !run.graph_p50_ns) continue;
    if (!best || *run.graph_p50_ns < *best->graph_p50_ns) best = &run;
  }
  return best ? best->id : first.id;
}

core::Result<store::RunSummary> RunReader::summaryOf(core::RowId session, core::RowId run) const {
  store::RunFilter filter;
  filter.session = session;
  filter.before_id = run + 1;
  filter.limit = 1;
  auto page = this->page(filter);
  if (!page) return core::fail(page.error());
  if (page->runs.empty() || page->runs.front().id != run) return core::fail(noSuchRun(run));
  return std::move(page->runs.front());
}

core::Status RunReader::readPeers(LoadedRun& loaded) const {
  const auto add = [this](std::vector<PlotRun>& to, store::RunSummary summary) {
    PlotRun run{std::move(summary), {}};
    if (const Points* points = known(run.summary)) run.points = *points;
    to.push_back(std::move(run));
  };
  store::RunFilter filter;
  filter.session = loaded.summary.session_id;
  filter.limit = LoadedRun::kMostPeers;
  if (loaded.summary.problem) filter.problems = {*loaded.summary.problem};
  filter.cache = loaded.summary.cache;
  auto page = this->page(filter);
  if (!page) return core::fail(page.error());
  loaded.peersLeftOut = page->more;
  bool here = false;
  for (auto& summary : page->runs) {
    if (!sameGroup(summary, loaded.summary)) continue;
    here = here || summary.id == loaded.summary.id;
    add(loaded.peers, std::move(summary));
  }
  if (!here) add(loaded.peers, loaded.summary);
  std::sort(loaded.peers.begin(), loaded.peers.end(),
            [](const PlotRun& a, const PlotRun& b) { return ladderLess(a.summary, b.summary); });
  filter.problems.clear();
  filter.cache.reset();
  filter.limit = LoadedRun::kMostPeers + LoadedRun::kMostOthers;
  page = this->page(filter);
  if (!page) return core::fail(page.error());
  loaded.othersLeftOut = page->more;
  for (auto& summary : page->runs) {
    if (sameGroup(summary, loaded.summary)) continue;
    if (static_cast<int>(loaded.others.size()) == LoadedRun::kMostOthers) {
      loaded.othersLeftOut = true;
      break;
    }
    add(loaded.others, std::move(summary));
  }
  return {};
}

core::Result<LoadedRunPtr> RunReader::load(core::RowId session, core::RowId run) {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  auto loaded = std::make_shared<LoadedRun>();
  loaded->catalogue = catalogue_;
  auto record = store_.read_session(session);
  if (!record) return core::fail(record.error());
  loaded->session = std::move(*record);
  if (recording_) mark(loaded->session.origin);
  auto summary = summaryOf(session, run);
  if (!summary) return core::fail(summary.error());
  loaded->summary = std::move(*summary);
  auto whole = wholeRun(run);
  if (!whole) return core::fail(whole.error());
  auto analysed =
      std::make_shared<const analysis::RunAnalysis>(analysis::analyse(std::move(*whole), *catalogue_));
  keep(loaded->summary, analysed->roofline.points);
  loaded->sheets =
      std::make_shared<const std::vector<analysis::Sheet>>(analysis::sheets_of(*analysed, *catalogue_));
  loaded->run = std::move(analysed);
  if (auto peers = readPeers(*loaded); !peers) return core::fail(peers.error());
  return loaded;
}

core::Result<LoadedRunPtr> RunReader::grow(const LoadedRunPtr& loaded, std::chrono::milliseconds time) {
  if (auto same = unchanged(); !same) return core::fail(same.error());
  const auto end = std::chrono::steady_clock::now() + time;
  auto grown = std::make_shared<LoadedRun>(*loaded);
  for (auto* runs : {&grown->peers, &grown->others}) {
    for (PlotRun& plotted : *runs) {
      if (plotted.points) continue;
      // A run without a time or without counters and model has no point; the summary tells the first.
      if (!shownTime(plotted.summary)) {
        plotted.points.emplace();
        continue;
      }
      if (const Points* points = known(plotted.summary)) {
        plotted.points = *points;
        continue;
      }
      if (std::chrono::steady_clock::now() >= end) return grown;
      auto whole = wholeRun(plotted.summary.id);
      if (!whole) return core::fail(whole.error());
      const auto analysed = analysis::analyse(std::move(*whole), *catalogue_);
      keep(plotted.summary, analysed.roofline.points);
      plotted.points = analysed.roofline.points;
    }
  }
  grown->complete = true;
  return grown;
}

const RunReader::Points* RunReader::known(const store::RunSummary& summary) const {
  const auto found = known_.find(summary.id);
  return found != known_.end() && sameContent(found->second.summary, summary) ? &found->second.points
                                                                              : nullptr;
}

void RunReader::keep(const store::RunSummary& summary, Points points) {
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(summary.id, Known{summary, std::move(points)});
}

}  // namespace flashcore::gui
