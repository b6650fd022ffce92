// WorkerProcess: the helper process (`flashcore-profile worker`) that profiles and imports for the window, so
// that a kernel that crashes takes nothing with it.
//
// Owns: the child, which stays warm from request to request; requests wait for one another. A child that has
// gone while nothing was asked of it is started anew without a word.
// Threads: the GUI's. Errors: failed() for the request at hand when the helper cannot be started, says an
// error, ends before its answer (by which signal or exit code) or falls silent; the next request starts
// another one. What it had stored is in the database whatever happens.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QTimer>
#include <deque>
#include <memory>
#include <optional>

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

  // Requests get their number here; the answer comes by signals with that number.
  std::int64_t start(session::WorkerRequest request);
  std::int64_t start(session::WorkerImport request);
  bool isBusy() const { return current_.has_value() || !waiting_.empty(); }
  // Asks the helper to stop the request at hand; ends the helper by force when it has not after kPatienceMs.
  // Requests that wait are dropped (failed(), kCancelled).
  void cancel();

  static constexpr int kPatienceMs = 10'000;
  // A helper that says nothing for so long hangs: every step of a request is told as it goes.
  static constexpr int kSilenceMs = 10 * 60'000;
  void setSilenceLimit(int ms) { silence_.setInterval(ms); }
  // Of the helper that is running; 0 where there is none.
  qint64 processId() const { return process_ ? process_->processId() : 0; }

 Q_SIGNALS:
  void event(qint64 request, const flashcore::session::ProfileEvent& event);
  void finished(qint64 request, const flashcore::session::WorkerFinished& finished);
  void failed(qint64 request, const flashcore::core::Error& error);

 private:
  struct Request {
    std::int64_t id = 0;
    QByteArray line;
    bool heard = false;  // the helper has said something of it
    bool again = false;  // sent a second time, to a new helper
    bool cancelling = false;
  };
  std::int64_t enqueue(std::int64_t id, const std::string& line);
  void next();
  void launch();
  void readOutput();
  void readLine(const QByteArray& line);
  void answer(const session::WorkerMessage& message);
  void fail(const core::Error& error);
  void processEnded(int code, QProcess::ExitStatus status);
  void startFailed(QProcess::ProcessError error);
  void kill(const QString& why);
  void drop();
  core::Error unexpectedEnd(int code, QProcess::ExitStatus status) const;

  QString program_;
  std::unique_ptr<QProcess, void (*)(QProcess*)> process_;
  int answered_ = 0;  // requests that this child has answered
  QString killed_;    // why it was ended by force
  QTimer patience_, silence_;
  QByteArray output_;  // what has come of a line that is not complete yet
  QByteArray errors_;  // the end of its standard error, and of lines that are no messages
  std::int64_t lastId_ = 0;
  std::optional<Request> current_;
  std::deque<Request> waiting_;
};

}  // namespace flashcore::gui
