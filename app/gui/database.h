// Database: the file that the window shows. Everything is read on a thread of its own, in pages and in small
// steps, so that a large file never holds the window up; what others write to the file is noticed about once
// a second.
//
// Owns: the reader (used on the background thread alone) and the catalogue. Threads: the GUI's.
// Errors: failed() with the store's own words; what was open before stays open.
#pragma once

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QString>
#include <QTimer>
#include <memory>
#include <vector>

#include "app/gui/background.h"
#include "app/gui/loaded_run.h"
#include "app/gui/run_reader.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::gui {

class Database final : public QObject {
  Q_OBJECT

 public:
  using FileFate = store::Store::FileFate;

  explicit Database(QObject* parent = nullptr);
  ~Database() override;

  // Opens a database or a recording (*.zst) for reading; never creates or changes one.
  void open(const QString& path);
  // Reads the first page of sessions again, and the newest runs of the sessions in `opened`.
  void reload(const std::vector<core::RowId>& opened);
  void fetchSessions(core::RowId before);
  void fetchRuns(core::RowId session, core::RowId after);
  // Loads a run; 0: the one that the session opens with. The request made last wins.
  void show(core::RowId session, core::RowId run);
  // The HTML report of a session, all of it: on a thread and a connection of its own, so that whatever it
  // takes nothing else waits for it.
  void saveReport(core::RowId session, const QString& target);
  // The runs of a session against a base, on a thread and a connection of its own. Asked again, what was asked
  // for before of that session is dropped.
  void compare(const ComparisonBase& base, core::RowId session);
  // How often others' changes are looked for; 0: never.
  void setFollowInterval(int ms);

  bool isOpen() const { return reader_ != nullptr; }
  bool isLoading() const { return loading_; }
  const QString& path() const { return path_; }  // of what is open; empty while nothing is
  // What was asked for last, unless it could not be opened: where new runs go, loaded or not.
  const QString& requestedPath() const { return requested_; }
  static bool isRecordingPath(const QString& path);
  FileFate fate() const { return fate_; }
  const std::shared_ptr<const analysis::Catalogue>& catalogue() const { return catalogue_; }

 Q_SIGNALS:
  void opening(const QString& path);
  void opened(const QString& path, const flashcore::store::SessionPage& first);
  void openFailed();
  void changedByOthers();
  void sessionsUpdated(const flashcore::store::SessionPage& first);
  void sessionsFetched(const flashcore::store::SessionPage& next);
  void runsUpdated(flashcore::core::RowId session, const flashcore::store::RunPage& newest);
  void runsFetched(flashcore::core::RowId session, const flashcore::store::RunPage& next);
  void runLoaded(const flashcore::gui::LoadedRunPtr& run);
  // The same run with more points beside it.
  void plotsGrown(const flashcore::gui::LoadedRunPtr& run);
  void sessionIsEmpty(flashcore::core::RowId session);
  // The file is another one, or none: said when it is noticed, and whenever something is asked of it after.
  void fateChanged(flashcore::store::Store::FileFate fate);
  void compared(const flashcore::gui::SessionVerdicts& verdicts);
  void reportSaved(const QString& path);
  void failed(const flashcore::core::Error& error);

 private:
  // `done(value)` unless the work failed (said) or another file has been opened since.
  template <typename Work, typename Done>
  void read(Work work, Done done, Background::Urgency urgency = Background::Urgency::Now);
  void deliver(int request, const LoadedRunPtr& run);
  void grow(int request, const LoadedRunPtr& run);
  void lookForChanges();
  void setFate(FileFate fate);

  std::shared_ptr<const analysis::Catalogue> catalogue_;
  std::shared_ptr<RunReader> reader_;
  QString path_, requested_;
  bool loading_ = false;
  int openRequests_ = 0;  // an answer to an older request is dropped
  int showRequests_ = 0;
  core::RowId wantedSession_ = 0, wantedRun_ = 0;  // of show(); the run is known once it is loaded
  QHash<core::RowId, LoadedRunPtr> loaded_;        // of the file as it was at the last change
  QElapsedTimer sinceGrown_;
  std::int64_t changes_ = 0;
  FileFate fate_ = FileFate::kSame;
  QTimer follow_;
  bool looking_ = false;
  QHash<core::RowId, int> comparisons_;  // how often each session was asked for
  core::CancelToken closing_;
  Background reports_;
  Background comparing_;
  Background background_;
};

}  // namespace flashcore::gui
