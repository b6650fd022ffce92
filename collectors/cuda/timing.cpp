#include "collectors/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "collectors/clock_review.h"
#include "collectors/cuda/timing_stopwatch.h"
#include "collectors/cuda/timing_subject.h"
#include "collectors/nvml.h"
#include "collectors/turns.h"
#include "collectors/warm_up.h"
#include "core/build_info.h"

namespace flashcore::collectors {
namespace {

// At each visit after the first: what ran in between was another subject's, or single launches.
constexpr WarmUpRules kRewarm{.in_a_row = 2, .least_launches = 1, .most_ms = 20};
constexpr int kWarmupSingles = 10;  // at once, where there is no graph

using Floors = std::map<std::pair<int, int>, std::vector<core::Sample>>;

// All subjects of one collect_together().
class Timing {
 public:
  Timing(const TimingOptions& options, const core::CancelToken& cancel, const Progress& progress)
      : options_(options), cancel_(cancel), progress_(progress) {}

  void add(const Target& target, core::MeasurementRecord& measurement) {
    subjects_.emplace_back(target, measurement);
    devices_.push_back(target.device_ordinal);
  }
  core::Status run(Floors& floors);

 private:
  int wanted(core::SampleKind kind) const {
    const int samples =
        kind == core::SampleKind::kGraph ? graph_samples(options_.iterations) : options_.iterations;
    return std::max(samples, 0);
  }
  core::Status stopped(const TimingSubject& subject) const {
    if (!cancel_.requested()) return {};
    return core::fail(core::ErrorCode::kCancelled,
                      fmt::format("timing {} was stopped", subject.launchable.label()));
  }
  void report(int done) const {
    if (progress_) progress_(done, total_);
  }
  core::Status add_floor(TimingSubject& subject, int device, Floors& floors);
  core::Result<std::vector<Reading>> take(TimingSubject& subject, core::SampleKind kind, int count,
                                          const Stopwatch::Beat& beat);
  core::Status first_warm_up(TimingSubject& subject);
  core::Status rewarm(TimingSubject& subject, core::SampleKind kind);
  core::Result<WarmedUp> warm_until_steady(TimingSubject& subject, const WarmUpRules& rules);
  core::Status take_turns(core::SampleKind kind, const char* step);
  core::Status take_turn(TimingSubject& subject, core::SampleKind kind, const Turn& turn);
  void finish(TimingSubject& subject) const;

