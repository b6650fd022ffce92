#include "app/gui/worker_process.h"

#include <QCoreApplication>
#include <QDir>
#include <csignal>

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

QByteArray lineOf(const std::string& text) {
  QByteArray line(text.data(), static_cast<qsizetype>(text.size()));
  if (!line.endsWith('\n')) line += '\n';
  return line;
}

core::Error stopped(const QString& how) {
  return {core::ErrorCode::kCancelled,
          how.toStdString(),
          WorkerProcess::tr("What was taken before is in the database.").toStdString(),
          {}};
}

}  // namespace

QString WorkerProcess::defaultProgram() {
  return QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("flashcore-profile"));
}

WorkerProcess::WorkerProcess(QString program, QObject* parent)
    : QObject(parent),
      program_(std::move(program)),
      process_(nullptr, [](QProcess* p) { p->deleteLater(); }) {
  patience_.setSingleShot(true);
  silence_.setSingleShot(true);
  silence_.setInterval(kSilenceMs);
  connect(&patience_, &QTimer::timeout, this, [this] { kill(tr("it did not stop when it was asked to")); });
  connect(&silence_, &QTimer::timeout, this,
          [this] { kill(tr("it said nothing for %1 s").arg(silence_.interval() / 1000.0)); });
}

WorkerProcess::~WorkerProcess() {
  if (!process_) return;
  disconnect(process_.get(), nullptr, this, nullptr);
  // Closing the stream cancels too; what is finished is in the database.
  process_->closeWriteChannel();
  if (process_->state() != QProcess::NotRunning && !process_->waitForFinished(2000)) {
    process_->kill();
    process_->waitForFinished(1000);
  }
  delete process_.release();
}

std::int64_t WorkerProcess::start(session::WorkerRequest request) {
  request.id = ++lastId_;
  return enqueue(request.id, session::to_line(request));
}

std::int64_t WorkerProcess::start(session::WorkerImport request) {
  request.id = ++lastId_;
  return enqueue(request.id, session::to_line(request));
}

std::int64_t WorkerProcess::enqueue(std::int64_t id, const std::string& line) {
  waiting_.push_back({id, lineOf(line)});
  // Later: who asks knows the number before the first signal comes.
  QMetaObject::invokeMethod(this, &WorkerProcess::next, Qt::QueuedConnection);
  return id;
}

void WorkerProcess::next() {
  if (current_ || waiting_.empty()) return;
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  errors_.clear();
  if (!process_) launch();
  if (!process_) return;  // could not be started: said
  process_->write(current_->line);
  silence_.start();
}

void WorkerProcess::launch() {
  process_.reset(new QProcess);
  answered_ = 0;
  killed_.clear();
  output_.clear();
  process_->setProcessChannelMode(QProcess::SeparateChannels);
  connect(process_.get(), &QProcess::readyReadStandardOutput, this, &WorkerProcess::readOutput);
  connect(process_.get(), &QProcess::readyReadStandardError, this,
          [this] { errors_ = (errors_ + process_->readAllStandardError()).right(kKeptErrors); });
  connect(process_.get(), &QProcess::finished, this, &WorkerProcess::processEnded);
  connect(process_.get(), &QProcess::errorOccurred, this, &WorkerProcess::startFailed);
  process_->start(program_, {QStringLiteral("worker")});
}

void WorkerProcess::cancel() {
  for (const Request& request : std::exchange(waiting_, {})) {
    Q_EMIT failed(request.id, stopped(tr("Stopped before it had begun.")));
  }
  if (!current_ || current_->cancelling || !process_) return;
  current_->cancelling = true;
  process_->write(lineOf(session::cancel_line()));
  patience_.start(kPatienceMs);
}

void WorkerProcess::readOutput() {
  output_ += process_->readAllStandardOutput();
  qsizetype from = 0;
  for (qsizetype end = output_.indexOf('\n'); end >= 0; end = output_.indexOf('\n', from)) {
    readLine(output_.mid(from, end - from));
    from = end + 1;
  }
  output_.remove(0, from);
  if (output_.size() > kLongestLine) {
    output_.clear();
    kill(tr("it wrote a line without end"));
  }
}

