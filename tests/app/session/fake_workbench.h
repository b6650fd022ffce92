// A workbench without a GPU: subjects, a device, collectors and helpers that do as a test says. What is
// orchestrated is real; only what stands outside is made up (device "Test GPU").
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/session/helper_process.h"
#include "app/session/workbench.h"
#include "core/attention.h"
#include "tests/support/sample_runs.h"

namespace flashcore::tests {

// What happens outside, as a test wants it. Every step is first asked of `on_step` ("prepare", "peaked" and
// "normal" for the checks, "check after", a collector's id), which may fail it, cancel, or sleep.
struct FakeWorld {
  std::function<core::Status(const std::string& step, const std::string& subject, const core::CancelToken*)>
      on_step;
  std::set<std::string> refused;       // collectors that are refused
  std::set<std::string> wrong;         // subjects with a wrong answer
  std::set<std::string> wrong_peaked;  // whose fault only the peaked input shows
  std::set<std::string> wrong_after;   // whose fault only many launches show
  // "begin cupti", "look for slow,fast", "driver", "ahead slow,fast", "start cupti", "load peaked tiny",
  // "peaked slow", "poison slow", "settle cupti", "together timing slow,fast", "timing slow", "finish
  // launching", "end cupti", "drop cupti", ...
  std::vector<std::string> log;
  std::int64_t subject_bytes = std::int64_t{1} << 20, shared_bytes = std::int64_t{1} << 18;
  int helpers_started = 0;
  int prepared = 0, most_prepared = 0;        // at the same time
  std::map<std::string, std::string> loaded;  // input by problem

  core::Status step(const std::string& name, const std::string& subject,
                    const core::CancelToken* cancel = nullptr) {
    log.push_back(name + " " + subject);
    return on_step ? on_step(name, subject, cancel) : core::Status();
  }
};

class FakeLaunchable final : public core::Launchable {
 public:
  explicit FakeLaunchable(std::string subject) : subject_(std::move(subject)) {}
  std::string_view label() const override { return subject_; }
  core::Status launch(core::StreamHandle) override {
    written = true;
    return {};
  }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }

  bool written = false;  // the output, since it was poisoned

 private:
  std::string subject_;
};

class FakePrepared final : public session::Prepared {
 public:
  FakePrepared(FakeWorld& world, std::string subject, const core::Problem& problem)
      : world_(world), subject_(std::move(subject)), problem_(problem), launchable_(subject_) {
    world_.most_prepared = std::max(world_.most_prepared, ++world_.prepared);
  }
  ~FakePrepared() override { --world_.prepared; }
  core::Launchable& launchable() override { return launchable_; }
  core::Status load(core::InputKind input, std::uint64_t seed) override {
    std::string& now = world_.loaded[core::problem_label(problem_)];
    const std::string name(core::name_of(input));
    seed_ = seed;
    if (now != name) world_.log.push_back("load " + name + " " + core::problem_label(problem_));
    now = name;
    return {};
  }
  core::Status poison() override {
    world_.log.push_back("poison " + subject_);
    launchable_.written = false;
    return {};
  }
  core::Result<core::CheckRecord> check() override {
    const std::string input = world_.loaded[core::problem_label(problem_)];
    if (auto ok = world_.step(input, subject_); !ok) return core::fail(ok.error());
    const bool wrong =
        world_.wrong.contains(subject_) || (input == "peaked" && world_.wrong_peaked.contains(subject_));
    return record(!wrong);
  }
  core::Result<core::CheckRecord> check_output() override {
    if (auto ok = world_.step("check after", subject_); !ok) return core::fail(ok.error());
    return record(launchable_.written && !world_.wrong_after.contains(subject_));
  }

 private:
  core::CheckRecord record(bool passed) const {
    auto record = sample_check(*core::attention_of(problem_), passed).checks.front();
    record.seed = seed_;
    record.input = world_.loaded[core::problem_label(problem_)];
    return record;
  }

  FakeWorld& world_;
  std::string subject_;
  core::Problem problem_;
  FakeLaunchable launchable_;
  std::uint64_t seed_ = 0;
};

