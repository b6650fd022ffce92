// The half of collectors/ in a build without a CUDA toolkit: nothing can be measured, and every
// function says so and how to change it.
#include <fmt/format.h>

#include <cstdlib>

#include "collectors/cupti.h"
#include "collectors/cupti_plan.h"
#include "collectors/device.h"
#include "collectors/halves.h"
#include "collectors/refusal.h"
#include "collectors/resources.h"
#include "collectors/timing.h"

namespace flashcore::collectors {
namespace {

core::Error viewer(core::ErrorCode code, std::string_view what) {
  return {code, fmt::format("this program was built without a CUDA toolkit, so {}", what),
          "install the CUDA toolkit 13 and build again, or look at a recording with --replay", ""};
}

}  // namespace

bool built_with_cuda() noexcept {
  return false;
}

core::Result<std::vector<core::DeviceRecord>> list_devices() {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot use a GPU"));
}

core::Result<core::DeviceRecord> use_device(int) {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot use a GPU"));
}

void give_back_device(int) noexcept {}

std::string cuda_driver_api_version() {
  return {};
}

core::Result<CuptiVersion> cupti_version() {
  return core::fail(viewer(core::ErrorCode::kExternalTool, "it cannot use CUPTI"));
}

core::Result<std::string> try_one_counter() {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot read counters"));
}

core::Result<std::vector<std::string>> supported_chips() {
  return core::fail(viewer(core::ErrorCode::kExternalTool, "it cannot ask CUPTI for chips"));
}

core::Result<CounterPlan> plan_counters(std::string_view, std::span<const std::string>) {
  return core::fail(viewer(core::ErrorCode::kExternalTool, "it cannot plan counters"));
}

core::Result<std::vector<core::MeasurementRecord>> TimingCollector::collect_together(std::span<const Target>,
                                                                                     const core::CancelToken&,
                                                                                     const Progress&) {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot time a launch"));
}

struct CuptiCollector::State {
  std::vector<std::string> wanted;
  std::string counter_set;
  core::CacheState cache;
};

CuptiCollector::CuptiCollector(std::vector<std::string> counters, std::string counter_set,
                               core::CacheState cache)
    : state_(new State{std::move(counters), std::move(counter_set), cache}) {}

CuptiCollector::~CuptiCollector() = default;

core::Status CuptiCollector::begin(int) {
  return {};
}

core::Status CuptiCollector::prepare(int) {
  return {};
}

core::Result<core::MeasurementRecord> CuptiCollector::collect(const Target&, const core::CancelToken&,
                                                              const Progress& progress) {
  auto measurement = begin_measurement(id(), "CUPTI", "");
  measurement.parameters["cache"] = core::name_of(state_->cache);
  if (!state_->counter_set.empty()) measurement.parameters["set"] = state_->counter_set;
  const auto simulated = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  refuse(measurement,
         simulated ? *simulated : viewer(core::ErrorCode::kExternalTool, "it cannot read counters"),
         kCountersRefused, state_->wanted);
  if (progress) progress(1, 1);
  return measurement;
}

core::Result<std::vector<core::MeasurementRecord>> CuptiCollector::collect_together(
    std::span<const Target> targets, const core::CancelToken& cancel, const Progress& progress) {
  return Collector::collect_together(targets, cancel, progress);
}

// NVIDIA's occupancy calculator is a header of the toolkit: occupancy stays missing.
void fill_occupancy(core::ResourceRecord&, std::int64_t, const core::DeviceRecord&) {}

std::optional<DriverResources> driver_resources(const core::KernelPlan&) {
  return std::nullopt;
}

}  // namespace flashcore::collectors
