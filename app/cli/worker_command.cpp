// The helper process of the desktop app: reads one request, works, speaks JSON lines (the protocol
// is in app/session/worker_protocol.h). A kernel that crashes takes this process and nothing else.
#include <poll.h>
#include <unistd.h>

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/replay.h"
#include "app/session/worker_protocol.h"

namespace flashcore::cli {
namespace {

using core::Error;
using core::ErrorCode;

void say(const session::WorkerMessage& message) {
  std::cout << session::to_line(message) << std::endl;  // a line is of use only when it arrives
}

int say_error(const Error& error) {
  say(session::WorkerError{error, core::exit_code(error.code)});
  return core::exit_code(error.code);
}

// Reads lines from standard input on a thread of its own: the first request is handed out, a cancel
// or the end of the stream (the app is gone) stops the work.
class Commands {
 public:
  explicit Commands(core::CancelToken& cancel) : cancel_(cancel), thread_([this] { listen(); }) {}
  ~Commands() {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(wake_[1], &byte, 1);
    thread_.join();
    ::close(wake_[0]);
    ::close(wake_[1]);
  }
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  core::Result<session::WorkerRequest> wait_for_request() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return first_.has_value(); });
    return *first_;
  }

 private:
  struct Pipe {
    int ends[2];
    Pipe() {
      if (::pipe(ends) != 0) ends[0] = ends[1] = -1;
    }
    int operator[](int i) const { return ends[i]; }
  };

  void hand_out(core::Result<session::WorkerRequest> request) {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = std::move(request);
    arrived_.notify_one();
  }

  void take(const std::string& line) {
    auto command = session::parse_command(line);
    if (!command) {
      hand_out(core::fail(command.error()));
    } else if (std::holds_alternative<session::WorkerCancel>(*command)) {
      cancel_.request();
    } else {
      hand_out(std::get<session::WorkerRequest>(*std::move(command)));
    }
  }

  void listen() {
    std::string buffer;
    char bytes[4096];
    for (;;) {
      pollfd watched[2]{{STDIN_FILENO, POLLIN, 0}, {wake_[0], POLLIN, 0}};
      if (::poll(watched, 2, -1) < 0) continue;
      if (watched[1].revents != 0) return;
      const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (n <= 0) break;
      buffer.append(bytes, static_cast<std::size_t>(n));
      for (std::size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
        take(buffer.substr(0, end));
      }
    }
    cancel_.request();
    hand_out(core::fail(ErrorCode::kUsage, "standard input ended before a request came"));
  }

  core::CancelToken& cancel_;
  Pipe wake_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<core::Result<session::WorkerRequest>> first_;
  std::thread thread_;  // last: it uses all of the above
};

core::Result<session::ProfileOutcome> work(const Options& options, session::WorkerRequest& request,
                                           const core::CancelToken& cancel) {
  auto problems = parse_problems(request.shapes, request.causal);
  if (!problems) return core::fail(problems.error());
  request.profile.problems = std::move(*problems);
  request.profile.causal_only = request.causal;
  request.profile.command = "flashcore";
  auto catalogue = open_catalogue(options);  // the app reads the same FLASHCORE_CATALOGUE
  if (!catalogue) return core::fail(catalogue.error());
  auto store = store::Store::open(request.database);
  if (!store) return core::fail(store.error());
  const auto on_event = [](const session::ProfileEvent& event) { say(event); };
  if (!request.replay) return session::profile(request.profile, *store, *catalogue, cancel, on_event);
  auto recording = session::named_recording(*request.replay);
  if (!recording) return core::fail(recording.error());
  return session::replay(*recording, request.profile, *store, cancel, on_event);
}

}  // namespace

int worker_command(const Options& options, core::CancelToken& cancel) {
  Commands commands(cancel);
  auto request = commands.wait_for_request();
  if (!request) return say_error(request.error());
  auto outcome = work(options, *request, cancel);
  if (!outcome) return say_error(outcome.error());
  session::WorkerFinished finished{*std::move(outcome), 0};
  if (finished.outcome.wrong_answers > 0) finished.exit_code = core::exit_code(ErrorCode::kWrongAnswer);
  if (finished.outcome.cancelled) finished.exit_code = core::exit_code(ErrorCode::kCancelled);
  say(finished);
  return finished.exit_code;
}

}  // namespace flashcore::cli