  const TimingOptions& options_;
  const core::CancelToken& cancel_;
  const Progress& progress_;
  std::deque<TimingSubject> subjects_;  // they cannot move
  std::vector<int> devices_;
  // Ends before the subjects: it waits for what of theirs still runs.
  Stopwatch stopwatch_;
  // What ran last, so that a warm-up between two turns of one subject is left out.
  const TimingSubject* last_ = nullptr;
  core::SampleKind last_kind_ = core::SampleKind::kLaunch;
  int done_ = 0, total_ = 0;
};

core::Result<std::vector<Reading>> Timing::take(TimingSubject& subject, core::SampleKind kind, int count,
                                                const Stopwatch::Beat& beat) {
  last_ = &subject;
  last_kind_ = kind;
  return kind == core::SampleKind::kGraph ? stopwatch_.replays(*subject.replay, count, beat)
                                          : stopwatch_.singles(subject.launchable, count, beat);
}

core::Result<WarmedUp> Timing::warm_until_steady(TimingSubject& subject, const WarmUpRules& rules) {
  const auto kind = subject.replay ? core::SampleKind::kGraph : core::SampleKind::kLaunch;
  const int at_once = subject.replay ? rules.in_a_row : kWarmupSingles;
  const int each = subject.replay ? subject.replay->launches : 1;
  const auto step = [&]() -> core::Result<WarmUpStep> {
    const auto readings = take(subject, kind, at_once, [&](int) { return stopped(subject); });
    if (!readings) return core::fail(readings.error());
    WarmUpStep taken{{}, at_once * each};
    for (const Reading& reading : *readings) taken.clocks.push_back(reading.effective_clock_mhz);
    return taken;
  };
  return warm_up(rules, step, [began = std::chrono::steady_clock::now()] {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  });
}

core::Status Timing::first_warm_up(TimingSubject& subject) {
  const StepTimer timer(subject.measurement, "warm-up");
  const auto warmed = warm_until_steady(subject, {.least_launches = options_.warmup});
  if (!warmed) return core::fail(warmed.error());
  subject.measurement.parameters["warmup"] = fmt::format("{}", warmed->launches);
  const auto& clocks = warmed->clocks;
  if (std::none_of(clocks.begin(), clocks.end(), [](const auto& clock) { return clock.has_value(); })) {
    subject.diagnose(
        {core::Severity::kWarning, "clock_unknown",
         "the stamps on the GPU gave no effective clock, so a clock change cannot be told from a "
         "change of speed",
         "run the tests of the collectors on this GPU (scripts/test --gpu)", "timing"});
  } else if (!warmed->settled) {
    subject.diagnose(review_warmup(clocks, warmed->launches, warmed->ms));
  }
  return {};
}

core::Status Timing::rewarm(TimingSubject& subject, core::SampleKind kind) {
  const bool idled = kind == core::SampleKind::kGraph && last_kind_ == core::SampleKind::kLaunch;
  if (last_ == &subject && !idled) return {};
  const StepTimer timer(subject.measurement, "warm-up");
  const auto warmed = warm_until_steady(subject, kRewarm);
  return warmed ? core::Status() : core::fail(warmed.error());
}

core::Status Timing::add_floor(TimingSubject& subject, int device, Floors& floors) {
  const int launches = subject.replay->launches;
  auto found = floors.find({device, launches});
  if (found == floors.end()) {
    const StepTimer timer(subject.measurement, "floor");
    auto samples = take_floor(stopwatch_, launches);
    if (!samples) return core::fail(samples.error());
    found = floors.emplace(std::pair(device, launches), std::move(*samples)).first;
  }
  auto& samples = subject.measurement.samples;
  samples.insert(samples.end(), found->second.begin(), found->second.end());
  return {};
}

core::Status Timing::take_turn(TimingSubject& subject, core::SampleKind kind, const Turn& turn) {
  const int count = wanted(kind);
  const auto beat = [&](int sample) -> core::Status {
    if (auto status = stopped(subject); !status) return status;
    const int index = turn.first + sample;
    if (index == 0 || index == count / 2 || index == count - 1) subject.log_clocks();
    report(++done_);
    return {};
  };
  const auto readings = take(subject, kind, turn.count, beat);
  if (!readings) return core::fail(readings.error());
  const int launches = kind == core::SampleKind::kGraph ? subject.replay->launches : 1;
  auto& samples = subject.samples_of(kind);
  for (const Reading& reading : *readings) {
    samples.push_back(
        {kind, static_cast<int>(samples.size()), launches, reading.ns, reading.effective_clock_mhz});
  }
  return {};
}

core::Status Timing::take_turns(core::SampleKind kind, const char* step) {
  std::vector<int> samples;
  for (const TimingSubject& subject : subjects_) {
    const bool possible = kind != core::SampleKind::kGraph || subject.replay;
    samples.push_back(possible ? wanted(kind) : 0);
  }
  for (const Turn& turn : plan_turns(samples)) {
    TimingSubject& subject = subjects_[static_cast<std::size_t>(turn.subject)];
    if (auto status = rewarm(subject, kind); !status) return status;
    const StepTimer timer(subject.measurement, step);
    if (auto status = take_turn(subject, kind, turn); !status) return status;
  }
  return {};
}

void Timing::finish(TimingSubject& subject) const {
  core::MeasurementRecord& measurement = subject.measurement;
  std::uint64_t reasons = 0;
  for (const core::ClockRecord& clock : measurement.clocks) {
    reasons |= static_cast<std::uint64_t>(clock.reasons.value_or(0));
  }
  std::vector<core::Sample> all;
  for (const auto* samples : {&subject.launch_samples, &subject.graph_samples}) {
    all.insert(all.end(), samples->begin(), samples->end());
  }
  if (auto drift = review_clocks(all)) subject.diagnose(std::move(*drift));
  measurement.samples.insert(measurement.samples.begin(), all.begin(), all.end());  // the floor goes last
  if (auto throttling = review_reasons(reasons)) subject.diagnose(std::move(*throttling));
  if (auto company = review_company(measurement.clocks)) subject.diagnose(std::move(*company));
  if (!subject.nvml) {
    const std::string& why = Nvml::instance().why();
    subject.diagnose(
        {core::Severity::kWarning, "nvml_missing",
         fmt::format("power, temperature, throttling and other processes on the GPU are unknown ({})",
                     why.empty() ? "NVML does not know this GPU" : why),
         "install the driver's libnvidia-ml.so.1 (part of the NVIDIA driver's utilities)", "timing"});
  }
}

core::Status Timing::run(Floors& floors) {
  const int subjects = static_cast<int>(subjects_.size());
  total_ = subjects * (wanted(core::SampleKind::kLaunch) + wanted(core::SampleKind::kGraph));
  report(0);
  if (auto status = stopwatch_.open(options_.cache); !status) return status;
  for (TimingSubject& subject : subjects_) {
    if (auto status = stopped(subject); !status) return status;
    if (auto status = prepare_subject(subject, stopwatch_, options_.graph_replay_ms); !status) return status;
    subject.measurement.parameters["turns"] =
        subjects == 1 ? "1 visit, 1 subject" : fmt::format("2 visits, {} subjects", subjects);
  }
  for (std::size_t i = 0; i < subjects_.size(); ++i) {
    if (!subjects_[i].replay) continue;
    if (auto status = add_floor(subjects_[i], devices_[i], floors); !status) return status;
  }
  for (TimingSubject& subject : subjects_) {
    if (auto status = first_warm_up(subject); !status) return status;
  }
  if (auto status = take_turns(core::SampleKind::kLaunch, "launches"); !status) return status;
  if (auto status = take_turns(core::SampleKind::kGraph, "graphs"); !status) return status;
  for (TimingSubject& subject : subjects_) finish(subject);
  report(total_);
  return {};
}

}  // namespace

core::Result<std::vector<core::MeasurementRecord>> TimingCollector::collect_together(
    std::span<const Target> targets, const core::CancelToken& cancel, const Progress& progress) {
  std::vector<core::MeasurementRecord> measurements(targets.size());
  Timing timing(options_, cancel, progress);
  int launched = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    core::MeasurementRecord& measurement = measurements[i];
    measurement = begin_measurement(id(), "FlashCore", std::string(core::build_info().version));
    measurement.parameters = {{"warmup", "0"},
                              {"iterations", fmt::format("{}", options_.iterations)},
                              {"cache", std::string(core::name_of(options_.cache))},
                              {"method", "events"}};
    if (targets[i].launchable == nullptr) {
      refuse(measurement, nothing_to_launch(targets[i]), "nothing_to_launch", {});
    } else {
      keep_choice(measurement, *targets[i].launchable);
      timing.add(targets[i], measurement);
      ++launched;
    }
  }
  if (launched > 0) {
    if (auto status = timing.run(floors_); !status) return core::fail(status.error());
  }
  return measurements;
}

}  // namespace flashcore::collectors
