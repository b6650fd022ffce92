// The base of comparison: what the tree's last column and the head line say of every run.
#include <QMenu>
#include <QMenuBar>

#include "app/gui/main_window.h"
#include "app/gui/models/run_text.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"
#include "app/gui/models/verdict_text.h"
#include "app/gui/session_view.h"

namespace flashcore::gui {

void MainWindow::setBase(core::RowId session, core::RowId run) {
  base_ = {session, run};
  baseName_ = run != 0 ? tr("run %1").arg(run) : session != 0 ? tr("session #%1").arg(session) : QString();
  sessions_->setBase(baseName_, base_);
  tree_->setColumnHidden(SessionModel::VerdictColumn, session == 0);
  compareOpened();
  showVerdict();
}

void MainWindow::compareOpened() {
  for (const core::RowId session : sessions_->openedSessions()) compareSession(session);
}

void MainWindow::compareSession(core::RowId session) {
  if (base_.session == 0) return;
  if (session == base_.session && base_.run == 0) return;  // the base itself
  database_.compare(base_, session);
}

void MainWindow::showVerdict() {
  const Theme theme = themeOf(palette());
  const core::RowId run = view_->currentRun();
  const bool isBase = base_.run != 0 ? run == base_.run : view_->currentSession() == base_.session;
  if (base_.session == 0 || run == 0 || isBase) {
    view_->setVerdict(base_.session != 0 && run != 0 ? tr("The base of comparison") : QString(), theme.muted);
    return;
  }
  if (const RunVerdict* verdict = sessions_->verdict(run)) {
    view_->setVerdict(tr("Against %1: %2").arg(baseName_, oneLine(verdict->sentence, 400)),
                      verdictColour(verdict->verdict, theme));
    return;
  }
  const QString reason = sessions_->verdictReason(view_->currentSession());
  view_->setVerdict(reason.isEmpty() ? QString() : tr("Against %1: %2").arg(baseName_, reason), theme.muted);
}

// One run against all others compares subjects as well; a session only what it shares with another.
void MainWindow::offerBases(QMenu* menu, const QModelIndex& index) {
  const core::RowId session = index.data(SessionModel::SessionIdRole).toLongLong();
  const core::RowId run = index.data(SessionModel::RunIdRole).toLongLong();
  auto* all = menu->addAction(tr("Compare with &session #%1").arg(session), this,
                              [this, session] { setBase(session, 0); });
  all->setEnabled(index.isValid());
  if (!index.isValid()) all->setText(tr("Compare with &session"));
  auto* one = menu->addAction(run != 0 ? tr("Compare with &run %1 (%2)")
                                             .arg(run)
                                             .arg(oneLine(index.siblingAtColumn(0).data().toString(), 40))
                                       : tr("Compare with &run"),
                              this, [this, session, run] { setBase(session, run); });
  one->setEnabled(run != 0);
  auto* none = menu->addAction(tr("Compare with &nothing"), this, [this] { setBase(0, 0); });
  none->setEnabled(base_.session != 0);
}

void MainWindow::makeCompareMenu() {
  auto* compare = menuBar()->addMenu(tr("&Compare"));
  compare->setObjectName(QStringLiteral("compareMenu"));
  // What it offers depends on what is selected when it is opened.
  connect(compare, &QMenu::aboutToShow, this, [this, compare] {
    compare->clear();
    offerBases(compare, tree_->currentIndex());
  });
}

void MainWindow::showTreeMenu(const QPoint& at) {
  const QModelIndex index = tree_->indexAt(at);
  if (!index.isValid()) return;
  auto* menu = new QMenu(tree_);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  offerBases(menu, index);
  menu->popup(tree_->viewport()->mapToGlobal(at));
}

}  // namespace flashcore::gui
