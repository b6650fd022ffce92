#include "collectors/cupti.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "collectors/cuda/cupti_session.h"
#include "collectors/refusal.h"
#include "collectors/resources.h"

namespace flashcore::collectors {

using core::MeasurementRecord;
using cuda::cuda_status;

namespace {

constexpr int kWarmLaunches = 2;  // a pass; the second is counted
constexpr int kColdLaunches = 1;

std::vector<std::string> without_repeats(std::vector<std::string> names) {
  names.emplace_back(kDurationCounter);
  std::set<std::string> seen;
  std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
  return names;
}

void add_missing(MeasurementRecord& measurement, const std::vector<std::string>& names,
                 const std::string& reason) {
  for (const std::string& name : names) {
    measurement.counters.push_back({name, std::nullopt, std::nullopt, reason});
  }
}

core::CounterValue counter_of(const std::string& name, int kernel, double value) {
  core::CounterValue counter{name, kernel, std::nullopt, ""};
  if (std::isfinite(value)) {
    counter.value = value;
  } else {
    // A ratio whose denominator counted nothing, most often.
    counter.reason = std::isnan(value) ? "CUPTI computed not-a-number" : "CUPTI computed an infinite value";
  }
  return counter;
}

void name_kernels(core::Launchable& launchable, std::size_t kernels, MeasurementRecord& measurement) {
  const auto plan = launchable.kernels();
  if (plan.size() == kernels) {
    measurement.kernels = planned_kernels(plan);
    return;
  }
  for (std::size_t kernel = 0; kernel < kernels; ++kernel) {
    measurement.kernels.push_back({static_cast<int>(kernel), "", std::nullopt, std::nullopt});
  }
  measurement.diagnostics.push_back({core::Severity::kWarning, "kernels_differ",
                                     fmt::format("CUPTI counted {} kernels in a launch of {}, which plans {}",
                                                 kernels, launchable.label(), plan.size()),
                                     "the counted kernels have no names; ncu shows them",
                                     measurement.collector});
}

// Nothing was counted, though nobody refused.
void fail(MeasurementRecord& measurement, const std::vector<std::string>& names, const std::string& reason) {
  add_missing(measurement, names, reason);
  measurement.status = core::MeasurementStatus::kFailed;
  measurement.reason = reason;
  measurement.diagnostics.push_back(
      {core::Severity::kWarning, "ranges_differ", reason,
       "a launch must enqueue the same kernels each time; ncu counts without knowing how many",
       measurement.collector});
}

void read(const std::vector<std::string>& names, core::Launchable& launchable,
          const std::vector<CuptiSession::Values>& kernels, MeasurementRecord& measurement) {
  name_kernels(launchable, kernels.size(), measurement);
  for (std::size_t kernel = 0; kernel < kernels.size(); ++kernel) {
    const auto& values = kernels[kernel];
    const int ordinal = static_cast<int>(kernel);
    for (std::size_t i = 0; i < names.size(); ++i) {
      measurement.counters.push_back(
          values
              ? counter_of(names[i], ordinal, (*values)[i])
              : core::CounterValue{names[i], ordinal, std::nullopt,
                                   fmt::format("{} ({})", values.error().message, values.error().context)});
    }
  }
}

// The blocks that were counted for each kernel; nothing where the counter was not taken.
std::vector<std::optional<double>> counted_blocks(const std::vector<std::string>& names,
                                                  const std::vector<CuptiSession::Values>& kernels) {
  std::vector<std::optional<double>> blocks(kernels.size());
  const auto at = std::find(names.begin(), names.end(), kBlocksCounter);
  if (at == names.end()) return blocks;
  for (std::size_t kernel = 0; kernel < kernels.size(); ++kernel) {
    if (kernels[kernel]) blocks[kernel] = (*kernels[kernel])[static_cast<std::size_t>(at - names.begin())];
  }
  return blocks;
}

}  // namespace

struct CuptiCollector::State {
  std::vector<std::string> wanted;
  std::string counter_set;
  core::CacheState cache;
  CuptiSession session;

