#include "app/gui/main_window.h"

#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QItemSelectionModel>
#include <QMimeData>
#include <QSettings>

#include "app/gui/banner.h"
#include "app/gui/models/text.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"
#include "app/session/library.h"
#include "reports/html.h"

namespace flashcore::gui {
namespace {

// Increased when docks change so much that an old layout would hide something.
constexpr int kLayoutVersion = 1;

QString droppedFile(const QMimeData* data) {
  for (const QUrl& url : data->urls()) {
    if (url.isLocalFile()) return url.toLocalFile();
  }
  return {};
}

Examine examineOf(const MainWindowOptions& options) {
  if (options.examine) return options.examine;
  return [] { return session::examine(0); };
}

}  // namespace

MainWindow::MainWindow(MainWindowOptions options)
    : options_(std::move(options)),
      worker_(options_.worker.isEmpty() ? WorkerProcess::defaultProgram() : options_.worker),
      probe_(examineOf(options_), options_.recording),
      sessions_(new SessionModel(this)) {
  setWindowTitle(tr("FlashCore"));
  setAcceptDrops(true);
  resize(1440, 900);
  makeCentre();
  makeDocks();
  makeMenus();
  connectDatabase();
  connectWorker();
  connect(&probe_, &MachineProbe::found, this, [this](const MachineState& state) {
    panel_->setMachine(state);
    emptyReplay_->setVisible(!state.canProfile && state.canReplay);
    updateEmptyPage();
    Q_EMIT machineKnown();
  });
  if (options_.remember) restore();
  panel_->setTarget(profileTarget(), false);
  updateEmptyPage();
  probe_.start();
}

MainWindow::~MainWindow() = default;

void MainWindow::connectDatabase() {
  connect(&database_, &Database::failed, banner_, qOverload<const core::Error&>(&Banner::show));
  connect(&database_, &Database::opened, this, [this](const QString& path) {
    setWindowTitle(tr("%1 - FlashCore").arg(oneLine(QFileInfo(path).fileName(), 80)));
    setWindowFilePath(path);
    view_->setSession(nullptr);
    panel_->setTarget(profileTarget(), database_.isRecordingFile());
    if (options_.remember) QSettings().setValue(QStringLiteral("lastDatabase"), path);
  });
  connect(&database_, &Database::listsLoaded, this, &MainWindow::showLists);
  connect(&database_, &Database::sessionLoaded, this, &MainWindow::showSession);
  connect(view_, &SessionView::runChosen, this, &MainWindow::selectRun);
  connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, &MainWindow::selectionChanged);
}

void MainWindow::openAtStart(const QString& path) {
  if (!path.isEmpty()) {
    openDatabase(path);
    return;
  }
  const QString last =
      options_.remember ? QSettings().value(QStringLiteral("lastDatabase")).toString() : QString();
  // One that is gone since is no error: nobody asked for it now.
  for (const QString& candidate : {last, profileTarget()}) {
    if (candidate.isEmpty() || !QFileInfo(candidate).isFile()) continue;
    openDatabase(candidate);
    return;
  }
}

void MainWindow::openDatabase(const QString& path) {
  wantedSession_ = 0;
  wantedRun_ = 0;
  banner_->hide();
  database_.open(path);
}

void MainWindow::showLists(const std::vector<store::SessionSummary>& sessions,
                           const std::vector<store::RunSummary>& runs) {
  const QModelIndex before = tree_->currentIndex();
  core::RowId session = before.data(SessionModel::SessionIdRole).toLongLong();
  core::RowId run = before.data(SessionModel::RunIdRole).toLongLong();
  if (wantedSession_ != 0) {
    session = std::exchange(wantedSession_, 0);
    run = std::exchange(wantedRun_, 0);
  }
  sessions_->setContent(sessions, runs);
  updateEmptyPage();
  saveReportAction_->setEnabled(false);
  if (sessions.empty()) return;
  tree_->expand(sessions_->index(0, 0));
  QModelIndex chosen = run != 0 ? sessions_->indexOfRun(run) : QModelIndex();
  if (!chosen.isValid() && session != 0) chosen = sessions_->indexOfSession(session);
  if (!chosen.isValid()) chosen = sessions_->index(0, 0);
  tree_->expand(chosen.parent().isValid() ? chosen.parent() : chosen);
  // Setting the current row loads its session, unless it was that row already.
  const QSignalBlocker quiet(tree_->selectionModel());
  tree_->selectionModel()->setCurrentIndex(chosen,
                                           QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  database_.loadSession(chosen.data(SessionModel::SessionIdRole).toLongLong());
  tree_->scrollTo(chosen);
  tree_->viewport()->update();
}

void MainWindow::selectionChanged(const QModelIndex& current) {
  if (!current.isValid()) return;
  const core::RowId session = current.data(SessionModel::SessionIdRole).toLongLong();
  const core::RowId run = current.data(SessionModel::RunIdRole).toLongLong();
  if (view_->session() && view_->session()->id == session) {
    if (run != 0) view_->setCurrentRun(run);
    return;
  }
  database_.loadSession(session);
}

void MainWindow::showSession(const LoadedSessionPtr& session) {
  const core::RowId run = tree_->currentIndex().data(SessionModel::RunIdRole).toLongLong();
  view_->setSession(session, run);
  saveReportAction_->setEnabled(!session->runs.empty());
  pages_->setCurrentWidget(session->runs.empty() ? pages_->widget(0) : view_);
  if (session->runs.empty()) {
    emptyTitle_->setText(tr("This session holds no runs"));
    emptyText_->setText(tr("It was stopped, or nothing that was asked for could be served."));
  }
  Q_EMIT sessionShown(session->id);
}

void MainWindow::selectRun(core::RowId run) {
  const QModelIndex index = sessions_->indexOfRun(run);
  if (!index.isValid()) return;
  tree_->expand(index.parent());
  tree_->setCurrentIndex(index);
  tree_->scrollTo(index);
}

bool MainWindow::saveReport(const QString& path) {
  const auto& session = view_->session();
  if (!session || session->runs.empty()) {
    banner_->show({core::ErrorCode::kUsage,
                   tr("There is no session to report on.").toStdString(),
                   tr("Choose a session at the left first.").toStdString(),
                   {}});
    return false;
  }
  const auto status = reports::write_html_report(path.toStdString(), session->runs, *session->catalogue);
  if (!status) {
    banner_->show(status.error());
    return false;
  }
  banner_->show(Banner::Kind::Information, tr("The report is in %1").arg(oneLine(path, 300)));
  return true;
}

QString MainWindow::profileTarget() const {
  if (database_.isOpen() && !database_.isRecordingFile()) return database_.path();
  if (!options_.defaultDatabase.isEmpty()) return options_.defaultDatabase;
  const auto path = session::default_database();
  return path ? QString::fromStdString(path->string()) : QString();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (options_.remember) remember();
  QMainWindow::closeEvent(event);
}

void MainWindow::restore() {
  const QSettings settings;
  restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray());
  restoreState(settings.value(QStringLiteral("windowState")).toByteArray(), kLayoutVersion);
  view_->restoreState(settings.value(QStringLiteral("viewState")).toByteArray());
}

void MainWindow::remember() {
  QSettings settings;
  settings.setValue(QStringLiteral("geometry"), saveGeometry());
  settings.setValue(QStringLiteral("windowState"), saveState(kLayoutVersion));
  settings.setValue(QStringLiteral("viewState"), view_->saveState());
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!droppedFile(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString file = droppedFile(event->mimeData());
  if (file.isEmpty()) return;
  event->acceptProposedAction();
  openDatabase(file);
}

}  // namespace flashcore::gui
