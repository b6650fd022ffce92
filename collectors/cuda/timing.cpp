#include "collectors/timing.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "collectors/clock_review.h"
#include "collectors/nvml.h"
#include "core/build_info.h"
#include "cuda/runtime/handles.h"

namespace flashcore::collectors {

using cuda::cuda_status;
using cuda::Event;
using cuda::Graph;
using cuda::GraphExec;
using cuda::Stream;

namespace {

constexpr int kMaxLaunchesPerGraph = 200;
constexpr int kCalibrationLaunches = 20;
constexpr int kGraphWarmup = 5;
constexpr int kReasonsEvery = 16;  // samples between two looks at NVML's slowdown reasons
constexpr double kNsPerMs = 1e6;

// The SM clock around samples. One reading ends a sample and begins the next, so that between two
// samples the GPU rests for no longer than one NVML query; the query is outside the events.
class ClockReader {
 public:
  explicit ClockReader(int ordinal) {
    std::array<char, 32> bus_id{};
    if (cudaDeviceGetPCIBusId(bus_id.data(), static_cast<int>(bus_id.size()), ordinal) == cudaSuccess) {
      device_ = Nvml::instance().device(bus_id.data());
    }
  }
  bool available() const {
    return device_.has_value() && Nvml::instance().sm_clock_mhz(*device_).has_value();
  }
  std::optional<double> mhz() const {
    return device_ ? Nvml::instance().sm_clock_mhz(*device_) : std::nullopt;
  }
  void note_reasons() {
    if (device_) reasons_ |= Nvml::instance().clock_reasons(*device_).value_or(0);
  }
  std::uint64_t reasons() const { return reasons_; }
  // All that NVML says at this moment. Takes too long to stand between all samples.
  void log(std::vector<core::ClockRecord>& clocks) {
    if (!device_) return;
    core::ClockRecord record = Nvml::instance().clock_record(*device_);
    const std::chrono::duration<double, std::milli> since = std::chrono::steady_clock::now() - began_;
    record.at_ms = since.count();
    reasons_ |= static_cast<std::uint64_t>(record.reasons.value_or(0));
    clocks.push_back(record);
  }

 private:
  std::optional<Nvml::Device> device_;
  std::uint64_t reasons_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// One timing of one launchable: the handles, and the two ways to use them.
class Timer {
 public:
  Timer(const Target& target, core::MeasurementRecord& measurement, const core::CancelToken& cancel,
        const Progress& progress, const TimingOptions& options)
      : launchable_(*target.launchable),
        measurement_(measurement),
        cancel_(cancel),
        progress_(progress),
        options_(options),
        clocks_(target.device_ordinal) {}

  core::Status run();

 private:
  // Enqueues what is timed.
  using Enqueue = std::function<core::Status()>;

  core::Status create();
  core::Status launch_samples();
  core::Status graph_samples();
  core::Result<GraphExec> capture(int launches);
  core::Result<int> launches_per_graph();
  core::Result<double> time_ns(const Enqueue& enqueue);
  core::Result<std::vector<core::Sample>> take(core::SampleKind kind, int launches, const Enqueue& enqueue);
  void no_graph(const core::Error& error);
  core::Status synchronize() { return cuda_status(cudaStreamSynchronize(stream_.get()), doing_); }
  core::Status replay(const GraphExec& graph) {
    return cuda_status(cudaGraphLaunch(graph.get(), stream_.get()), doing_);
  }
  void step(int done) const {
    if (progress_) progress_(done, 2 * options_.iterations);
  }
  void diagnose(core::Severity severity, std::string code, std::string message, std::string hint) {
    measurement_.diagnostics.push_back(
        {severity, std::move(code), std::move(message), std::move(hint), "timing"});
  }

