#include "collectors/cupti.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "collectors/cuda/range_profiler.h"
#include "collectors/refusal.h"
#include "collectors/resources.h"
#include "cuda/runtime/handles.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

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

void add_missing(core::MeasurementRecord& measurement, const std::vector<std::string>& names,
                 const std::string& reason) {
  for (const std::string& name : names) {
    measurement.counters.push_back({name, std::nullopt, std::nullopt, reason});
  }
}

// Nothing was counted, though nobody refused.
void fail(core::MeasurementRecord& measurement, const std::vector<std::string>& names, std::string reason) {
  add_missing(measurement, names, reason);
  measurement.status = core::MeasurementStatus::kFailed;
  measurement.reason = std::move(reason);
}

}  // namespace

// The set-up of the process for one device.
struct CuptiCollector::Session {
  struct Missing {
    std::string name, reason;
  };
  // One schedule with the host object that made it.
  struct Schedule {
    CuptiHost host;
    CounterConfig config;
  };

  std::vector<std::string> wanted;
  std::string counter_set;
  std::optional<int> prepared_for;
  std::optional<core::Error> refusal;
  const CuptiLibrary* cupti = nullptr;
  CounterDevice device;
  std::vector<Missing> missing;
  std::optional<Schedule> schedule;
  std::optional<RangeProfiler> profiler;  // after the schedule: destroyed first

  void prepare(int ordinal);
  core::Status open(int ordinal);
  core::Status schedule_all(std::vector<std::string> names);
  core::MeasurementRecord begin() const;
  core::Status warm_up(core::Launchable& launchable, cudaStream_t stream) const;
  core::Status count(core::Launchable& launchable, cudaStream_t stream, core::MeasurementRecord& measurement);
  void read(core::Launchable& launchable, const RangeData& data, core::MeasurementRecord& measurement) const;
};

void CuptiCollector::Session::prepare(int ordinal) {
  if (prepared_for == ordinal) return;
  profiler.reset();
  schedule.reset();
  missing.clear();
  prepared_for = ordinal;
  refusal = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  if (refusal) return;
  if (auto status = open(ordinal); !status) refusal = status.error();
}

core::Status CuptiCollector::Session::open(int ordinal) {
  const auto library = load_cupti();
  if (!library) return core::fail(library.error());
  cupti = *library;
  if (auto status = cuda_status(cudaSetDevice(ordinal), fmt::format("use device {}", ordinal)); !status) {
    return status;
  }
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
  if (auto status = schedule_all(std::move(known)); !status) return status;
  auto enabled = RangeProfiler::create(*cupti, device.context);
  if (!enabled) return core::fail(enabled.error());
  profiler.emplace(std::move(*enabled));
  return {};
}

// All in one schedule; where CUPTI refuses, without those that it cannot schedule even alone.
core::Status CuptiCollector::Session::schedule_all(std::vector<std::string> names) {
  if (names.empty()) return {};
  const auto attempt = [&](const std::vector<std::string>& some) -> core::Result<Schedule> {
    auto host = CuptiHost::create(*cupti, device.chip, device.availability);
    if (!host) return core::fail(host.error());
    auto config = host->schedule(some);
    if (!config) return core::fail(config.error());
    return Schedule{std::move(*host), std::move(*config)};
  };
  const auto use = [&](core::Result<Schedule> made) -> core::Status {
    if (!made) return core::fail(made.error());
    schedule.emplace(std::move(*made));
    return {};
  };
  if (use(attempt(names))) return {};
  std::erase_if(names, [&](const std::string& name) {
    const auto alone = attempt({name});
    if (alone) return false;
    missing.push_back({name, fmt::format("{} ({})", alone.error().message, alone.error().context)});
    return true;
  });
  return names.empty() ? core::Status() : use(attempt(names));
}

core::MeasurementRecord CuptiCollector::Session::begin() const {
  auto measurement = begin_measurement("cupti", "CUPTI",
                                       cupti == nullptr ? std::string() : fmt::format("{}", cupti->version));
  measurement.parameters = {
      {"replay", "user"}, {"cache", "warm"}, {"launches_per_pass", fmt::format("{}", kLaunchesPerPass)}};
  if (!counter_set.empty()) measurement.parameters["set"] = counter_set;
  if (!device.chip.empty()) measurement.parameters["chip"] = device.chip;
  return measurement;
}

// The first launch loads the code and warms the caches, as it is in the timed launches.
core::Status CuptiCollector::Session::warm_up(core::Launchable& launchable, cudaStream_t stream) const {
  if (auto status = cuda_status(cudaDeviceSynchronize(), "wait for the GPU"); !status) return status;
  if (auto status = launchable.launch(stream); !status) return status;
  return cuda_status(cudaStreamSynchronize(stream), fmt::format("run {}", launchable.label()));
}

