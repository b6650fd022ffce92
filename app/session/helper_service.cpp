// The helper's end of app/session/helper_process.h.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "app/session/error_json.h"
#include "app/session/helper_process.h"
#include "app/session/line_reader.h"
#include "app/session/measurement_json.h"
#include "app/session/step_clock.h"
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

  // Whether there is something to do at once.
  bool line_waits() {
    const std::lock_guard lock(mutex_);
    return !lines_.empty() || ended_;
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
      if (cmd == "begin") return begin(j);
      if (cmd == "start") return start(j);
      if (cmd == "prepare") return prepare(j);
      if (cmd == "collect") return collect(j);
      if (cmd == "end") return end(j);
      throw BadLine("unknown cmd");
    } catch (const std::exception& e) {  // nlohmann's and BadLine
      return fail(ErrorCode::kUsage, fmt::format("not a line of the helper's protocol: {}", e.what()));
    }
  }
  bool ended() const { return ended_; }

 private:
  // What stands against the set-up is the answer to the first collection, not a word between two.
  core::Status begin(const json& j) {
    only_keys(j, {"cmd", "collector", "device", "subjects"});
    if (entry_ != nullptr || !set_up_) throw BadLine("begun twice");
    const std::string id = j.at("collector");
    const int device = j.at("device");
    std::vector<std::string> subjects;
    session::take(j, "subjects", subjects);
    set_up_ = begin(id, device, subjects);
    voice_.say({{"event", "begun"}});
    if (entry_ == nullptr || !set_up_ || ear_.line_waits()) return {};
    const auto step = clock_.begin("initialise");
    (void)entry_->make({})->begin(
        device_);  // what refuses it refuses the prepare() that follows, and is told
    return {};
  }

  core::Status begin(const std::string& id, int device, const std::vector<std::string>& subjects) {
    entry_ = bench_.registry().find(id);
    if (entry_ == nullptr) return fail(ErrorCode::kUsage, "there is no collector " + id);
    device_ = device;
    std::vector<const BenchSubject*> wanted;
    for (const BenchSubject* subject : bench_.subjects(true)) {
      const bool is_wanted = std::find(subjects.begin(), subjects.end(), subject->info.id) != subjects.end();
      if (is_wanted) wanted.push_back(subject);
    }
    bench_.look_for(wanted);
    const auto step = clock_.begin("context");
    auto record = bench_.use_device(device);
    if (!record) return fail(record.error());
    record_ = *std::move(record);
    return {};
  }

  core::Status start(const json& j) {
    only_keys(j, {"cmd", "options"});
    if (entry_ == nullptr && set_up_) throw BadLine("start before begin");
    if (std::exchange(started_, true)) throw BadLine("started twice");
    if (set_up_) set_up_ = start_with(j.at("options"));
    voice_.say({{"event", "ready"}});
    return {};
  }

  core::Status start_with(const json& given) {
    auto options = parse_options_json(given.dump());
    if (!options) return fail(options.error());
    collector_ = entry_->make(*options);
    return collector_->prepare(device_);
  }

  // A run with its data on the device.
  struct Ready {
    const BenchSubject* subject;
    core::Problem problem;
    std::uint64_t seed = 0;
    std::unique_ptr<Prepared> prepared;

    bool is(const Ready& other) const {
      return subject == other.subject && problem == other.problem && seed == other.seed;
    }
  };

  // Those that fail are left to collect(), which tells why: by then there may be more memory.
  core::Status prepare(const json& j) {
    only_keys(j, {"cmd", "tasks"});
    ahead_.clear();
    auto tasks = tasks_from(j.at("tasks"));
    if (tasks && set_up_) {
      const auto step = clock_.begin("prepare");
      for (Ready& task : *tasks) {
        if (make_ready(task)) ahead_.push_back(std::move(task));
      }
    }
    voice_.say({{"event", "prepared"}});
    return {};
  }

  // The first launch loads code and makes a library choose its kernels; poison() waits for it.
  core::Status make_ready(Ready& task) {
    auto prepared = bench_.prepare(*task.subject, task.problem, task.seed);
    if (!prepared) return fail(prepared.error());
    task.prepared = *std::move(prepared);
    if (auto ok = task.prepared->launchable().launch(nullptr); !ok) return ok;
    return task.prepared->poison();
  }

  core::Status collect(const json& j) {
    only_keys(j, {"cmd", "tasks"});
    if (!set_up_) return set_up_;
    if (!collector_) throw BadLine("collect before start");
    auto tasks = tasks_from(j.at("tasks"));
    if (!tasks) return fail(tasks.error());
    const auto cancel = ear_.begin_collection();
    auto taken = take(*tasks, *cancel);
    ear_.end_collection();
    if (!taken) return fail(taken.error());
    voice_.say({{"event", "measurements"}, {"measurements", json::parse(measurements_json(*taken))}});
    return {};
  }

  core::Status end(const json& j) {
    only_keys(j, {"cmd"});
    collector_.reset();
    ended_ = true;
    voice_.say({{"event", "ended"}});
    return {};
  }

  Result<std::vector<Ready>> tasks_from(const json& list) {
    if (!list.is_array() || list.empty()) throw BadLine("'tasks' is no list of tasks");
    std::vector<Ready> tasks;
    for (const json& task : list) {
      only_keys(task, {"subject", "problem", "seed"});
      const std::string name = task.at("subject");
      auto problem = core::parse_problem(task.at("problem").get<std::string>());
      if (!problem) return fail(problem.error());
      std::uint64_t seed = 0;
      session::take(task, "seed", seed);
      const auto subjects = bench_.subjects(true);
      const auto known = std::find_if(subjects.begin(), subjects.end(),
                                      [&](const auto* subject) { return subject->info.id == name; });
      if (known == subjects.end()) return fail(ErrorCode::kUsage, "there is no subject " + name);
      tasks.push_back({*known, *std::move(problem), seed, nullptr});
    }
    return tasks;
  }

  // What was prepared ahead goes to its task; what nobody asks for is given back before others take memory.
  void take_over(std::vector<Ready>& tasks) {
    for (Ready& task : tasks) {
      const auto known = std::find_if(ahead_.begin(), ahead_.end(),
                                      [&](const Ready& r) { return r.prepared && r.is(task); });
      if (known != ahead_.end()) task.prepared = std::move(known->prepared);
    }
    ahead_.clear();
  }

  // All of them are on the device at once; subjects of one problem share its data.
  Result<std::vector<core::MeasurementRecord>> take(std::vector<Ready>& tasks,
                                                    const core::CancelToken& cancel) {
    std::string ids;
    for (const Ready& task : tasks) {
      if (!ids.empty()) ids += '+';
      ids += task.subject->info.id;
    }
    const cuda::NvtxRange phases(ids);
    const cuda::NvtxRange problem(core::problem_label(tasks.front().problem));
    const cuda::NvtxRange range(entry_->counts ? "count" : entry_->id);
    std::vector<collectors::Target> targets;
    {
      const auto preparing = clock_.begin("prepare");
      take_over(tasks);
      for (Ready& task : tasks) {
        if (cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
        if (!task.prepared) {
          auto prepared = bench_.prepare(*task.subject, task.problem, task.seed);
          if (!prepared) return fail(prepared.error());
          task.prepared = *std::move(prepared);
        }
        targets.push_back(target_of(task));
      }
    }
    auto taken = collector_->collect_together(targets, cancel, [&](int done, int total) {
      voice_.say({{"event", "progress"}, {"done", done}, {"total", total}});
    });
    if (!taken) return taken;
    add_steps(*taken);
    return taken;
  }

  // The helper's own, of which each answer has those since the last, before the collector's; one of both is
  // one.
  void add_steps(std::vector<core::MeasurementRecord>& taken) {
    const auto own = std::exchange(clock_, StepClock()).steps();
    for (core::MeasurementRecord& measurement : taken) {
      StepClock all;
      all.add(own);
      all.add(measurement.steps);
      measurement.steps = all.steps();
    }
  }

  collectors::Target target_of(const Ready& task) const {
    return {.device_ordinal = device_,
            .device = record_,
            .launchable = &task.prepared->launchable(),
            .relaunch = {},
            .label = fmt::format("{} on {}", task.subject->info.id, core::problem_label(task.problem))};
  }

  Workbench& bench_;
  Voice& voice_;
  Ear& ear_;
  const collectors::CollectorEntry* entry_ = nullptr;
  int device_ = 0;
  std::optional<core::DeviceRecord> record_;
  core::Status set_up_;  // what stands against it
  bool started_ = false, ended_ = false;
  StepClock clock_;  // since the last answer
  std::vector<Ready> ahead_;
  std::unique_ptr<collectors::Collector> collector_;  // last: it may hold what was launched
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
  while (line) {
    if (auto ok = service.answer(*line); !ok) voice.say_error(ok.error());
    if (service.ended()) break;
    line = ear.next_line();
  }
  return 0;
}

}  // namespace flashcore::session
