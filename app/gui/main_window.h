// MainWindow: the desktop app. Sessions at the left, what is known of one in the middle, profiling at
// the right, messages on top.
//
// New runs and imports go to the database that was asked for last, from the moment it is asked for.
//
// Owns: the database that is open, the helper process, the machine probe. Threads: the GUI's.
// Errors: a banner that waits for nobody; what was shown before stays.
#pragma once

#include <QHash>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QString>
#include <QStringList>
#include <QTreeView>

#include "app/gui/database.h"
#include "app/gui/machine_probe.h"
#include "app/gui/models/session_model.h"
#include "app/gui/worker_process.h"

namespace flashcore::gui {

class Banner;
class ProfilePanel;
class SessionView;

struct MainWindowOptions {
  QString worker;           // the helper's program; empty: flashcore-profile beside this one
  Examine examine;          // empty: session::examine(0)
  QString defaultDatabase;  // empty: session::default_database()
  QString recording;        // what Replay replays; empty: the shipped recording
  bool remember = true;     // window state and last database, in QSettings
};

class MainWindow final : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(MainWindowOptions options = {});
  ~MainWindow() override;

  // Opens `path`; empty: the one used last, else the default one where it exists.
  void openAtStart(const QString& path);
  void openDatabase(const QString& path);
  // What all runs are compared with: a session, or one run of it (0: all of them). Session 0: nothing.
  void setBase(core::RowId session, core::RowId run);
  // The report of the session that is shown; the banner says how it went.
  void saveReport(const QString& path);
  // Files of other profilers become runs of the open database (by the helper).
  void importFiles(const QStringList& files);
  // The database that new runs go to.
  QString profileTarget() const;

  Database* database() { return &database_; }
  SessionModel* sessions() { return sessions_; }
  SessionView* view() { return view_; }
  Banner* banner() { return banner_; }
  ProfilePanel* panel() { return panel_; }
  WorkerProcess* worker() { return &worker_; }

 Q_SIGNALS:
  void machineKnown();
  void sessionShown(flashcore::core::RowId session);
  void profilingEnded();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void makeMenus();
  void makeDocks();
  void makeCentre();
  QWidget* makeEmptyPage();
  void makeStatusBar();
  void connectDatabase();
  void connectWorker();
  void restore();
  void remember();

  void showDatabase(const QString& path, const store::SessionPage& first);
  void showSessions(const store::SessionPage& first);
  void showRun(const LoadedRunPtr& run);
  void showEmptySession();
  void selectSession(core::RowId session);
  void selectionChanged(const QModelIndex& current);
  void selectRun(core::RowId run);
  void compareOpened();
  void compareSession(core::RowId session);
  void showVerdict();
  void makeCompareMenu();
  void showTreeMenu(const QPoint& at);
  void offerBases(QMenu* menu, const QModelIndex& index);
  void fetchWhatIsInView();
  void spanSessions(int first, int last);
  void fileFateChanged();
  void updateEmptyPage();
  void updateState();
  void askForDatabase();
  void askForImport();
  void askForReport();
  void showAbout();

  void startProfile(bool replay);
  void requestFinished(const session::WorkerFinished& finished);
  void requestFailed(const core::Error& error);
  void requestEnded(core::RowId session);
  void showOutcome(const session::ProfileOutcome& outcome);

  MainWindowOptions options_;
  Database database_;
  WorkerProcess worker_;
  MachineProbe probe_;
  SessionModel* sessions_;
  QTreeView* tree_;
  QStackedWidget* pages_;
  QLabel* emptyTitle_;
  QLabel* emptyText_;
  bool canProfile_ = true;              // until it is known
  QPushButton* emptyReplay_ = nullptr;  // where this machine cannot profile but can replay
  SessionView* view_;
  Banner* banner_;
  ProfilePanel* panel_;
  QAction* saveReportAction_ = nullptr;
  ComparisonBase base_;
  QString baseName_;
  QLabel* stateLine_ = nullptr;     // of the status bar: what is open, what is being opened
  QHash<qint64, QString> targets_;  // where the helper writes, by request
  QString runningTarget_;           // of the request at hand
  core::RowId newSession_ = 0;      // the session that the helper has begun
  core::RowId wantedSession_ = 0;   // to select once the lists hold it
  bool reopened_ = false;           // for that session, once
};

}  // namespace flashcore::gui
