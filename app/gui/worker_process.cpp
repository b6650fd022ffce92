#include "app/gui/worker_process.h"

#include <QCoreApplication>
#include <QDir>
#include <csignal>
#include <type_traits>

#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

// No message is that long; a helper that prints without end must not fill the memory.
constexpr qsizetype kLongestLine = 4 << 20;
constexpr qsizetype kKeptErrors = 4096;

QString signalName(int number) {
  switch (number) {
    case SIGABRT: return QStringLiteral("SIGABRT");
    case SIGSEGV: return QStringLiteral("SIGSEGV");
    case SIGBUS: return QStringLiteral("SIGBUS");
    case SIGFPE: return QStringLiteral("SIGFPE");
    case SIGILL: return QStringLiteral("SIGILL");
    case SIGKILL: return QStringLiteral("SIGKILL");
    case SIGTERM: return QStringLiteral("SIGTERM");
    default: return QObject::tr("signal");
  }
}

}  // namespace

QString WorkerProcess::defaultProgram() {
  return QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("flashcore-profile"));
}

WorkerProcess::WorkerProcess(QString program, QObject* parent)
    : QObject(parent), program_(std::move(program)), process_(this) {
  process_.setProcessChannelMode(QProcess::SeparateChannels);
  patience_.setSingleShot(true);
  connect(&patience_, &QTimer::timeout, &process_, &QProcess::kill);
  connect(&process_, &QProcess::readyReadStandardOutput, this, &WorkerProcess::readOutput);
  connect(&process_, &QProcess::readyReadStandardError, this,
          [this] { errors_ = (errors_ + process_.readAllStandardError()).right(kKeptErrors); });
  connect(&process_, &QProcess::finished, this, &WorkerProcess::processEnded);
  connect(&process_, &QProcess::errorOccurred, this, &WorkerProcess::startFailed);
}

WorkerProcess::~WorkerProcess() {
  disconnect(&process_, nullptr, this, nullptr);
  if (!isRunning()) return;
  // Closing the stream cancels too; what is finished is in the database.
  process_.closeWriteChannel();
  if (!process_.waitForFinished(2000)) {
    process_.kill();
    process_.waitForFinished(1000);
  }
}

void WorkerProcess::start(const session::WorkerRequest& request) {
  if (isRunning()) return;
  output_.clear();
  errors_.clear();
  answered_ = false;
  cancelling_ = false;
  process_.start(program_, {QStringLiteral("worker")});
  const std::string line = session::to_line(request);
  process_.write(line.data(), static_cast<qint64>(line.size()));
  if (line.empty() || line.back() != '\n') process_.write("\n", 1);
}

void WorkerProcess::cancel() {
  if (!isRunning()) return;
  cancelling_ = true;
  const std::string line = session::cancel_line();
  process_.write(line.data(), static_cast<qint64>(line.size()));
  if (line.empty() || line.back() != '\n') process_.write("\n", 1);
  patience_.start(kPatienceMs);
}

void WorkerProcess::readOutput() {
  output_ += process_.readAllStandardOutput();
  qsizetype from = 0;
  for (qsizetype end = output_.indexOf('\n'); end >= 0; end = output_.indexOf('\n', from)) {
    readLine(output_.mid(from, end - from));
    from = end + 1;
  }
  output_.remove(0, from);
  if (output_.size() > kLongestLine) {
    errors_ = QByteArrayLiteral("The helper wrote a line without end.");
    output_.clear();
    process_.kill();
  }
}

void WorkerProcess::readLine(const QByteArray& line) {
  if (line.trimmed().isEmpty()) return;
  const auto message = session::parse_message(std::string_view(line.constData(), line.size()));
  if (!message) {
    // A kernel's printf, most likely: of use when the helper fails, no reason to fail by itself.
    errors_ = (errors_ + line + '\n').right(kKeptErrors);
    return;
  }
  if (const auto* event = std::get_if<session::ProfileEvent>(&*message)) {
    Q_EMIT this->event(*event);
    return;
  }
  if (answered_) return;
  answered_ = true;
  // The helper waits for more commands or the end of the stream; there are no more.
  process_.closeWriteChannel();
  patience_.start(kPatienceMs);
  if (const auto* done = std::get_if<session::WorkerFinished>(&*message)) {
    Q_EMIT finished(*done);
  } else {
    Q_EMIT failed(std::get<session::WorkerError>(*message).error);
  }
}

void WorkerProcess::startFailed(QProcess::ProcessError error) {
  if (error != QProcess::FailedToStart || answered_) return;
  answered_ = true;
  Q_EMIT failed(
      {core::ErrorCode::kExternalTool,
       tr("The helper process could not be started: %1").arg(process_.errorString()).toStdString(),
       tr("flashcore-profile must lie beside this program; build or install it again.").toStdString(),
       program_.toStdString()});
}

void WorkerProcess::processEnded(int code, QProcess::ExitStatus status) {
  patience_.stop();
  readOutput();
  if (!output_.isEmpty()) readLine(std::exchange(output_, {}));
  if (answered_) return;
  answered_ = true;
  patience_.stop();
  if (cancelling_) {
    Q_EMIT failed({core::ErrorCode::kCancelled,
                   tr("Stopped. The helper process had to be ended.").toStdString(),
                   tr("Runs that were finished before are in the database.").toStdString(),
                   {}});
    return;
  }
  Q_EMIT failed(unexpectedEnd(code, status));
}

core::Error WorkerProcess::unexpectedEnd(int code, QProcess::ExitStatus status) const {
  // Where a process died of a signal, QProcess gives the signal's number as the exit code.
  const QString how = status == QProcess::CrashExit ? tr("%1 %2").arg(signalName(code)).arg(code)
                                                    : tr("exit code %1").arg(code);
  return {core::ErrorCode::kExternalTool,
          tr("The helper process ended unexpectedly (%1): a kernel, the driver or the helper itself "
             "crashed while it was profiling.")
              .arg(how)
              .toStdString(),
          tr("Runs finished before are in the database, and this window is not affected. Try the phase by "
             "itself with flashcore-profile to see where it fails.")
              .toStdString(),
          errors_.toStdString()};
}

}  // namespace flashcore::gui
