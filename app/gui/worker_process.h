// WorkerProcess: the helper process (`flashcore-profile worker`) that profiles for the window, so that
// a kernel that crashes takes nothing with it.
//
// Owns: the child. One request at a time; the child ends with it. Threads: the GUI's.
// Errors: failed() when the helper cannot be started, says an error, or ends before its answer
// (by which signal or exit code). Runs that it finished are in the database whatever happens.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>

#include "app/session/worker_protocol.h"

namespace flashcore::gui {

class WorkerProcess final : public QObject {
  Q_OBJECT

 public:
  // `program`: flashcore-profile, or what a test puts in its place.
  explicit WorkerProcess(QString program, QObject* parent = nullptr);
  ~WorkerProcess() override;

  // flashcore-profile in this program's folder.
  static QString defaultProgram();

  bool isRunning() const { return process_.state() != QProcess::NotRunning; }
  void start(const session::WorkerRequest& request);
  // Asks the helper to stop; ends it by force when it has not after kPatienceMs.
  void cancel();

  static constexpr int kPatienceMs = 10'000;

 Q_SIGNALS:
  void event(const flashcore::session::ProfileEvent& event);
  void finished(const flashcore::session::WorkerFinished& finished);
  void failed(const flashcore::core::Error& error);

 private:
  void readOutput();
  void readLine(const QByteArray& line);
  void processEnded(int code, QProcess::ExitStatus status);
  void startFailed(QProcess::ProcessError error);
  core::Error unexpectedEnd(int code, QProcess::ExitStatus status) const;

  QString program_;
  QProcess process_;
  QTimer patience_;
  QByteArray output_;  // what has come of a line that is not complete yet
  QByteArray errors_;  // the end of its standard error
  bool answered_ = false;
  bool cancelling_ = false;
};

}  // namespace flashcore::gui
