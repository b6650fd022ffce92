#include "collectors/cupti.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "collectors/cuda/cuda_handles.h"
#include "collectors/cuda/range_profiler.h"
#include "collectors/refusal.h"

namespace flashcore::collectors {
namespace {

// Analysis weights a launch's kernels by it, so it is taken with every set.
constexpr const char* kDurationCounter = "gpu__time_duration.sum";
constexpr std::size_t kMinRanges = 16;
// CUPTI writes to device memory before a pass (about 16 MB on an H200), and those dirty lines leave L2
// while the first launch of the pass runs. It is let go by, and the second is counted.
constexpr int kLaunchesPerPass = 2;
constexpr int kRangesPerKernel = 4;  // room for what a library launches beyond what it is known for

std::vector<std::string> without_repeats(std::vector<std::string> names) {
  names.emplace_back(kDurationCounter);
  std::set<std::string> seen;
  std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
  return names;
}

}  // namespace

// The set-up of the process. A batch is one schedule with the host object that made it; there is more
// than one only where CUPTI cannot schedule all counters together.
struct CuptiCollector::Session {
  struct Batch {
    CuptiHost host;
    CounterConfig config;
  };
  struct Missing {
    std::string name, reason;
  };

  std::vector<std::string> wanted;
  bool prepared = false;
  std::optional<core::Error> refusal;
  const CuptiLibrary* cupti = nullptr;
  CounterDevice device;
  std::vector<Missing> missing;
  std::vector<Batch> batches;
  std::optional<RangeProfiler> profiler;  // after the batches: destroyed first