  core::Launchable& launchable_;
  core::MeasurementRecord& measurement_;
  const core::CancelToken& cancel_;
  const Progress& progress_;
  const TimingOptions& options_;
  ClockReader clocks_;
  Stream stream_;
  Event start_, stop_;
  std::string doing_;  // for messages
  double launch_ns_ = 0;
  int done_ = 0;
};

core::Status Timer::create() {
  doing_ = fmt::format("time {}", launchable_.label());
  // Whatever filled the inputs may have used another stream.
  if (auto status = cuda_status(cudaDeviceSynchronize(), doing_); !status) return status;
  if (auto status = cuda_status(cudaStreamCreateWithFlags(stream_.out(), cudaStreamNonBlocking), doing_);
      !status) {
    return status;
  }
  if (auto status = cuda_status(cudaEventCreate(start_.out()), doing_); !status) return status;
  return cuda_status(cudaEventCreate(stop_.out()), doing_);
}

core::Result<double> Timer::time_ns(const Enqueue& enqueue) {
  if (auto status = cuda_status(cudaEventRecord(start_.get(), stream_.get()), doing_); !status) {
    return core::fail(status.error());
  }
  if (auto status = enqueue(); !status) return core::fail(status.error());
  if (auto status = cuda_status(cudaEventRecord(stop_.get(), stream_.get()), doing_); !status) {
    return core::fail(status.error());
  }
  if (auto status = cuda_status(cudaEventSynchronize(stop_.get()), doing_); !status) {
    return core::fail(status.error());
  }
  float ms = 0;
  if (auto status = cuda_status(cudaEventElapsedTime(&ms, start_.get(), stop_.get()), doing_); !status) {
    return core::fail(status.error());
  }
  return static_cast<double>(ms) * kNsPerMs;
}

core::Result<std::vector<core::Sample>> Timer::take(core::SampleKind kind, int launches,
                                                    const Enqueue& enqueue) {
  std::vector<core::Sample> samples;
  clocks_.log(measurement_.clocks);
  std::optional<double> before = clocks_.mhz();
  for (int i = 0; i < options_.iterations; ++i) {
    if (cancel_.requested()) {
      return core::fail(core::ErrorCode::kCancelled,
                        fmt::format("timing {} was stopped", launchable_.label()));
    }
    const auto ns = time_ns(enqueue);
    if (!ns) return core::fail(ns.error());
    const std::optional<double> after = clocks_.mhz();
    samples.push_back({kind, i, launches, *ns / launches, before, after});
    before = after;
    if (i + 1 == options_.iterations / 2) {
      clocks_.log(measurement_.clocks);
      before = clocks_.mhz();
    }
    if (i % kReasonsEvery == 0) clocks_.note_reasons();
    step(++done_);
  }
  clocks_.log(measurement_.clocks);
  measurement_.samples.insert(measurement_.samples.end(), samples.begin(), samples.end());
  if (auto drift = review_clocks(samples)) measurement_.diagnostics.push_back(std::move(*drift));
  return samples;
}

core::Status Timer::launch_samples() {
  for (int i = 0; i < options_.warmup; ++i) {
    if (cancel_.requested()) {
      return core::fail(core::ErrorCode::kCancelled,
                        fmt::format("timing {} was stopped", launchable_.label()));
    }
    if (auto status = launchable_.launch(stream_.get()); !status) return status;
    // A launch that takes long must not pile up: a cancel would wait for all of them.
    if (i == 0) {
      if (auto status = synchronize(); !status) return status;
    }
  }
  if (auto status = synchronize(); !status) return status;
  const auto samples = take(core::SampleKind::kLaunch, 1, [&] { return launchable_.launch(stream_.get()); });
  if (!samples) return core::fail(samples.error());
  if (samples->empty()) return {};
  launch_ns_ = std::min_element(samples->begin(), samples->end(), [](const auto& a, const auto& b) {
                 return a.duration_ns < b.duration_ns;
               })->duration_ns;
  return {};
}

// A graph of `launches` launches. The capture is ended in every case: a stream that stays in capture
// would spoil everything that follows.
core::Result<GraphExec> Timer::capture(int launches) {
  if (auto status = cuda_status(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal),
                                "begin the capture of a graph");
      !status) {
    return core::fail(status.error());
  }
  core::Status launched;
  for (int i = 0; i < launches && launched; ++i) launched = launchable_.launch(stream_.get());
  Graph graph;
  const auto ended =
      cuda_status(cudaStreamEndCapture(stream_.get(), graph.out()), "end the capture of a graph");
  if (!launched) return core::fail(launched.error());
  if (!ended) return core::fail(ended.error());
  GraphExec exec;
  if (auto status = cuda_status(cudaGraphInstantiate(exec.out(), graph.get(), 0), "instantiate a graph");
      !status) {
    return core::fail(status.error());
  }
  // Else the first replay would upload it.
  if (auto status = cuda_status(cudaGraphUpload(exec.get(), stream_.get()), "upload a graph"); !status) {
    return core::fail(status.error());
  }
  return exec;
}

// How many launches one replay needs to last graph_replay_ms. The single launches' time has overhead in
// it, so short kernels are measured once in a small graph first.
core::Result<int> Timer::launches_per_graph() {
  const double wanted_ns = options_.graph_replay_ms * kNsPerMs;
  double one_ns = launch_ns_;
  if (one_ns * kCalibrationLaunches < wanted_ns || one_ns <= 0) {
    const auto graph = capture(kCalibrationLaunches);
    if (!graph) return core::fail(graph.error());
    for (int i = 0; i < 2; ++i) {  // the first warms up
      const auto ns = time_ns([&] { return replay(*graph); });
      if (!ns) return core::fail(ns.error());
      one_ns = *ns / kCalibrationLaunches;
    }
  }
  if (one_ns <= 0) return kMaxLaunchesPerGraph;
  return static_cast<int>(std::clamp(std::ceil(wanted_ns / one_ns), 1.0, double{kMaxLaunchesPerGraph}));
}

void Timer::no_graph(const core::Error& error) {
  measurement_.status = core::MeasurementStatus::kPartial;
  measurement_.reason = fmt::format(
      "{} could not be captured in a CUDA graph, so only single launches were timed, with their "
      "overhead: {}",
      launchable_.label(), error.message);
  diagnose(core::Severity::kWarning, "graph_capture_failed", measurement_.reason,
           "a launch that is captured must not allocate memory or synchronise");
  (void)cudaGetLastError();
}

core::Status Timer::graph_samples() {
  const auto launches = launches_per_graph();
  if (!launches) {
    no_graph(launches.error());
    return synchronize();
  }
  const auto graph = capture(*launches);
  if (!graph) {
    no_graph(graph.error());
    return synchronize();
  }
  for (int i = 0; i < std::min(options_.warmup, kGraphWarmup); ++i) {
    if (auto status = replay(*graph); !status) return status;
  }
  if (auto status = synchronize(); !status) return status;
  const auto samples = take(core::SampleKind::kGraph, *launches, [&] { return replay(*graph); });
  if (!samples) return core::fail(samples.error());
  measurement_.parameters["method"] = "events,graph";
  measurement_.parameters["launches_per_graph"] = fmt::format("{}", *launches);
  return {};
}

core::Status Timer::run() {
  step(0);
  if (auto status = create(); !status) return status;
  if (!clocks_.available()) {
    const std::string& why = Nvml::instance().why();
    diagnose(
        core::Severity::kWarning, "nvml_missing",
        fmt::format("the SM clock is unknown, so a clock change cannot be told from a change of speed ({})",
                    why.empty() ? "NVML does not report this GPU's clock" : why),
        "install the driver's libnvidia-ml.so.1 (part of the NVIDIA driver's utilities)");
  }
  if (auto status = launch_samples(); !status) return status;
  if (auto status = graph_samples(); !status) return status;
  if (auto throttling = review_reasons(clocks_.reasons())) {
    measurement_.diagnostics.push_back(std::move(*throttling));
  }
  step(2 * options_.iterations);
  return {};
}

}  // namespace

core::Result<core::MeasurementRecord> TimingCollector::collect(const Target& target,
                                                               const core::CancelToken& cancel,
                                                               const Progress& progress) {
  auto measurement = begin_measurement(id(), "FlashCore", std::string(core::build_info().version));
  measurement.parameters = {{"warmup", fmt::format("{}", options_.warmup)},
                            {"iterations", fmt::format("{}", options_.iterations)},
                            {"cache", "warm"},
                            {"method", "events"}};
  if (target.launchable == nullptr) {
    refuse(measurement, nothing_to_launch(target), "nothing_to_launch", {});
    return measurement;
  }
  if (auto status = Timer(target, measurement, cancel, progress, options_).run(); !status) {
    return core::fail(status.error());
  }
  return measurement;
}

}  // namespace flashcore::collectors