// A collector of any id: timing has samples, those that count have counters.
class FakeCollector final : public collectors::Collector {
 public:
  FakeCollector(FakeWorld& world, std::string id, collectors::CollectOptions options)
      : world_(world), id_(std::move(id)), options_(std::move(options)) {}
  std::string_view id() const override { return id_; }
  core::Result<core::MeasurementRecord> collect(const collectors::Target& target,
                                                const core::CancelToken& cancel,
                                                const collectors::Progress& progress) override {
    progress(0, 2);
    const std::string subject = subject_of(target);
    if (auto ok = world_.step(id_, subject, &cancel); !ok) return core::fail(ok.error());
    if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "stopped");
    progress(2, 2);
    auto m = collectors::begin_measurement(id_, "fake " + id_, "1");
    m.parameters["cache"] = core::name_of(options_.cache);
    if (world_.refused.contains(id_)) {
      collectors::refuse(m, {core::ErrorCode::kPermission, id_ + " may not", "ask for the right", ""},
                         "counters_refused", options_.counters);
      return m;
    }
    if (id_ == "timing") {
      m.samples = sample_timing(40'000, options_.iterations).samples;
      if (target.launchable != nullptr) (void)target.launchable->launch(nullptr);
    }
    if (id_ == "cupti" || id_ == "ncu") {
      m.kernels = sample_counters(subject, 40'000, 1e6).kernels;
      m.counters = sample_counters(subject, 40'000, 1e6).counters;
      m.steps = {{"passes", 2.5}};
    }
    return m;
  }
  core::Result<std::vector<core::MeasurementRecord>> collect_together(
      std::span<const collectors::Target> targets, const core::CancelToken& cancel,
      const collectors::Progress& progress) override {
    std::string subjects;
    for (const auto& target : targets) subjects += (subjects.empty() ? "" : ",") + subject_of(target);
    world_.log.push_back("together " + id_ + " " + subjects);
    std::vector<core::MeasurementRecord> taken;
    for (const auto& target : targets) {
      auto one = collect(target, cancel, progress);
      if (!one) return core::fail(one.error());
      taken.push_back(*std::move(one));
    }
    return taken;
  }

 private:
  static std::string subject_of(const collectors::Target& target) {
    return target.label.substr(0, target.label.find(' '));
  }

  FakeWorld& world_;
  std::string id_;
  collectors::CollectOptions options_;
};

// A helper without a process: dies where the world says kExternalTool.
class FakeHelper final : public session::Helper {
 public:
  explicit FakeHelper(FakeWorld& world) : world_(world) {}
  ~FakeHelper() override { say("drop"); }
  core::Status begin(const std::string& collector, int, std::span<const std::string>) override {
    id_ = collector;
    say("begin");
    return {};
  }
  core::Status start(const collectors::CollectOptions& options) override {
    say("start");
    collector_ = std::make_unique<FakeCollector>(world_, id_, options);
    return {};
  }
  core::Status prepare(std::span<const session::HelperTask> tasks) override {
    std::string subjects;
    for (const auto& task : tasks) subjects += (subjects.empty() ? "" : ",") + task.subject;
    world_.log.push_back("ahead " + subjects);
    return {};
  }
  void settle(SetUp, std::chrono::milliseconds, const core::CancelToken&) override { say("settle"); }
  core::Result<std::vector<core::MeasurementRecord>> collect(std::span<const session::HelperTask> tasks,
                                                             const core::CancelToken& cancel,
                                                             const collectors::Progress& progress) override {
    std::vector<collectors::Target> targets(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      targets[i].label = tasks[i].subject + " on " + core::problem_label(tasks[i].problem);
    }
    auto taken = collector_->collect_together(targets, cancel, progress);
    if (!taken && taken.error().code == core::ErrorCode::kExternalTool) alive_ = false;
    return taken;
  }
  void end() override { say("end"); }
  void await_end(std::chrono::milliseconds) override { say("await end"); }
  bool alive() override { return alive_; }

 private:
  void say(const std::string& what) { world_.log.push_back(what + " " + id_); }

  FakeWorld& world_;
  std::string id_;
  std::unique_ptr<FakeCollector> collector_;
  bool alive_ = true;
};

class FakeWorkbench final : public session::Workbench {
 public:
  // `helper_program`: started as `PROGRAM helper` in place of a helper without a process.
  explicit FakeWorkbench(FakeWorld& world, std::string helper_program = {},
                         session::HelperPatience patience = {})
      : world_(world), registry_(entries()), helpers_([=, &world]() -> std::unique_ptr<session::Helper> {
          ++world.helpers_started;
          if (helper_program.empty()) return std::make_unique<FakeHelper>(world);
          return std::make_unique<session::HelperProcess>(
              core::ChildSpec{.program = helper_program, .arguments = {"helper"}, .environment = {}},
              patience);
        }) {
    int rung = 0;
    for (const char* id : {"slow", "fast", "other"}) subjects_.push_back(subject(id, ++rung));
  }

  std::vector<const session::BenchSubject*> subjects(bool) const override {
    std::vector<const session::BenchSubject*> list;
    for (const auto& s : subjects_) list.push_back(&s);
    return list;
  }
  core::Result<core::DeviceRecord> use_device(int ordinal) override {
    world_.log.push_back("driver");
    if (ordinal != 0) return core::fail(core::ErrorCode::kNoDevice, "no such device", "use 0");
    return sample_device();
  }
  core::EnvironmentRecord environment() override { return sample_environment(); }
  core::Result<std::unique_ptr<session::Prepared>> prepare(const session::BenchSubject& subject,
                                                           const core::Problem& problem,
                                                           std::uint64_t) override {
    const std::string id(subject.info.id);
    if (auto ok = world_.step("prepare", id); !ok) return core::fail(ok.error());
    return std::make_unique<FakePrepared>(world_, id, problem);
  }
  const collectors::Registry& registry() const override { return registry_; }

  session::HelperPool& helpers() override { return helpers_; }
  void look_for(std::span<const session::BenchSubject* const> subjects) override {
    std::string ids;
    for (const auto* subject : subjects) {
      if (!ids.empty()) ids += ',';
      ids += subject->info.id;
    }
    world_.log.push_back("look for " + ids);
  }
  void finish_launching() override { world_.log.push_back("finish launching"); }
  collectors::Relaunch relaunch(const session::BenchSubject& subject, const core::Problem& problem, int,
                                std::uint64_t, int launches) const override {
    return {"program",
            {"launch", "--phase", std::string(subject.info.id), "--shape", core::canonical_text(problem),
             "--count", std::to_string(launches)}};
  }

 private:
  session::BenchSubject subject(const char* id, int rung) {
    session::BenchSubject s;
    s.info.id = s.info.title = id;
    s.info.rung = rung;
    s.info.min_compute = 80;
    s.source_hash = std::string(64, 'c');
    s.supports = [](const core::Problem&) { return core::Status(); };
    s.model = [](const core::Problem&) { return std::optional(core::ModelRecord{1e9, 1e6, 1e3}); };
    s.device_bytes = [this](const core::Problem&) { return world_.subject_bytes; };
    s.shared_bytes = [this](const core::Problem&) { return world_.shared_bytes; };
    return s;
  }

  std::vector<collectors::CollectorEntry> entries() {
    using collectors::Place;
    const auto make = [this](std::string id) {
      return [this, id](const collectors::CollectOptions& options) {
        return std::make_unique<FakeCollector>(world_, id, options);
      };
    };
    return {{.id = "resources",
             .title = "Resources",
             .place = Place::kTiming,
             .order = 0,
             .cost = 0.1,
             .always = true,
             .make = make("resources")},
            {.id = "timing",
             .title = "Times",
             .place = Place::kTiming,
             .order = 1,
             .by_default = true,
             .make = make("timing")},
            {.id = "cupti",
             .title = "Counters",
             .place = Place::kHelper,
             .order = 2,
             .by_default = true,
             .counts = true,
             .falls_to = "ncu",
             .make = make("cupti")},
            {.id = "ncu",
             .title = "Nsight Compute",
             .place = Place::kOutside,
             .order = 3,
             .counts = true,
             .make = make("ncu")}};
  }

  FakeWorld& world_;
  collectors::Registry registry_;
  std::vector<session::BenchSubject> subjects_;
  session::HelperPool helpers_;
};

}  // namespace flashcore::tests
