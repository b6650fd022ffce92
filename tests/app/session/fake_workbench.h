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

// What happens outside, as a test wants it. Every step is first asked of `on_step` ("prepare", "check", a
// collector's id), which may fail it, cancel, or sleep.
struct FakeWorld {
  std::function<core::Status(const std::string& step, const std::string& subject, const core::CancelToken*)>
      on_step;
  std::set<std::string> refused;  // collectors that are refused
  std::set<std::string> wrong;    // subjects with a wrong answer
  std::vector<std::string> log;   // "helper cupti", "check slow", "timing slow", "drop cupti", ...
  int helpers_started = 0;

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
  core::Status launch(core::StreamHandle) override { return {}; }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }

 private:
  std::string subject_;
};

class FakePrepared final : public session::Prepared {
 public:
  FakePrepared(FakeWorld& world, std::string subject, const core::Problem& problem)
      : world_(world), subject_(std::move(subject)), problem_(problem), launchable_(subject_) {}
  core::Launchable& launchable() override { return launchable_; }
  core::Status reseed(std::uint64_t seed) override {
    seed_ = seed;
    return {};
  }
  core::Result<core::CheckRecord> check() override {
    if (auto ok = world_.step("check", subject_); !ok) return core::fail(ok.error());
    auto record =
        sample_check(*core::attention_of(problem_), !world_.wrong.contains(subject_)).checks.front();
    record.seed = seed_;
    return record;
  }

 private:
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
    const std::string subject = target.label.substr(0, target.label.find(' '));
    if (auto ok = world_.step(id_, subject, &cancel); !ok) return core::fail(ok.error());
    if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "stopped");
    progress(2, 2);
    auto m = collectors::begin_measurement(id_, "fake " + id_, "1");
    if (world_.refused.contains(id_)) {
      collectors::refuse(m, {core::ErrorCode::kPermission, id_ + " may not", "ask for the right", ""},
                         "counters_refused", options_.counters);
      return m;
    }
    if (id_ == "timing") m.samples = sample_timing(40'000, options_.iterations).samples;
    if (id_ == "cupti" || id_ == "ncu") m.counters = sample_counters(subject, 40'000, 1e6).counters;
    return m;
  }

 private:
  FakeWorld& world_;
  std::string id_;
  collectors::CollectOptions options_;
};

// A helper without a process: dies where the world says kExternalTool.
class FakeHelper final : public session::Helper {
 public:
  explicit FakeHelper(FakeWorld& world) : world_(world) {}
  core::Status start(const std::string& collector, int, const collectors::CollectOptions& options) override {
    collector_ = std::make_unique<FakeCollector>(world_, collector, options);
    return {};
  }
  core::Result<core::MeasurementRecord> collect(const std::string& subject, const core::Problem& problem,
                                                std::uint64_t, const core::CancelToken& cancel,
                                                const collectors::Progress& progress) override {
    collectors::Target target;
    target.label = subject + " on " + core::problem_label(problem);
    auto taken = collector_->collect(target, cancel, progress);
    if (!taken && taken.error().code == core::ErrorCode::kExternalTool) alive_ = false;
    return taken;
  }
  bool alive() override { return alive_; }

 private:
  FakeWorld& world_;
  std::unique_ptr<FakeCollector> collector_;
  bool alive_ = true;
};

class FakeWorkbench final : public session::Workbench {
 public:
  // `helper_program`: started as `PROGRAM helper` in place of a helper without a process.
  explicit FakeWorkbench(FakeWorld& world, std::string helper_program = {},
                         session::HelperPatience patience = {})
      : world_(world), program_(std::move(helper_program)), patience_(patience), registry_(entries()) {
    int rung = 0;
    for (const char* id : {"slow", "fast", "other"}) subjects_.push_back(subject(id, ++rung));
  }

  std::vector<const session::BenchSubject*> subjects(bool) const override {
    std::vector<const session::BenchSubject*> list;
    for (const auto& s : subjects_) list.push_back(&s);
    return list;
  }
  core::Result<core::DeviceRecord> use_device(int ordinal) override {
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

  core::Result<session::Helper*> helper(const std::string& collector, int device,
                                        const collectors::CollectOptions& options) override {
    auto& warm = helpers_[collector];
    if (warm && warm->alive()) return warm.get();
    ++world_.helpers_started;
    world_.log.push_back("helper " + collector);
    if (program_.empty()) {
      warm = std::make_unique<FakeHelper>(world_);
    } else {
      warm = std::make_unique<session::HelperProcess>(
          core::ChildSpec{.program = program_, .arguments = {"helper"}, .environment = {}}, patience_);
    }
    if (auto ok = warm->start(collector, device, options); !ok) return core::fail(ok.error());
    return warm.get();
  }
  void drop_helper(const std::string& collector) override {
    world_.log.push_back("drop " + collector);
    helpers_.erase(collector);
  }
  collectors::Relaunch relaunch(const session::BenchSubject& subject, const core::Problem& problem, int,
                                std::uint64_t, int launches) const override {
    return {"program",
            {"launch", "--phase", std::string(subject.info.id), "--shape", core::canonical_text(problem),
             "--count", std::to_string(launches)}};
  }

 private:
  static session::BenchSubject subject(const char* id, int rung) {
    session::BenchSubject s;
    s.info.id = s.info.title = id;
    s.info.rung = rung;
    s.info.min_compute = 80;
    s.source_hash = std::string(64, 'c');
    s.supports = [](const core::Problem&) { return core::Status(); };
    s.model = [](const core::Problem&) { return std::optional(core::ModelRecord{1e9, 1e6}); };
    s.device_bytes = [](const core::Problem&) { return std::int64_t{1} << 20; };
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
  std::string program_;
  session::HelperPatience patience_;
  collectors::Registry registry_;
  std::vector<session::BenchSubject> subjects_;
  std::map<std::string, std::unique_ptr<session::Helper>> helpers_;
};

}  // namespace flashcore::tests