  MeasurementRecord begin() const;
  void note_missing(MeasurementRecord& measurement) const;
  core::Status warm_up(core::Launchable& launchable) const;
  core::Status count(std::span<const Target> targets, std::span<MeasurementRecord> taken,
                     const core::CancelToken& cancel);
  core::Status count_device(std::span<const Target> targets, std::span<MeasurementRecord> taken,
                            const core::CancelToken& cancel, const std::function<void(std::size_t)>& done);
};

MeasurementRecord CuptiCollector::State::begin() const {
  const CuptiLibrary* cupti = session.library();
  auto measurement = begin_measurement("cupti", "CUPTI",
                                       cupti == nullptr ? std::string() : fmt::format("{}", cupti->version));
  const bool cold = cache == core::CacheState::kCold;
  measurement.parameters = {{"replay", "user"},
                            {"cache", std::string(core::name_of(cache))},
                            {"launches_per_pass", fmt::format("{}", cold ? kColdLaunches : kWarmLaunches)}};
  if (cold) measurement.parameters["cache_flush"] = "before each launch";
  if (!counter_set.empty()) measurement.parameters["set"] = counter_set;
  if (!session.chip().empty()) measurement.parameters["chip"] = session.chip();
  return measurement;
}

void CuptiCollector::State::note_missing(MeasurementRecord& measurement) const {
  const auto& missing = session.missing();
  if (missing.empty()) return;
  measurement.status = core::MeasurementStatus::kPartial;
  measurement.reason = fmt::format("{} of {} counters could not be taken: {}", missing.size(), wanted.size(),
                                   missing.front().reason);
  for (const auto& absent : missing) add_missing(measurement, {absent.name}, absent.reason);
}

// The first launch loads the code and warms the caches, as it is in the timed launches.
core::Status CuptiCollector::State::warm_up(core::Launchable& launchable) const {
  if (auto status = cuda_status(cudaDeviceSynchronize(), "wait for the GPU"); !status) return status;
  if (auto status = launchable.launch(session.stream()); !status) return status;
  return cuda_status(cudaStreamSynchronize(session.stream()), fmt::format("run {}", launchable.label()));
}

// One batch, in shared passes. Where the kernels are not those that were launched, nobody can tell whose they
// are: each run is then taken by itself, so that one that misbehaves costs the others nothing but time.
core::Status CuptiCollector::State::count(std::span<const Target> targets, std::span<MeasurementRecord> taken,
                                          const core::CancelToken& cancel) {
  std::vector<core::Launchable*> launchables;
  for (const Target& target : targets) launchables.push_back(target.launchable);
  auto counted = session.count(launchables, cancel);
  if (!counted) return core::fail(counted.error());
  std::vector<std::optional<std::string>> troubles(targets.size(), counted->trouble);
  if (!counted->trouble && !counted->refused) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      troubles[i] = blocks_trouble(targets[i].launchable->kernels(),
                                   counted_blocks(session.names(), counted->kernels[i]));
    }
  }
  if (targets.size() > 1 && std::ranges::any_of(troubles, [](const auto& t) { return t.has_value(); })) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (auto status = count(targets.subspan(i, 1), taken.subspan(i, 1), cancel); !status) return status;
    }
    return {};
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    MeasurementRecord& measurement = taken[i];
    measurement.parameters["shared_with"] = fmt::format("{}", targets.size());
    measurement.steps = counted->steps;
    for (const auto& said : session.said()) measurement.diagnostics.push_back(said);
    if (counted->refused) {
      refuse(measurement, *counted->refused, kCountersRefused, wanted);
      continue;
    }
    note_missing(measurement);
    measurement.passes = static_cast<int>(counted->passes);
    if (troubles[i]) {
      fail(measurement, session.names(), fmt::format("{} ({})", *troubles[i], targets[i].label));
    } else {
      read(session.names(), *targets[i].launchable, counted->kernels[i], measurement);
    }
  }
  return {};
}

