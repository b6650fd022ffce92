#include "collectors/cuda/cupti_session.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "collectors/refusal.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

core::Error no_values() {
  return {core::ErrorCode::kExternalTool, "CUPTI gave no value for any counter",
          "see whether ncu can read counters here", ""};
}

class Step {
 public:
  Step(std::vector<core::StepRecord>& steps, const char* name) : steps_(steps), name_(name) {}
  ~Step() {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began_;
    steps_.push_back({name_, took.count()});
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::vector<core::StepRecord>& steps_;
  const char* name_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

core::Status CuptiSession::begin(int ordinal) {
  const auto library = load_cupti();
  if (!library) return core::fail(library.error());
  if (auto status = cuda_status(cudaSetDevice(ordinal), fmt::format("use device {}", ordinal)); !status) {
    return status;
  }
  return initialize_profiler(**library);
}

void CuptiSession::prepare(int ordinal) {
  if (prepared_for_ == ordinal) return;
  profiler_.reset();
  schedule_.reset();
  flush_.reset();
  stream_ = {};
  names_.clear();
  missing_.clear();
  said_.clear();
  steps_.clear();
  availability_asked_ = false;
  availability_.clear();
  prepared_for_ = ordinal;
  refusal_ = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  if (refusal_) return;
  if (auto status = open(ordinal); !status) refusal_ = status.error();
}

core::Status CuptiSession::open(int ordinal) {
  {
    const Step step(steps_, "initialise");
    if (auto status = open_device(ordinal); !status) return status;
  }
  {
    const Step step(steps_, "schedule");
    if (auto status = find_known(); !status) return status;
    if (auto status = schedule_all(known_); !status) return status;
  }
  if (names_.empty()) return {};
  if (auto status = open_profiler(kLeastRoom); !status) {
    if (auto asked = ask_availability(status.error()); !asked) return asked;
    if (status = open_profiler(kLeastRoom); !status) return status;
  }
  return {};
}

core::Status CuptiSession::open_device(int ordinal) {
  const auto library = load_cupti();
  if (!library) return core::fail(library.error());
  cupti_ = *library;
  if (auto status = begin(ordinal); !status) return status;
  auto opened = open_counter_device(*cupti_);
  if (!opened) return core::fail(opened.error());
  device_ = std::move(*opened);
  return cuda_status(cudaStreamCreateWithFlags(stream_.out(), cudaStreamNonBlocking), "create a stream");
}

core::Status CuptiSession::find_known() {
  known_.clear();
  const auto host = CuptiHost::create(*cupti_, device_.chip, availability_);
  if (!host) return core::fail(host.error());
  for (const std::string& name : wanted_) {
    if (host->knows(name)) {
      known_.push_back(name);
    } else {
      missing_.push_back({name, fmt::format("{} has no counter of this name", device_.chip)});
    }
  }
  return {};
}

core::Result<CuptiSession::Schedule> CuptiSession::schedule_some(
    const std::vector<std::string>& names) const {
  auto host = CuptiHost::create(*cupti_, device_.chip, availability_);
  if (!host) return core::fail(host.error());
  auto config = host->schedule(names);
  if (!config) return core::fail(config.error());
  return Schedule{std::move(*host), std::move(*config)};
}

// All in one schedule; where CUPTI refuses, without those that it cannot schedule even alone.
core::Status CuptiSession::schedule_all(std::vector<std::string> names) {
  schedule_.reset();
  names_.clear();
  std::erase_if(missing_, [&](const Missing& m) { return std::ranges::find(names, m.name) != names.end(); });
  if (names.empty()) return {};
  const auto attempt = [&]() -> core::Status {
    auto made = schedule_some(names);
    if (!made) return core::fail(made.error());
    schedule_.emplace(std::move(*made));
    names_ = names;
    return {};
  };
  if (attempt()) return {};
  std::erase_if(names, [&](const std::string& name) {
    const auto alone = schedule_some({name});
    if (alone) return false;
    missing_.push_back({name, fmt::format("{} ({})", alone.error().message, alone.error().context)});
    return true;
  });
  return names.empty() ? core::Status() : attempt();
}

core::Status CuptiSession::open_profiler(std::size_t room) {
  if (profiler_ && profiler_->room() >= room) return {};
  profiler_.reset();  // a context has one: Disable goes before Enable
  auto enabled = RangeProfiler::create(*cupti_, device_.context, schedule_->config, room, steps_);
  if (!enabled) return core::fail(enabled.error());
  profiler_.emplace(std::move(*enabled));
  return {};
}

// Counters were refused, or none had a value, while every counter of the chip was taken to be free here. The
// error is `why`, or that nobody may even ask.
core::Status CuptiSession::ask_availability(const core::Error& why) {
  if (availability_asked_) return core::fail(why);
  availability_asked_ = true;
  profiler_.reset();
  {
    const Step step(steps_, "availability");
    auto image = counter_availability(*cupti_, device_.context);
    if (!image) return core::fail(image.error().code == core::ErrorCode::kPermission ? image.error() : why);
    availability_ = std::move(*image);
  }
  {
    const Step step(steps_, "schedule");
    if (auto status = schedule_all(known_); !status) return status;
  }
  if (names_.empty()) return core::fail(why);
  std::string reason = why.message;
  if (!why.context.empty()) reason += fmt::format(" [{}]", why.context);
  said_.push_back(
      {core::Severity::kInfo, "availability_asked",
       fmt::format("the GPU was asked which counters it has free, because without it: {}", reason), "",
       "cupti"});
  return {};
}

core::Status CuptiSession::launch_all(std::span<core::Launchable* const> launchables,
                                      const core::CancelToken& cancel) const {
  if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "counting was stopped");
  for (core::Launchable* launchable : launchables) {
    const auto before =
        cache_ == core::CacheState::kCold ? flush_->enqueue(stream()) : launchable->launch(stream());
    if (!before) return before;
    if (auto status = launchable->launch(stream()); !status) return status;
  }
  return cuda_status(cudaStreamSynchronize(stream()),
                     launchables.size() == 1 ? fmt::format("run {} under counters", launchables[0]->label())
                                             : fmt::format("run {} and {} more under counters",
                                                           launchables[0]->label(), launchables.size() - 1));
}

// Of each run the kernels behind those that are let go by.
void CuptiSession::evaluate(std::span<const PassShare> shares, const RangeData& data,
                            Counted& counted) const {
  const Step step(counted.steps, "evaluate");
  std::size_t range = 0;
  for (const PassShare& share : shares) {
    range += share.lead;
    auto& kernels = counted.kernels.emplace_back();
    for (std::size_t kernel = 0; kernel < share.kernels; ++kernel, ++range) {
      kernels.push_back(schedule_->host.evaluate(data.image, range, names_));
    }
  }
}

std::optional<core::Error> CuptiSession::nothing_counted(const Counted& counted) const {
  if (counted.refused) return counted.refused;
  if (counted.trouble) return std::nullopt;
  for (const auto& kernels : counted.kernels) {
    for (const Values& values : kernels) {
      if (values && std::ranges::any_of(*values, [](double value) { return std::isfinite(value); }))
        return {};
    }
  }
  return no_values();
}

core::Result<CuptiSession::Counted> CuptiSession::attempt(std::span<core::Launchable* const> launchables,
                                                          const core::CancelToken& cancel) {
  std::vector<PassShare> shares;
  PassesTaken taken{.expected_passes = schedule_->config.passes};
  for (const core::Launchable* launchable : launchables) {
    shares.push_back(pass_share(launchable->kernels_per_launch(), cache_));
    taken.expected_ranges += shares.back().ranges();
  }
  Counted counted;
  if (auto status = open_profiler(room_for(taken.expected_ranges)); !status) {
    counted.refused = status.error();
    return counted;
  }
  counted.steps = std::exchange(steps_, {});
  bool failed_in_work = false;
  const auto data =
      profiler_->measure([&] { return launch_all(launchables, cancel); }, failed_in_work, counted.steps);
  if (!data) {
    profiler_.reset();
    if (failed_in_work) return core::fail(data.error());
    counted.refused = data.error();
    return counted;
  }
  counted.passes = schedule_->config.passes;
  taken.ranges = data->ranges;
  taken.dropped = data->dropped;
  taken.passes = data->passes;
  counted.trouble = passes_trouble(taken);
  if (!counted.trouble) evaluate(shares, *data, counted);
  if (taken.passes < taken.expected_passes) {  // it went on where something before had stopped
    profiler_.reset();
    counted.begun_half_way = true;
  }
  return counted;
}

core::Result<CuptiSession::Counted> CuptiSession::count(std::span<core::Launchable* const> launchables,
                                                        const core::CancelToken& cancel) {
  if (cache_ == core::CacheState::kCold && !flush_) {
    auto made = CacheFlush::create();
    if (!made) {
      Counted none;
      none.refused = made.error();
      return none;
    }
    flush_.emplace(std::move(*made));
  }
  auto counted = attempt(launchables, cancel);
  if (counted && counted->begun_half_way) counted = attempt(launchables, cancel);
  if (!counted) return counted;
  const auto nothing = nothing_counted(*counted);
  if (!nothing || availability_asked_) return counted;
  if (auto asked = ask_availability(*nothing); !asked) {
    if (counted->refused || names_.empty()) counted->refused = asked.error();
    return counted;
  }
  return attempt(launchables, cancel);
}

}  // namespace flashcore::collectors