  void prepare();
  core::Status open();
  core::Status schedule(std::vector<std::string> names);
  core::Status measure(const Batch& batch, core::Launchable& launchable, cudaStream_t stream, Sink& sink);
  void emit(const Batch& batch, const RangeData& data, Sink& sink) const;
  void emit_missing(const std::vector<std::string>& names, const std::string& reason, Sink& sink) const;
  void refuse(core::Error error, Sink& sink, const std::vector<std::string>& names);
  core::CounterValue blank(const std::string& name, int passes) const;
};

void CuptiCollector::Session::prepare() {
  if (prepared) return;
  prepared = true;
  refusal = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  if (refusal) return;
  if (auto status = open(); !status) refusal = status.error();
}

core::Status CuptiCollector::Session::open() {
  const auto library = load_cupti();
  if (!library) return core::fail(library.error());
  cupti = *library;
  auto opened = open_counter_device(*cupti);
  if (!opened) return core::fail(opened.error());
  device = std::move(*opened);
  std::vector<std::string> known;
  {
    const auto host = CuptiHost::create(*cupti, device.chip, device.availability);
    if (!host) return core::fail(host.error());
    for (const std::string& name : wanted) {
      if (host->knows(name)) {
        known.push_back(name);
      } else {
        missing.push_back({name, fmt::format("{} has no counter of this name", device.chip)});
      }
    }
  }
  if (!known.empty()) {
    if (auto status = schedule(std::move(known)); !status) return status;
  }
  auto enabled = RangeProfiler::create(*cupti, device.context);
  if (!enabled) return core::fail(enabled.error());
  profiler.emplace(std::move(*enabled));
  return {};
}

// All in one schedule, or in two halves where CUPTI cannot, down to the one that it cannot schedule.
core::Status CuptiCollector::Session::schedule(std::vector<std::string> names) {
  auto host = CuptiHost::create(*cupti, device.chip, device.availability);
  if (!host) return core::fail(host.error());
  auto config = host->schedule(names);
  if (config) {
    batches.push_back({std::move(*host), std::move(*config)});
    return {};
  }
  if (names.size() == 1) {
    missing.push_back(
        {names.front(), fmt::format("{} ({})", config.error().message, config.error().context)});
    return {};
  }
  const auto middle = names.begin() + static_cast<std::ptrdiff_t>(names.size() / 2);
  if (auto status = schedule({names.begin(), middle}); !status) return status;
  return schedule({middle, names.end()});
}

core::CounterValue CuptiCollector::Session::blank(const std::string& name, int passes) const {
  core::CounterValue value;
  value.name = name;
  value.collector = "cupti";
  value.passes = passes;
  if (cupti != nullptr) value.tool = cupti->tool();
  return value;
}

void CuptiCollector::Session::emit_missing(const std::vector<std::string>& names, const std::string& reason,
                                           Sink& sink) const {
  for (const std::string& name : names) {
    core::CounterValue value = blank(name, 0);
    value.reason = reason;
    sink.counter(std::move(value));
  }
}

void CuptiCollector::Session::refuse(core::Error error, Sink& sink, const std::vector<std::string>& names) {
  sink.diagnostic(refusal_diagnostic(error));
  emit_missing(names, error.message, sink);
  refusal = std::move(error);
}

void CuptiCollector::Session::emit(const Batch& batch, const RangeData& data, Sink& sink) const {
  const int passes = static_cast<int>(batch.config.passes);
  const std::size_t kernels = data.ranges / kLaunchesPerPass;
  const std::size_t first = data.ranges - kernels;
  for (std::size_t range = first; range < data.ranges; ++range) {
    const auto values = batch.host.evaluate(data.image, range, batch.config.names);
    for (std::size_t i = 0; i < batch.config.names.size(); ++i) {
      core::CounterValue counter = blank(batch.config.names[i], passes);
      counter.kernel_index = kernels == 1 ? -1 : static_cast<int>(range - first);
      if (!values) {
        counter.reason = fmt::format("{} ({})", values.error().message, values.error().context);
      } else if (const double value = (*values)[i]; std::isfinite(value)) {
        counter.value = value;
      } else {
        // A ratio whose denominator counted nothing, most often.
        counter.reason =
            std::isnan(value) ? "CUPTI computed not-a-number" : "CUPTI computed an infinite value";
      }
      sink.counter(std::move(counter));
    }
  }
}

core::Status CuptiCollector::Session::measure(const Batch& batch, core::Launchable& launchable,
                                              cudaStream_t stream, Sink& sink) {
  const auto max_ranges = std::max(kMinRanges, static_cast<std::size_t>(kLaunchesPerPass * kRangesPerKernel *
                                                                        launchable.kernels_per_launch()));
  bool failed_in_work = false;
  const auto work = [&]() -> core::Status {
    for (int i = 0; i < kLaunchesPerPass; ++i) {
      if (auto status = launchable.launch(stream); !status) return status;
    }
    return cuda_status(cudaStreamSynchronize(stream),
                       fmt::format("run {} under counters", launchable.label()));
  };
  const auto data = profiler->measure(batch.config, max_ranges, work, failed_in_work);
  if (!data) {
    if (failed_in_work) return core::fail(data.error());
    refuse(data.error(), sink, batch.config.names);
    return {};
  }
  if (data->dropped > 0) {
    sink.diagnostic({core::Severity::kWarning, "ranges_dropped",
                     fmt::format("CUPTI dropped {} kernels of {}: it launched more than {}", data->dropped,
                                 launchable.label(), max_ranges),
                     "the launch's counters are missing", "cupti"});
    emit_missing(batch.config.names, "CUPTI dropped kernels of this launch", sink);
    return {};
  }
  // Every launch of a pass has the same kernels; where it has not, none can be told to be the last one's.
  if (data->ranges == 0 || data->ranges % kLaunchesPerPass != 0) {
    emit_missing(batch.config.names,
                 fmt::format("CUPTI saw {} kernels in {} launches", data->ranges, kLaunchesPerPass), sink);
    return {};
  }
  emit(batch, *data, sink);
  return {};
}

CuptiCollector::CuptiCollector(std::vector<std::string> counters) : session_(std::make_unique<Session>()) {
  session_->wanted = without_repeats(std::move(counters));
}

CuptiCollector::~CuptiCollector() = default;

const std::optional<core::Error>& CuptiCollector::refusal() const noexcept {
  return session_->refusal;
}

core::Status CuptiCollector::collect(core::Launchable& launchable, Sink& sink,
                                     const core::CancelToken& cancel, const Progress& progress) {
  Session& session = *session_;
  const auto stopped = [&] {
    return core::fail(core::ErrorCode::kCancelled,
                      fmt::format("counting {} was stopped", launchable.label()));
  };
  if (cancel.requested()) return stopped();
  session.prepare();
  const int total = static_cast<int>(session.batches.size()) + 1;
  if (progress) progress(0, total);
  if (session.refusal) {
    sink.diagnostic(refusal_diagnostic(*session.refusal));
    session.emit_missing(session.wanted, session.refusal->message, sink);
    if (progress) progress(total, total);
    return {};
  }
  Stream stream;
  // The first launch loads the code and warms the caches, as it is in the timed launches.
  if (auto status = cuda_status(cudaDeviceSynchronize(), "wait for the GPU"); !status) return status;
  if (auto status =
          cuda_status(cudaStreamCreateWithFlags(stream.out(), cudaStreamNonBlocking), "create a stream");
      !status) {
    return status;
  }
  if (auto status = launchable.launch(stream.get()); !status) return status;
  if (auto status =
          cuda_status(cudaStreamSynchronize(stream.get()), fmt::format("run {}", launchable.label()));
      !status) {
    return status;
  }
  int done = 1;
  if (progress) progress(done, total);
  for (const auto& absent : session.missing) session.emit_missing({absent.name}, absent.reason, sink);
  for (const auto& batch : session.batches) {
    if (cancel.requested()) return stopped();
    if (session.refusal) {
      session.emit_missing(batch.config.names, session.refusal->message, sink);
    } else if (auto status = session.measure(batch, launchable, stream.get(), sink); !status) {
      return status;
    }
    if (progress) progress(++done, total);
  }
  return {};
}

}  // namespace flashcore::collectors
