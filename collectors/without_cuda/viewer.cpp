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

core::Result<core::MeasurementRecord> TimingCollector::collect(const Target&, const core::CancelToken&,
                                                               const Progress&) {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot time a launch"));
}

struct CuptiCollector::Session {
  std::vector<std::string> wanted;
  std::string counter_set;
};

CuptiCollector::CuptiCollector(std::vector<std::string> counters, std::string counter_set)
    : session_(std::make_unique<Session>()) {
  session_->wanted = std::move(counters);
  session_->counter_set = std::move(counter_set);
}

CuptiCollector::~CuptiCollector() = default;

core::Status CuptiCollector::prepare(int) {
  return {};
}

core::Result<core::MeasurementRecord> CuptiCollector::collect(const Target&, const core::CancelToken&,
                                                              const Progress& progress) {
  auto measurement = begin_measurement(id(), "CUPTI", "");
  if (!session_->counter_set.empty()) measurement.parameters["set"] = session_->counter_set;
  const auto simulated = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  refuse(measurement,
         simulated ? *simulated : viewer(core::ErrorCode::kExternalTool, "it cannot read counters"),
         kCountersRefused, session_->wanted);
  if (progress) progress(1, 1);
  return measurement;
}

// NVIDIA's occupancy calculator is a header of the toolkit: occupancy stays missing.
void fill_occupancy(core::ResourceRecord&, std::int64_t, const core::DeviceRecord&) {}

std::optional<DriverResources> driver_resources(const core::KernelPlan&) {
  return std::nullopt;
}

}  // namespace flashcore::collectors