// The counted launch is the last of its pass, so its ranges are the last of the data.
void CuptiCollector::Session::read(core::Launchable& launchable, const RangeData& data,
                                   core::MeasurementRecord& measurement) const {
  const std::size_t kernels = data.ranges / kLaunchesPerPass;
  const auto plan = launchable.kernels();
  if (plan.size() == kernels) {
    measurement.kernels = planned_kernels(plan);
  } else {
    for (std::size_t kernel = 0; kernel < kernels; ++kernel) {
      measurement.kernels.push_back({static_cast<int>(kernel), "", std::nullopt, std::nullopt});
    }
    measurement.diagnostics.push_back(
        {core::Severity::kWarning, "kernels_differ",
         fmt::format("CUPTI counted {} kernels in a launch of {}, which plans {}", kernels,
                     launchable.label(), plan.size()),
         "the counted kernels have no names; ncu shows them", measurement.collector});
  }
  const auto& names = schedule->config.names;
  for (std::size_t kernel = 0; kernel < kernels; ++kernel) {
    const auto values = schedule->host.evaluate(data.image, data.ranges - kernels + kernel, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
      core::CounterValue counter{names[i], static_cast<int>(kernel), std::nullopt, ""};
      if (!values) {
        counter.reason = fmt::format("{} ({})", values.error().message, values.error().context);
      } else if (const double value = (*values)[i]; std::isfinite(value)) {
        counter.value = value;
      } else {
        // A ratio whose denominator counted nothing, most often.
        counter.reason =
            std::isnan(value) ? "CUPTI computed not-a-number" : "CUPTI computed an infinite value";
      }
      measurement.counters.push_back(std::move(counter));
    }
  }
}

core::Status CuptiCollector::Session::count(core::Launchable& launchable, cudaStream_t stream,
                                            core::MeasurementRecord& measurement) {
  const CounterConfig& config = schedule->config;
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
  const auto data = profiler->measure(config, max_ranges, work, failed_in_work);
  if (!data) {
    if (failed_in_work) return core::fail(data.error());
    refuse(measurement, data.error(), kCountersRefused, config.names);
    return {};
  }
  measurement.passes = static_cast<int>(config.passes);
  if (data->dropped > 0) {
    measurement.diagnostics.push_back({core::Severity::kWarning, "ranges_dropped",
                                       fmt::format("CUPTI dropped {} kernels of {}: it launched more than {}",
                                                   data->dropped, launchable.label(), max_ranges),
                                       "the launch's counters are missing", measurement.collector});
    fail(measurement, config.names, "CUPTI dropped kernels of this launch");
  } else if (data->ranges == 0 || data->ranges % kLaunchesPerPass != 0) {
    // Every launch of a pass has the same kernels; where it has not, none can be told to be the last one's.
    fail(measurement, config.names,
         fmt::format("CUPTI saw {} kernels in {} launches", data->ranges, kLaunchesPerPass));
  } else {
    read(launchable, *data, measurement);
  }
  return {};
}

CuptiCollector::CuptiCollector(std::vector<std::string> counters, std::string counter_set)
    : session_(std::make_unique<Session>()) {
  session_->wanted = without_repeats(std::move(counters));
  session_->counter_set = std::move(counter_set);
}

CuptiCollector::~CuptiCollector() = default;

core::Status CuptiCollector::prepare(int device_ordinal) {
  session_->prepare(device_ordinal);
  return {};
}

core::Result<core::MeasurementRecord> CuptiCollector::collect(const Target& target,
                                                              const core::CancelToken& cancel,
                                                              const Progress& progress) {
  Session& session = *session_;
  const auto stopped = [&] {
    return core::fail(core::ErrorCode::kCancelled, fmt::format("counting {} was stopped", target.label));
  };
  if (cancel.requested()) return stopped();
  constexpr int kSteps = 3;  // set-up, warm-up, counting
  const auto step = [&](int done) {
    if (progress) progress(done, kSteps);
  };
  step(0);
  session.prepare(target.device_ordinal);
  auto measurement = session.begin();
  if (target.launchable == nullptr || session.refusal) {
    refuse(measurement, session.refusal ? *session.refusal : nothing_to_launch(target), kCountersRefused,
           session.wanted);
    step(kSteps);
    return measurement;
  }
  step(1);
  cuda::Stream stream;
  if (auto status =
          cuda_status(cudaStreamCreateWithFlags(stream.out(), cudaStreamNonBlocking), "create a stream");
      !status) {
    return core::fail(status.error());
  }
  if (auto status = session.warm_up(*target.launchable, stream.get()); !status) {
    return core::fail(status.error());
  }
  step(2);
  if (cancel.requested()) return stopped();
  if (!session.missing.empty()) {
    measurement.status = core::MeasurementStatus::kPartial;
    measurement.reason = fmt::format("{} of {} counters could not be taken: {}", session.missing.size(),
                                     session.wanted.size(), session.missing.front().reason);
    for (const auto& absent : session.missing) add_missing(measurement, {absent.name}, absent.reason);
  }
  if (session.schedule) {
    if (auto status = session.count(*target.launchable, stream.get(), measurement); !status) {
      return core::fail(status.error());
    }
  }
  step(kSteps);
  return measurement;
}

}  // namespace flashcore::collectors
