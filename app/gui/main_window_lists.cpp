// The main window and what its database tells: the tree at the left, which run is shown, what has become of
// the file.
#include <QFileInfo>
#include <QItemSelectionModel>
#include <QScrollBar>
#include <QSettings>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/models/text.h"
#include "app/gui/session_view.h"

namespace flashcore::gui {

void MainWindow::connectDatabase() {
  connect(&database_, &Database::failed, this, [this](const core::Error& error) {
    sessions_->fetchFailed();
    banner_->show(error);
  });
  connect(&database_, &Database::openFailed, this, &MainWindow::updateState);
  connect(&database_, &Database::opening, this, &MainWindow::updateState);
  connect(&database_, &Database::opened, this, &MainWindow::showDatabase);
  connect(&database_, &Database::sessionsUpdated, this, &MainWindow::showSessions);
  connect(&database_, &Database::sessionsFetched, sessions_, &SessionModel::appendSessions);
  connect(&database_, &Database::runsFetched, sessions_, &SessionModel::appendRuns);
  connect(&database_, &Database::runsUpdated, sessions_, &SessionModel::updateRuns);
  connect(sessions_, &SessionModel::sessionsWanted, &database_, &Database::fetchSessions);
  connect(sessions_, &SessionModel::runsWanted, &database_, &Database::fetchRuns);
  connect(&database_, &Database::runsFetched, this, [this](core::RowId session) { compareSession(session); });
  connect(&database_, &Database::runsUpdated, this, [this](core::RowId session) { compareSession(session); });
  connect(&database_, &Database::compared, this, [this](const SessionVerdicts& verdicts) {
    sessions_->setVerdicts(verdicts);
    showVerdict();
  });
  connect(tree_, &QWidget::customContextMenuRequested, this, &MainWindow::showTreeMenu);
  connect(&database_, &Database::changedByOthers, this,
          [this] { database_.reload(sessions_->openedSessions()); });
  connect(&database_, &Database::runLoaded, this, &MainWindow::showRun);
  connect(&database_, &Database::plotsGrown, view_, &SessionView::setRun);
  connect(&database_, &Database::sessionIsEmpty, this, &MainWindow::showEmptySession);
  connect(&database_, &Database::fateChanged, this, &MainWindow::fileFateChanged);
  connect(&database_, &Database::reportSaved, this, [this](const QString& path) {
    banner_->show(Banner::Kind::Information, tr("The report is in %1").arg(oneLine(path, 300)));
  });
  connect(view_, &SessionView::runChosen, this, &MainWindow::selectRun);
  connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, &MainWindow::selectionChanged);
  connect(tree_->verticalScrollBar(), &QScrollBar::valueChanged, this, &MainWindow::fetchWhatIsInView);
  // Rows that have come may end in view: once the tree has laid them out.
  const auto later = [this] {
    QMetaObject::invokeMethod(this, &MainWindow::fetchWhatIsInView, Qt::QueuedConnection);
  };
  connect(tree_->verticalScrollBar(), &QScrollBar::rangeChanged, this, later);
  connect(sessions_, &QAbstractItemModel::rowsInserted, this, later);
  connect(tree_, &QTreeView::collapsed, this, later);
}

void MainWindow::showDatabase(const QString& path, const store::SessionPage& first) {
  setWindowTitle(tr("%1 - FlashCore").arg(oneLine(QFileInfo(path).fileName(), 80)));
  setWindowFilePath(path);
  if (options_.remember) QSettings().setValue(QStringLiteral("lastDatabase"), path);
  view_->setRun(nullptr);
  saveReportAction_->setEnabled(false);
  setBase(0, 0);  // numbers of another file name other runs
  sessions_->setSessions(first);
  updateState();
  if (first.sessions.empty()) return;
  const core::RowId wanted = std::exchange(wantedSession_, 0);
  const bool known = wanted != 0 && sessions_->session(wanted) != nullptr;
  selectSession(known ? wanted : first.sessions.front().session.id);
}

