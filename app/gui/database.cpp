#include "app/gui/database.h"

#include <QFileInfo>
#include <algorithm>

namespace flashcore::gui {
namespace {

constexpr int kFollowMs = 1000;
// How long the thread reads points before it looks whether something more urgent waits.
constexpr std::chrono::milliseconds kGrowSlice{8};
// The plots are drawn anew with more points no more often than this.
constexpr int kGrowShownMs = 200;
constexpr int kMostLoaded = 200;
constexpr std::size_t kMostReloaded = 20;

struct Opened {
  std::shared_ptr<RunReader> reader;
  std::int64_t changes = 0;
  store::SessionPage sessions;
};

struct Reloaded {
  std::int64_t changes = 0;
  store::SessionPage sessions;
  std::vector<std::pair<core::RowId, store::RunPage>> runs;
};

struct Look {
  std::int64_t changes = 0;
  store::Store::FileFate fate = store::Store::FileFate::kSame;
};

core::Result<Opened> openFile(const std::filesystem::path& path,
                              std::shared_ptr<const analysis::Catalogue> catalogue) {
  auto reader = RunReader::open(path, std::move(catalogue));
  if (!reader) return core::fail(reader.error());
  // Before the lists: a change between the two is read twice, never missed.
  const auto changes = (*reader)->changeCounter();
  if (!changes) return core::fail(changes.error());
  auto sessions = (*reader)->sessions(0);
  if (!sessions) return core::fail(sessions.error());
  return Opened{std::move(*reader), *changes, std::move(*sessions)};
}

core::Result<Reloaded> readAgain(const RunReader& reader, const std::vector<core::RowId>& opened) {
  Reloaded again;
  const auto changes = reader.changeCounter();
  if (!changes) return core::fail(changes.error());
  again.changes = *changes;
  auto sessions = reader.sessions(0);
  if (!sessions) return core::fail(sessions.error());
  again.sessions = std::move(*sessions);
  for (std::size_t i = 0; i < std::min(opened.size(), kMostReloaded); ++i) {
    auto runs = reader.newestRuns(opened[i]);
    if (!runs) return core::fail(runs.error());
    again.runs.emplace_back(opened[i], std::move(*runs));
  }
  return again;
}

core::Result<LoadedRunPtr> loadRun(RunReader& reader, core::RowId session, core::RowId run) {
  if (run == 0) {
    const auto first = reader.firstShown(session);
    if (!first) return core::fail(first.error());
    if (*first == 0) return LoadedRunPtr();
    run = *first;
  }
  return reader.load(session, run);
}

core::Result<analysis::Catalogue> readCatalogue() {
  const QString folder = qEnvironmentVariable("FLASHCORE_CATALOGUE");
  if (folder.isEmpty()) return analysis::Catalogue::builtin();
  return analysis::Catalogue::with_folder(folder.toStdString());
}

}  // namespace

Database::Database(QObject* parent) : QObject(parent) {
  auto catalogue = readCatalogue();
  if (!catalogue) {
    const core::Error error = catalogue.error();
    // Said once somebody listens.
    QTimer::singleShot(0, this, [this, error] { Q_EMIT failed(error); });
    catalogue = analysis::Catalogue::builtin();
  }
  catalogue_ =
      std::make_shared<const analysis::Catalogue>(catalogue ? std::move(*catalogue) : analysis::Catalogue());
  connect(&follow_, &QTimer::timeout, this, &Database::lookForChanges);
  setFollowInterval(kFollowMs);
}

Database::~Database() {
  closing_.request();  // a comparison of many runs takes a while, and nobody waits for it any more
}

bool Database::isRecordingPath(const QString& path) {
  return path.endsWith(QLatin1String(".zst"));
}

void Database::setFollowInterval(int ms) {
  if (ms > 0) {
    follow_.start(ms);
  } else {
    follow_.stop();
  }
}

template <typename Work, typename Done>
void Database::read(Work work, Done done, Background::Urgency urgency) {
  if (!reader_) return;
  background_.run(
      [reader = reader_, work = std::move(work)] {
        auto result = work(*reader);
        const FileFate fate = result ? FileFate::kSame : reader->fate();
        return std::make_pair(std::move(result), fate);
      },
      [this, reader = reader_, done = std::move(done)](auto answer) {
        if (reader != reader_) return;
        if (answer.first) {
          done(std::move(*answer.first));
        } else if (answer.second == FileFate::kSame) {
          Q_EMIT failed(answer.first.error());
        } else {
          setFate(answer.second);
        }
      },
      urgency);
}

void Database::setFate(FileFate fate) {
  fate_ = fate;
  Q_EMIT fateChanged(fate_);
}

void Database::open(const QString& path) {
  requested_ = QFileInfo(path).absoluteFilePath();
  loading_ = true;
  const int request = ++openRequests_;
  Q_EMIT opening(requested_);
  background_.run([file = std::filesystem::path(requested_.toStdString()),
                   catalogue = catalogue_] { return openFile(file, catalogue); },
                  [this, asked = requested_, request](core::Result<Opened> opened) {
                    if (request != openRequests_) return;
                    loading_ = false;
                    if (!opened) {
                      requested_ = path_;
                      Q_EMIT openFailed();
                      Q_EMIT failed(opened.error());
                      return;
                    }
                    reader_ = std::move(opened->reader);
                    path_ = asked;
                    changes_ = opened->changes;
                    fate_ = FileFate::kSame;
                    loaded_.clear();
                    wantedSession_ = wantedRun_ = 0;
                    ++showRequests_;
                    Q_EMIT this->opened(path_, opened->sessions);
                  });
}

void Database::reload(const std::vector<core::RowId>& opened) {
  read([opened](const RunReader& reader) { return readAgain(reader, opened); },
       [this](const Reloaded& again) {
         changes_ = again.changes;
         loaded_.clear();
         Q_EMIT sessionsUpdated(again.sessions);
         for (const auto& [session, runs] : again.runs) Q_EMIT runsUpdated(session, runs);
         if (wantedSession_ != 0) show(wantedSession_, wantedRun_);
       });
}

void Database::fetchSessions(core::RowId before) {
  read([before](const RunReader& reader) { return reader.sessions(before); },
       [this](const store::SessionPage& page) { Q_EMIT sessionsFetched(page); });
}

void Database::fetchRuns(core::RowId session, core::RowId after) {
  read([session, after](const RunReader& reader) { return reader.runs(session, after); },
       [this, session](const store::RunPage& page) { Q_EMIT runsFetched(session, page); });
}

void Database::show(core::RowId session, core::RowId run) {
  const int request = ++showRequests_;
  wantedSession_ = session;
  wantedRun_ = run;
  if (const auto cached = loaded_.value(run)) {
    deliver(request, cached);
    return;
  }
  read([session, run](RunReader& reader) { return loadRun(reader, session, run); },
       [this, request, session](const LoadedRunPtr& loaded) {
         if (request != showRequests_) return;
         if (loaded) {
           deliver(request, loaded);
         } else {
           Q_EMIT sessionIsEmpty(session);
         }
       });
}

void Database::deliver(int request, const LoadedRunPtr& run) {
  wantedRun_ = run->summary.id;
  if (loaded_.size() >= kMostLoaded) loaded_.clear();
  loaded_.insert(wantedRun_, run);
  sinceGrown_.start();
  Q_EMIT runLoaded(run);
  if (!run->complete) grow(request, run);
}

// One small step after another, so that a click never waits for more than a slice.
void Database::grow(int request, const LoadedRunPtr& run) {
  read([run](RunReader& reader) { return reader.grow(run, kGrowSlice); },
       [this, request](const LoadedRunPtr& grown) {
         if (request != showRequests_) return;
         loaded_.insert(grown->summary.id, grown);
         if (grown->complete || sinceGrown_.elapsed() >= kGrowShownMs) {
           Q_EMIT plotsGrown(grown);
           sinceGrown_.start();
         }
         if (!grown->complete) grow(request, grown);
       },
       Background::Urgency::Later);
}

void Database::lookForChanges() {
  // An answer that is slow to come is not asked for twice.
  if (!reader_ || looking_) return;
  looking_ = true;
  background_.run(
      [reader = reader_, before = changes_] {
        // A reader that cannot say keeps what it has; what is wrong is said when something is asked for.
        const auto fate = reader->fate();
        return Look{fate == FileFate::kSame ? reader->changeCounter().value_or(before) : before, fate};
      },
      [this, reader = reader_](const Look& look) {
        looking_ = false;
        if (reader != reader_) return;
        if (look.fate != fate_) setFate(look.fate);
        if (look.changes != changes_) {
          changes_ = look.changes;
          Q_EMIT changedByOthers();
        }
      });
}

void Database::compare(const ComparisonBase& base, core::RowId session) {
  if (!reader_ || fate_ != FileFate::kSame) return;
  const int request = ++comparisons_[session];
  comparing_.run(
      [path = path_, catalogue = catalogue_, base, session, &cancel = closing_]() {
        const auto reader = RunReader::open(path.toStdString(), catalogue);
        if (!reader) return core::Result<SessionVerdicts>(core::fail(reader.error()));
        return (*reader)->verdicts(base, session, cancel);
      },
      [this, request, session, reader = reader_](const core::Result<SessionVerdicts>& verdicts) {
        if (reader != reader_ || comparisons_.value(session) != request) return;
        if (verdicts) {
          Q_EMIT compared(*verdicts);
        } else {
          Q_EMIT failed(verdicts.error());
        }
      });
}

void Database::saveReport(core::RowId session, const QString& target) {
  if (fate_ != FileFate::kSame) {
    setFate(fate_);  // the file of that name holds other runs by now
    return;
  }
  reports_.run(
      [path = path_, catalogue = catalogue_, session,
       file = std::filesystem::path(target.toStdString())]() -> core::Status {
        const auto reader = RunReader::open(path.toStdString(), catalogue);
        if (!reader) return core::fail(reader.error());
        return (*reader)->writeReport(session, file);
      },
      [this, target](const core::Status& status) {
        if (status) {
          Q_EMIT reportSaved(target);
        } else {
          Q_EMIT failed(status.error());
        }
      });
}

}  // namespace flashcore::gui