// Targets of one device.
core::Status CuptiCollector::State::count_device(std::span<const Target> targets,
                                                 std::span<MeasurementRecord> taken,
                                                 const core::CancelToken& cancel,
                                                 const std::function<void(std::size_t)>& done) {
  session.prepare(targets.front().device_ordinal);
  for (MeasurementRecord& measurement : taken) measurement = begin();
  if (session.refusal()) {
    for (MeasurementRecord& measurement : taken) {
      refuse(measurement, *session.refusal(), kCountersRefused, wanted);
    }
    done(targets.size());
    return {};
  }
  std::vector<PassShare> shares;
  for (const Target& target : targets) {
    shares.push_back(pass_share(target.launchable->kernels_per_launch(), cache));
  }
  for (const CounterBatch& batch : batches_of(shares)) {
    const auto of_batch = targets.subspan(batch.first, batch.count);
    for (const Target& target : of_batch) {
      if (auto status = warm_up(*target.launchable); !status) return status;
    }
    if (session.names().empty()) {
      for (MeasurementRecord& measurement : taken.subspan(batch.first, batch.count))
        note_missing(measurement);
    } else if (auto status = count(of_batch, taken.subspan(batch.first, batch.count), cancel); !status) {
      return status;
    }
    done(batch.count);
  }
  return {};
}

CuptiCollector::CuptiCollector(std::vector<std::string> counters, std::string counter_set,
                               core::CacheState cache) {
  auto wanted = without_repeats(std::move(counters));
  state_.reset(new State{wanted, std::move(counter_set), cache, CuptiSession(wanted, cache)});
}

CuptiCollector::~CuptiCollector() = default;

core::Status CuptiCollector::begin(int device_ordinal) {
  return CuptiSession::begin(device_ordinal);
}

core::Status CuptiCollector::prepare(int device_ordinal) {
  state_->session.prepare(device_ordinal);
  return {};
}

core::Result<MeasurementRecord> CuptiCollector::collect(const Target& target, const core::CancelToken& cancel,
                                                        const Progress& progress) {
  auto taken = collect_together({&target, 1}, cancel, progress);
  if (!taken) return core::fail(taken.error());
  return std::move(taken->front());
}

core::Result<std::vector<MeasurementRecord>> CuptiCollector::collect_together(std::span<const Target> targets,
                                                                              const core::CancelToken& cancel,
                                                                              const Progress& progress) {
  const int total = static_cast<int>(targets.size());
  int done = 0;
  const auto step = [&](int more) {
    done += more;
    if (progress) progress(done, total);
  };
  step(0);
  std::vector<MeasurementRecord> taken(targets.size());
  for (std::size_t first = 0; first < targets.size();) {
    if (cancel.requested()) {
      return core::fail(core::ErrorCode::kCancelled,
                        fmt::format("counting {} was stopped", targets[first].label));
    }
    const Target& target = targets[first];
    if (target.launchable == nullptr) {
      taken[first] = state_->begin();
      refuse(taken[first], nothing_to_launch(target), kCountersRefused, state_->wanted);
      ++first;
      step(1);
      continue;
    }
    std::size_t end = first + 1;
    while (end < targets.size() && targets[end].launchable != nullptr &&
           targets[end].device_ordinal == target.device_ordinal) {
      ++end;
    }
    const std::size_t count = end - first;
    const auto status =
        state_->count_device(targets.subspan(first, count), std::span(taken).subspan(first, count), cancel,
                             [&](std::size_t more) { step(static_cast<int>(more)); });
    if (!status) return core::fail(status.error());
    first = end;
  }
  return taken;
}

}  // namespace flashcore::collectors