void MainWindow::showSessions(const store::SessionPage& first) {
  sessions_->updateSessions(first);
  updateEmptyPage();
  const core::RowId wanted = wantedSession_;
  if (wanted != 0 && sessions_->session(wanted)) {
    wantedSession_ = 0;
    selectSession(wanted);
  } else if (wanted != 0 && !reopened_) {
    // A file of an older schema was read through a copy, which does not see what was written to it since.
    reopened_ = true;
    database_.open(database_.path());
  } else if (!tree_->currentIndex().isValid() && sessions_->sessionCount() > 0) {
    selectSession(first.sessions.front().session.id);
  }
}

void MainWindow::selectSession(core::RowId session) {
  const QModelIndex index = sessions_->indexOfSession(session);
  if (!index.isValid()) return;
  tree_->expand(index);
  {
    const QSignalBlocker quiet(tree_->selectionModel());
    tree_->selectionModel()->setCurrentIndex(index,
                                             QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  }
  tree_->scrollTo(index);
  tree_->viewport()->update();
  database_.show(session, 0);
}

void MainWindow::selectionChanged(const QModelIndex& current) {
  if (!current.isValid()) return;
  const core::RowId session = current.data(SessionModel::SessionIdRole).toLongLong();
  const core::RowId run = current.data(SessionModel::RunIdRole).toLongLong();
  // A session stays with the run that is shown of it.
  if (run == 0 && view_->currentSession() == session) return;
  database_.show(session, run);
}

void MainWindow::showRun(const LoadedRunPtr& run) {
  view_->setRun(run);
  showVerdict();
  saveReportAction_->setEnabled(true);
  pages_->setCurrentWidget(view_);
  Q_EMIT sessionShown(run->session.id);
}

void MainWindow::showEmptySession() {
  view_->setRun(nullptr);
  saveReportAction_->setEnabled(false);
  pages_->setCurrentIndex(0);
  emptyTitle_->setText(tr("This session holds no runs"));
  emptyText_->setText(tr("It was stopped, or nothing that was asked for could be served."));
  Q_EMIT sessionShown(0);
}

void MainWindow::selectRun(core::RowId run) {
  const QModelIndex index = sessions_->indexOfRun(run);
  if (!index.isValid()) {
    // The tree has not read so far: the run is shown all the same.
    database_.show(view_->currentSession(), run);
    return;
  }
  tree_->expand(index.parent());
  tree_->setCurrentIndex(index);
  tree_->scrollTo(index);
}

// Whatever ends within what is seen of the tree: its next page.
void MainWindow::fetchWhatIsInView() {
  const QRect seen = tree_->viewport()->rect();
  for (QModelIndex index = tree_->indexAt(QPoint(1, 1)); index.isValid(); index = tree_->indexBelow(index)) {
    if (tree_->visualRect(index).top() > seen.bottom()) return;
    const QModelIndex parent = index.parent();
    if (index.row() + 1 == sessions_->rowCount(parent)) sessions_->nextPage(parent);
  }
}

void MainWindow::spanSessions(int first, int last) {
  for (int row = first; row <= last; ++row) tree_->setFirstColumnSpanned(row, {}, true);
}

void MainWindow::fileFateChanged() {
  sessions_->fetchFailed();
  const QString name = oneLine(QFileInfo(database_.path()).fileName(), 80);
  const auto openAgain = [this] { openDatabase(database_.path()); };
  switch (database_.fate()) {
    case Database::FileFate::kSame: return;
    case Database::FileFate::kReplaced:
      banner_->show(Banner::Kind::Warning, tr("%1 has been replaced by another file.").arg(name),
                    tr("What is shown was read before. New runs go to the file that is there now."));
      break;
    case Database::FileFate::kDeleted:
      banner_->show(Banner::Kind::Warning, tr("%1 has been deleted.").arg(name),
                    tr("What is shown was read before. New runs make a new file of that name."));
      break;
  }
  banner_->offer(tr("Open again"), openAgain);
}

}  // namespace flashcore::gui
