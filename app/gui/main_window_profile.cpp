// How the main window profiles: the request to the helper, and what comes back.
#include <QFileInfo>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/models/text.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"

namespace flashcore::gui {

void MainWindow::connectWorker() {
  connect(&worker_, &WorkerProcess::event, this, [this](const session::ProfileEvent& event) {
    panel_->showProgress(event);
    if (event.session_id != 0) newSession_ = event.session_id;
  });
  connect(&worker_, &WorkerProcess::finished, this, &MainWindow::profileFinished);
  connect(&worker_, &WorkerProcess::failed, this, &MainWindow::profileFailed);
}

void MainWindow::startProfile(bool replay) {
  if (worker_.isRunning()) return;
  session::WorkerRequest request = panel_->request();
  if (replay) {
    // All of the recording: it need not hold what happens to be ticked.
    request.profile.phases = {"all"};
    request.shapes.clear();
    request.causal = false;
    request.replay = options_.recording.toStdString();  // empty: the shipped one
  }
  runningTarget_ = profileTarget();
  newSession_ = 0;
  request.database = runningTarget_.toStdString();
  banner_->hide();
  panel_->setRunning(true);
  worker_.start(request);
}

void MainWindow::profileFinished(const session::WorkerFinished& finished) {
  const auto& outcome = finished.outcome;
  const QString runs = countOf(static_cast<qsizetype>(outcome.runs.size()), "run", "runs");
  QString text = outcome.cancelled ? tr("Cancelled; %1 kept.").arg(runs) : tr("Done: %1.").arg(runs);
  if (!outcome.skipped.empty()) text += tr(" %1 skipped.").arg(outcome.skipped.size());
  panel_->showDone(text);
  if (outcome.session_id != 0) newSession_ = outcome.session_id;
  showNewRuns(newSession_);
  if (outcome.wrong_answers > 0) {
    banner_->show(Banner::Kind::Error,
                  tr("%1 gave a wrong answer: no timing is shown for it.")
                      .arg(countOf(outcome.wrong_answers, "run", "runs")),
                  tr("See 'Timing and answer' for the errors by seed."));
  } else if (outcome.counter_refusal) {
    core::Error refusal = *outcome.counter_refusal;
    banner_->show(Banner::Kind::Warning, tr("Timing only: %1").arg(toText(refusal.message)),
                  toText(refusal.hint), toText(refusal.context));
  } else if (!outcome.skipped.empty()) {
    banner_->show(Banner::Kind::Warning, tr("Skipped: %1").arg(oneLine(outcome.skipped.front(), 300)),
                  outcome.skipped.size() > 1 ? tr("and %1 more").arg(outcome.skipped.size() - 1) : QString());
  }
  Q_EMIT profilingEnded();
}

void MainWindow::profileFailed(const core::Error& error) {
  panel_->showDone(error.code == core::ErrorCode::kCancelled ? tr("Cancelled.")
                                                             : tr("Failed; see the message."));
  showNewRuns(newSession_);
  banner_->show(error);
  Q_EMIT profilingEnded();
}

void MainWindow::showNewRuns(core::RowId session) {
  wantedSession_ = session;
  wantedRun_ = 0;
  if (database_.isOpen() && database_.path() == QFileInfo(runningTarget_).absoluteFilePath()) {
    database_.reload();
    return;
  }
  if (session != 0) database_.open(runningTarget_);
}

}  // namespace flashcore::gui
