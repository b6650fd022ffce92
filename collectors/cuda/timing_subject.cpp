#include "collectors/cuda/timing_subject.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "collectors/cuda/probe_kernel.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

constexpr int kMaxLaunchesPerGraph = 200;
constexpr int kMaxColdLaunches = 10;  // each with a flush of some 30 us, two events and two stamps
constexpr int kCalibrationLaunches = 20;
constexpr int kCalibrationSingles = 3;
constexpr int kFloorSamples = 5;
constexpr int kFloorWarmup = 2;
constexpr double kNsPerMs = 1e6;

core::Status no_beat(int) {
  return {};
}

double least(const std::vector<Reading>& readings) {
  double ns = std::numeric_limits<double>::infinity();
  for (const Reading& reading : readings) ns = std::min(ns, reading.ns);
  return ns;
}

class EmptyKernel final : public core::Launchable {
 public:
  std::string_view label() const override { return "an empty kernel"; }
  core::Status launch(core::StreamHandle stream) override {
    return cuda_status(launch_probe_kernel(static_cast<cudaStream_t>(stream)), "launch an empty kernel");
  }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }
};

// How long the flush of one cold launch takes.
core::Result<double> flush_ns(Stopwatch& stopwatch) {
  class Flush final : public core::Launchable {
   public:
    explicit Flush(const CacheFlush& flush) : flush_(flush) {}
    std::string_view label() const override { return "the flush of the caches"; }
    core::Status launch(core::StreamHandle stream) override {
      return flush_.enqueue(static_cast<cudaStream_t>(stream));
    }
    std::span<const core::KernelPlan> kernels() const override { return {}; }
    int kernels_per_launch() const override { return 1; }

   private:
    const CacheFlush& flush_;
  } flush(*stopwatch.cold()->flush);
  const auto readings = stopwatch.singles(flush, kCalibrationSingles, no_beat);
  if (!readings) return core::fail(readings.error());
  return least(*readings);
}

// How many launches one replay needs to last `wanted_ns`. The time of single launches has overhead in it, so
// short kernels are timed in a small graph first.
core::Result<int> launches_per_replay(TimingSubject& subject, Stopwatch& stopwatch, double single_ns,
                                      double wanted_ns) {
  const auto launches = [&](double one_ns, int most) {
    return one_ns > 0 ? static_cast<int>(std::clamp(std::ceil(wanted_ns / one_ns), 1.0, double(most))) : most;
  };
  if (stopwatch.cold() != nullptr) {
    const auto flush = flush_ns(stopwatch);
    if (!flush) return core::fail(flush.error());
    return launches(single_ns + *flush, kMaxColdLaunches);
  }
  if (single_ns * kCalibrationLaunches >= wanted_ns) return launches(single_ns, kMaxLaunchesPerGraph);
  const auto small = capture_replay(subject.launchable, kCalibrationLaunches, nullptr, stopwatch.stream());
  if (!small) return core::fail(small.error());
  const auto readings = stopwatch.replays(*small, 2, no_beat);
  if (!readings) return core::fail(readings.error());
  return launches(least(*readings), kMaxLaunchesPerGraph);
}

void no_graph(TimingSubject& subject, const core::Error& error) {
  core::MeasurementRecord& measurement = subject.measurement;
  measurement.status = core::MeasurementStatus::kPartial;
  measurement.reason = fmt::format(
      "{} could not be captured in a CUDA graph, so only single launches were timed, with their overhead: {}",
      subject.launchable.label(), error.message);
  subject.diagnose({core::Severity::kWarning, "graph_capture_failed", measurement.reason,
                    "a launch that is captured must not allocate memory or synchronise", "timing"});
  (void)cudaGetLastError();
}

}  // namespace

StepTimer::~StepTimer() {
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began_;
  auto& steps = measurement_.steps;
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.name == name_; });
  if (found == steps.end()) {
    steps.push_back({std::move(name_), took.count()});
  } else {
    found->ms += took.count();
  }
}

TimingSubject::TimingSubject(const Target& target, core::MeasurementRecord& of)
    : launchable(*target.launchable), measurement(of) {
  std::array<char, 32> bus_id{};
  if (cudaDeviceGetPCIBusId(bus_id.data(), static_cast<int>(bus_id.size()), target.device_ordinal) ==
      cudaSuccess) {
    nvml = Nvml::instance().device(bus_id.data());
  } else {
    (void)cudaGetLastError();
  }
}

void TimingSubject::log_clocks() {
  if (!nvml) return;
  core::ClockRecord record = Nvml::instance().clock_record(*nvml);
  const std::chrono::duration<double, std::milli> since = std::chrono::steady_clock::now() - began;
  record.at_ms = since.count();
  measurement.clocks.push_back(record);
}

core::Status prepare_subject(TimingSubject& subject, Stopwatch& stopwatch, double replay_ms) {
  const StepTimer timer(subject.measurement, "capture");
  // The first launch loads the module.
  if (auto status = subject.launchable.launch(stopwatch.stream()); !status) return status;
  if (auto status = stopwatch.wait(); !status) return status;
  const auto singles = stopwatch.singles(subject.launchable, kCalibrationSingles, no_beat);
  if (!singles) return core::fail(singles.error());
  const auto launches = launches_per_replay(subject, stopwatch, least(*singles), replay_ms * kNsPerMs);
  auto replay = launches ? capture_replay(subject.launchable, *launches, stopwatch.cold(), stopwatch.stream())
                         : core::Result<Replay>(core::fail(launches.error()));
  if (replay) {
    subject.measurement.parameters["method"] = "events,graph";
    subject.measurement.parameters["launches_per_graph"] = fmt::format("{}", replay->launches);
    subject.replay = std::move(*replay);
    return {};
  }
  no_graph(subject, replay.error());
  return stopwatch.wait();  // a device that failed is more than a launch that cannot be captured
}

core::Result<std::vector<core::Sample>> take_floor(Stopwatch& stopwatch, int launches) {
  EmptyKernel empty;
  const auto replay = capture_replay(empty, launches, stopwatch.cold(), stopwatch.stream());
  if (!replay) return core::fail(replay.error());
  const auto readings = stopwatch.replays(*replay, kFloorWarmup + kFloorSamples, no_beat);
  if (!readings) return core::fail(readings.error());
  std::vector<core::Sample> samples;
  for (std::size_t i = kFloorWarmup; i < readings->size(); ++i) {
    const Reading& reading = (*readings)[i];
    samples.push_back({core::SampleKind::kEmpty, static_cast<int>(samples.size()), launches, reading.ns,
                       reading.effective_clock_mhz});
  }
  return samples;
}

}  // namespace flashcore::collectors
