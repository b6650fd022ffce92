// The helper's end of app/session/helper_process.h.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include "app/session/error_json.h"
#include "app/session/helper_process.h"
#include "app/session/line_reader.h"
#include "app/session/measurement_json.h"
#include "cuda/nvtx.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using nlohmann::json;

// How long a collection may go on after the parent has gone: the GPU is let go in order, if it can be.
constexpr std::chrono::seconds kAfterTheEnd{3};

// Standard output belongs to the protocol; what a kernel or a library prints goes to standard error.
int take_over_output() {
  const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return own;
}

class Voice {
 public:
  Voice() : descriptor_(take_over_output()) {}
  void say(const json& object) {
    const std::string line = line_of(object) + "\n";
    for (std::size_t at = 0; at < line.size();) {
      const ssize_t n = ::write(descriptor_, line.data() + at, line.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // the parent has gone; the ear notices it too
      at += static_cast<std::size_t>(n);
    }
  }
  void say_error(const Error& error) {
    json object = error_json(error);
    object["event"] = "error";
    say(object);
  }

 private:
  int descriptor_;
};

// Hears on a thread of its own, so that a cancel reaches a collection at work. When the stream ends or the
// parent has gone, the process follows, also where the collection hangs.
class Ear {
 public:
  Ear() : parent_(::getppid()), thread_([this] { listen(); }) {}
  ~Ear() {
    stop_ = true;
    thread_.join();
  }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  std::optional<std::string> next_line() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !lines_.empty() || ended_; });
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

  // A token for the collection that begins now: a cancel that came before is none of its own.
  std::shared_ptr<core::CancelToken> begin_collection() {
    const std::lock_guard lock(mutex_);
    at_hand_ = std::make_shared<core::CancelToken>();
    if (ended_) at_hand_->request();
    return at_hand_;
  }
  void end_collection() {
    const std::lock_guard lock(mutex_);
    at_hand_.reset();
  }

 private:
  void listen() {
    LineReader reader(STDIN_FILENO);
    while (!stop_ && ::getppid() == parent_) {
      if (auto line = reader.next(std::chrono::milliseconds(200))) {
        take(*std::move(line));
      } else if (reader.ended()) {
        break;
      }
    }
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (at_hand_) at_hand_->request();
    }
    changed_.notify_all();
    const auto until = std::chrono::steady_clock::now() + kAfterTheEnd;
    while (!stop_ && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (!stop_) ::_exit(1);
  }

  void take(std::string line) {
    const std::lock_guard lock(mutex_);
    const json j = json::parse(line, nullptr, false);
    if (j.is_object() && j.size() == 1 && j.value("cmd", json()) == "cancel") {
      if (at_hand_) at_hand_->request();
      return;
    }
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  const pid_t parent_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::shared_ptr<core::CancelToken> at_hand_;
  bool ended_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;  // last: it uses all of the above
};

class Service {
 public:
  Service(Workbench& bench, Voice& voice, Ear& ear) : bench_(bench), voice_(voice), ear_(ear) {}

  core::Status answer(const std::string& line) {
    try {
      const json j = json::parse(line);
      const std::string cmd = j.at("cmd");
      // What stands against its set-up is the answer to the first collection, not a word between two.
      if (cmd == "start") {
        started_ = start(j);
        voice_.say({{"event", "ready"}});
        return {};
      }
      if (cmd == "collect") return collect(j);
      throw BadLine("unknown cmd");
    } catch (const std::exception& e) {  // nlohmann's and BadLine
      return fail(ErrorCode::kUsage, fmt::format("not a line of the helper's protocol: {}", e.what()));
    }
  }

 private:
  core::Status start(const json& j) {
    only_keys(j, {"cmd", "collector", "device", "options"});
    if (collector_) throw BadLine("started twice");
    id_ = j.at("collector");
    device_ = j.at("device");
    auto options = parse_options_json(j.at("options").dump());
    if (!options) return fail(options.error());
    const auto* entry = bench_.registry().find(id_);
    if (entry == nullptr) return fail(ErrorCode::kUsage, "there is no collector " + id_);
    auto device = bench_.use_device(device_);
    if (!device) return fail(device.error());
    record_ = *std::move(device);
    step_ = entry->counts ? "count" : id_;
    collector_ = entry->make(*options);
    return collector_->prepare(device_);
  }

  core::Status collect(const json& j) {
    only_keys(j, {"cmd", "subject", "problem", "seed"});
    if (!started_) return started_;
    if (!collector_) throw BadLine("collect before start");
    const std::string name = j.at("subject");
    const std::uint64_t seed = j.at("seed");
    auto problem = core::parse_problem(j.at("problem").get<std::string>());
    if (!problem) return fail(problem.error());
    const BenchSubject* subject = nullptr;
    for (const auto* s : bench_.subjects(true)) {
      if (s->info.id == name) subject = s;
    }
    if (subject == nullptr) return fail(ErrorCode::kUsage, "there is no subject " + name);
    const auto cancel = ear_.begin_collection();
    auto taken = take(*subject, *problem, seed, *cancel);
    ear_.end_collection();
    if (!taken) return fail(taken.error());
    voice_.say({{"event", "measurement"}, {"measurement", json::parse(measurement_json(*taken))}});
    return {};
  }

  Result<core::MeasurementRecord> take(const BenchSubject& subject, const core::Problem& problem,
                                       std::uint64_t seed, const core::CancelToken& cancel) {
    const std::string label = core::problem_label(problem);
    const cuda::NvtxRange phase_range(subject.info.id);
    const cuda::NvtxRange problem_range(label);
    const cuda::NvtxRange step_range(step_);
    auto prepared = bench_.prepare(subject, problem, seed);
    if (!prepared) return fail(prepared.error());
    collectors::Target target{.device_ordinal = device_,
                              .device = record_,
                              .launchable = &(*prepared)->launchable(),
                              .relaunch = {},
                              .label = fmt::format("{} on {}", subject.info.id, label)};
    return collector_->collect(target, cancel, [&](int done, int total) {
      voice_.say({{"event", "progress"}, {"done", done}, {"total", total}});
    });
  }

  Workbench& bench_;
  Voice& voice_;
  Ear& ear_;
  std::string id_, step_;
  int device_ = 0;
  std::optional<core::DeviceRecord> record_;
  std::unique_ptr<collectors::Collector> collector_;
  core::Status started_;
};

}  // namespace

int serve_helper(const std::function<std::unique_ptr<Workbench>()>& make_bench) {
  ::signal(SIGPIPE, SIG_IGN);
  Voice voice;
  Ear ear;
  auto line = ear.next_line();
  if (!line) return 0;
  const auto bench = make_bench();
  Service service(*bench, voice, ear);
  for (; line; line = ear.next_line()) {
    if (auto ok = service.answer(*line); !ok) voice.say_error(ok.error());
  }
  return 0;
}

}  // namespace flashcore::session
