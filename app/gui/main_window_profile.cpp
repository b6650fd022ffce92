// How the main window profiles and imports: requests to the helper, and what comes back.
#include <QFileInfo>

#include "app/gui/banner.h"
#include "app/gui/main_window.h"
#include "app/gui/models/text.h"
#include "app/gui/profile_panel.h"
#include "app/gui/session_view.h"

namespace flashcore::gui {

void MainWindow::connectWorker() {
  connect(&worker_, &WorkerProcess::event, this, [this](qint64 request, const session::ProfileEvent& event) {
    if (const auto target = targets_.find(request); target != targets_.end() && newSession_ == 0) {
      runningTarget_ = *target;
    }
    panel_->showProgress(event);
    if (event.session_id != 0) newSession_ = event.session_id;
  });
  connect(&worker_, &WorkerProcess::finished, this,
          [this](qint64 request, const session::WorkerFinished& finished) {
            runningTarget_ = targets_.take(request);
            requestFinished(finished);
          });
  connect(&worker_, &WorkerProcess::failed, this, [this](qint64 request, const core::Error& error) {
    runningTarget_ = targets_.take(request);
    requestFailed(error);
  });
}

void MainWindow::startProfile(bool replay) {
  if (worker_.isBusy()) return;
  session::WorkerRequest request = panel_->request();
  if (replay) {
    // All of the recording: it need not hold what happens to be ticked.
    request.profile.phases = {"all"};
    request.profile.problems.clear();
    request.profile.collectors.clear();
    request.replay = options_.recording.toStdString();  // empty: the shipped one
  }
  const QString target = profileTarget();
  newSession_ = 0;
  request.database = target.toStdString();
  banner_->hide();
  panel_->setRunning(true);
  targets_.insert(worker_.start(std::move(request)), target);
}

void MainWindow::importFiles(const QStringList& files) {
  if (files.isEmpty()) return;
  session::WorkerImport request;
  const QString target = profileTarget();
  request.database = target.toStdString();
  for (const QString& file : files) request.request.files.emplace_back(file.toStdString());
  request.request.command = "flashcore (desktop)";
  newSession_ = 0;
  banner_->hide();
  panel_->setRunning(true);
  targets_.insert(worker_.start(std::move(request)), target);
}

void MainWindow::requestFinished(const session::WorkerFinished& finished) {
  const auto& outcome = finished.outcome;
  const QString runs = countOf(static_cast<qsizetype>(outcome.runs.size()), "run", "runs");
  QString text = outcome.cancelled ? tr("Cancelled; %1 kept.").arg(runs) : tr("Done: %1.").arg(runs);
  if (!outcome.skipped.empty()) text += tr(" %1 skipped.").arg(outcome.skipped.size());
  panel_->showDone(text);
  showOutcome(outcome);
  requestEnded(outcome.session_id != 0 ? outcome.session_id : newSession_);
}

// The gravest of what there is to say.
void MainWindow::showOutcome(const session::ProfileOutcome& outcome) {
  if (outcome.wrong_answers > 0) {
    banner_->show(Banner::Kind::Error,
                  tr("%1 gave a wrong answer: no timing is shown for it.")
                      .arg(countOf(outcome.wrong_answers, "run", "runs")),
                  tr("The tables below the plots tell the errors by input."));
  } else if (outcome.counter_refusal) {
    const core::Error& refusal = *outcome.counter_refusal;
    banner_->show(Banner::Kind::Warning, tr("Timing only: %1").arg(toText(refusal.message)),
                  toText(refusal.hint), toText(refusal.context));
  } else if (!outcome.skipped.empty()) {
    banner_->show(Banner::Kind::Warning, tr("Skipped: %1").arg(oneLine(outcome.skipped.front(), 300)),
                  outcome.skipped.size() > 1 ? tr("and %1 more").arg(outcome.skipped.size() - 1) : QString());
  }
}

void MainWindow::requestFailed(const core::Error& error) {
  panel_->showDone(error.code == core::ErrorCode::kCancelled ? tr("Cancelled.")
                                                             : tr("Failed; see the message."));
  banner_->show(error);
  requestEnded(newSession_);
}

void MainWindow::requestEnded(core::RowId session) {
  newSession_ = 0;
  if (worker_.isBusy()) panel_->setRunning(true);
  wantedSession_ = session;
  reopened_ = false;
  const bool asked = QFileInfo(runningTarget_).absoluteFilePath() == database_.requestedPath();
  if (asked && !database_.isLoading() && database_.fate() == Database::FileFate::kSame) {
    database_.reload(sessions_->openedSessions());
  } else if (session != 0 && (asked || database_.requestedPath().isEmpty() ||
                              Database::isRecordingPath(database_.requestedPath()))) {
    database_.open(runningTarget_);
  } else {
    // Another database has been opened meanwhile: it stays, and its sessions have other numbers.
    wantedSession_ = 0;
  }
  Q_EMIT profilingEnded();
}

}  // namespace flashcore::gui
