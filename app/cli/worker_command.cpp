// The helper process of the desktop app: reads requests, works, speaks JSON lines (the protocol is in
// app/session/worker_protocol.h). One process serves request after request and keeps its helpers warm. A
// kernel that crashes takes this process and nothing else.
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/ledger.h"
#include "app/session/line_reader.h"
#include "app/session/replay.h"
#include "app/session/step_clock.h"
#include "app/session/workbench.h"
#include "app/session/worker_protocol.h"

namespace flashcore::cli {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using session::ProfileOutcome;

void say(const session::WorkerMessage& message) {
  std::cout << session::to_line(message) << std::endl;  // a line is of use only when it arrives
}

int say_error(std::int64_t id, const Error& error) {
  const int code = core::exit_code(error.code);
  say({id, session::WorkerError{error, code}});
  return code;
}

// Reads lines from standard input on a thread of its own: requests wait their turn, a cancel stops the one at
// hand. The end of the stream (the app is gone) or a signal stops it too, and lets no other begin.
class Commands {
 public:
  explicit Commands(const core::CancelToken& signal) : signal_(signal), thread_([this] { listen(); }) {}
  ~Commands() {
    stop_ = true;
    thread_.join();
  }
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  // The next request or the error of a line that is none; nothing when no more will come.
  std::optional<Result<session::WorkerCommand>> next() {
    std::unique_lock lock(mutex_);
    at_hand_.reset();
    changed_.wait(lock, [&] { return !waiting_.empty() || ended_; });
    // What arrived with the stream's end is still answered, as `echo REQUEST | worker` expects; after a
    // signal nothing begins.
    if (waiting_.empty() || signal_.requested()) return std::nullopt;
    auto command = std::move(waiting_.front());
    waiting_.pop_front();
    at_hand_ = std::make_shared<core::CancelToken>();
    if (ended_) at_hand_->request();
    return command;
  }
  std::shared_ptr<core::CancelToken> at_hand() {
    const std::lock_guard lock(mutex_);
    return at_hand_;
  }

 private:
  void take(const std::string& line) {
    auto command = session::parse_command(line);
    const std::lock_guard lock(mutex_);
    if (command && std::holds_alternative<session::WorkerCancel>(*command)) {
      // Requests that wait are cancelled by nobody: cancel is for the one at hand.
      if (at_hand_) at_hand_->request();
      return;
    }
    waiting_.push_back(std::move(command));
    changed_.notify_all();
  }

  void listen() {
    session::LineReader reader(STDIN_FILENO);
    while (!stop_ && !signal_.requested()) {
      if (auto line = reader.next(std::chrono::milliseconds(100))) {
        take(*line);
      } else if (reader.ended()) {
        break;
      }
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    if (at_hand_) at_hand_->request();
    changed_.notify_all();
  }

  const core::CancelToken& signal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<session::WorkerCommand>> waiting_;
  std::shared_ptr<core::CancelToken> at_hand_;
  bool ended_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;  // last: it uses all of the above
};

class Worker {
 public:
  Worker(const Options& options, Commands& commands) : options_(options), commands_(commands) {}

  int answer(session::WorkerRequest& request) {
    return finish(request.id, [&](Session& s) { return profile(request, s); });
  }

  int answer(session::WorkerImport& request) {
    return finish(request.id, [&](Session& s) -> Result<ProfileOutcome> {
      auto catalogue = catalogue_.get(options_);
      if (!catalogue) return fail(catalogue.error());
      if (auto ok = session::check_import(request.request); !ok) return fail(ok.error());
      if (auto ok = s.open(request.database); !ok) return fail(ok.error());
      return session::import_files(request.request, *s.store, **catalogue, *s.cancel, s.teller.listener());
    });
  }

  int answer(session::WorkerCancel&) { return 0; }

 private:
  // A request at work. Its store is closed when the answer has been said: to close is to copy the log into
  // the database, for which nobody has to wait.
  struct Session {
    std::shared_ptr<const core::CancelToken> cancel;
    session::WaitingTeller teller;
    std::optional<store::Store> store;  // last: it points to both

    core::Status open(const std::string& database) {
      if (database.empty()) return fail(ErrorCode::kUsage, "the request names no database");
      auto opened = teller.open(database, *cancel);
      if (!opened) return fail(opened.error());
      store.emplace(*std::move(opened));
      return {};
    }
  };

  template <typename Work>
  int finish(std::int64_t id, Work work) {
    Session s{commands_.at_hand(), session::WaitingTeller([id](const session::ProfileEvent& event) {
                say({id, event});
              }),
              std::nullopt};
    auto outcome = work(s);
    if (!outcome) {
      if (bench_) bench_->helpers().drop_begun();
      return say_error(id, outcome.error());
    }
    session::WorkerFinished finished{*std::move(outcome), 0};
    if (finished.outcome.wrong_answers > 0) finished.exit_code = core::exit_code(ErrorCode::kWrongAnswer);
    if (finished.outcome.cancelled) finished.exit_code = core::exit_code(ErrorCode::kCancelled);
    say({id, finished});
    return finished.exit_code;
  }

  // Whatever can be refused is refused before the database is opened.
  Result<ProfileOutcome> profile(const session::WorkerRequest& request, Session& s) {
    session::StepClock clock;
    auto catalogue = [&] {
      const auto step = clock.begin("catalogue");
      return catalogue_.get(options_);  // the app reads the same FLASHCORE_CATALOGUE
    }();
    if (!catalogue) return fail(catalogue.error());
    if (request.replay) return replay(request, s);
    if (!bench_) bench_ = session::machine_workbench();
    std::vector<core::StepRecord> steps = clock.steps();
    if (auto ok = session::check_request(request.profile, *bench_, &steps); !ok) return fail(ok.error());
    session::StepClock opening;
    {
      const auto step = opening.begin("store");
      if (auto ok = s.open(request.database); !ok) return fail(ok.error());
    }
    steps.insert(steps.end(), opening.steps().begin(), opening.steps().end());
    return session::profile(request.profile, *bench_, *s.store, **catalogue, *s.cancel, s.teller.listener(),
                            steps);
  }

  static Result<ProfileOutcome> replay(const session::WorkerRequest& request, Session& s) {
    auto recording = session::named_recording(*request.replay);
    if (!recording) return fail(recording.error());
    auto source = session::ReplaySource::open(*recording, request.profile);
    if (!source) return fail(source.error());
    if (auto ok = s.open(request.database); !ok) return fail(ok.error());
    return source->replay(request.profile, *s.store, *s.cancel, s.teller.listener());
  }

  const Options& options_;
  Commands& commands_;
  KeptCatalogue catalogue_;
  std::unique_ptr<session::Workbench> bench_;  // its helpers stay warm from request to request
};

}  // namespace

int worker_command(const Options& options, const core::CancelToken& cancel) {
  Commands commands(cancel);
  Worker worker(options, commands);
  int code = 0;
  while (auto command = commands.next()) {
    code = *command ? std::visit([&](auto& request) { return worker.answer(request); }, **command)
                    : say_error(0, command->error());
  }
  return code;
}

}  // namespace flashcore::cli