void WorkerProcess::readLine(const QByteArray& line) {
  if (line.trimmed().isEmpty()) return;
  if (current_) silence_.start();
  const auto message = session::parse_message(std::string_view(line.constData(), line.size()));
  if (!message) {
    // A kernel's printf, most likely: of use when the helper fails, no reason to fail by itself.
    errors_ = (errors_ + line + '\n').right(kKeptErrors);
    return;
  }
  // Nothing that comes late is taken for an answer to what was asked since. A line that the helper could not
  // read has no number.
  const bool unnumbered = message->id == 0 && std::holds_alternative<session::WorkerError>(message->content);
  if (current_ && (message->id == current_->id || unnumbered)) answer(*message);
}

void WorkerProcess::answer(const session::WorkerMessage& message) {
  current_->heard = true;
  if (const auto* event = std::get_if<session::ProfileEvent>(&message.content)) {
    Q_EMIT this->event(current_->id, *event);
    return;
  }
  ++answered_;
  if (const auto* done = std::get_if<session::WorkerFinished>(&message.content)) {
    const std::int64_t id = current_->id;
    drop();
    Q_EMIT finished(id, *done);
    return;
  }
  fail(std::get<session::WorkerError>(message.content).error);
}

// The request at hand is over; the next one's turn comes once whoever listens has heard of it.
void WorkerProcess::drop() {
  patience_.stop();
  silence_.stop();
  current_.reset();
  QMetaObject::invokeMethod(this, &WorkerProcess::next, Qt::QueuedConnection);
}

void WorkerProcess::fail(const core::Error& error) {
  const std::int64_t id = current_->id;
  drop();
  Q_EMIT failed(id, error);
}

void WorkerProcess::kill(const QString& why) {
  if (!process_) return;
  killed_ = why;
  process_->kill();
}

void WorkerProcess::startFailed(QProcess::ProcessError error) {
  if (error != QProcess::FailedToStart) return;
  const QString why = process_->errorString();
  process_.reset();
  if (!current_) return;
  fail({core::ErrorCode::kExternalTool,
        tr("The helper process could not be started: %1").arg(why).toStdString(),
        tr("flashcore-profile must lie beside this program; build or install it again.").toStdString(),
        program_.toStdString()});
}

void WorkerProcess::processEnded(int code, QProcess::ExitStatus status) {
  readOutput();
  if (!output_.isEmpty()) readLine(std::exchange(output_, {}));
  errors_ = (errors_ + process_->readAllStandardError()).right(kKeptErrors);
  process_.reset();
  if (!current_) return;
  if (!current_->heard && !current_->again && !current_->cancelling && answered_ > 0) {
    // It had gone before it was asked: a fresh one gets the request.
    current_->again = true;
    silence_.stop();
    waiting_.push_front(*std::exchange(current_, std::nullopt));
    next();
    return;
  }
  if (current_->cancelling) {
    fail(stopped(tr("Stopped. The helper process had to be ended.")));
    return;
  }
  fail(unexpectedEnd(code, status));
}

core::Error WorkerProcess::unexpectedEnd(int code, QProcess::ExitStatus status) const {
  if (!killed_.isEmpty()) {
    return {
        core::ErrorCode::kExternalTool, tr("The helper process was ended: %1.").arg(killed_).toStdString(),
        tr("What was taken before is in the database. The next request starts another one.").toStdString(),
        errors_.toStdString()};
  }
  // Where a process died of a signal, QProcess gives the signal's number as the exit code.
  const QString how = status == QProcess::CrashExit ? tr("%1 %2").arg(signalName(code)).arg(code)
                                                    : tr("exit code %1").arg(code);
  return {core::ErrorCode::kExternalTool,
          tr("The helper process ended unexpectedly (%1): a kernel, the driver or the helper itself "
             "crashed while it was profiling.")
              .arg(how)
              .toStdString(),
          tr("What was taken before is in the database, and this window is not affected. Try the phase by "
             "itself with flashcore-profile to see where it fails.")
              .toStdString(),
          errors_.toStdString()};
}

}  // namespace flashcore::gui
