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

core::Status TimingCollector::collect(core::Launchable&, Sink&, const core::CancelToken&, const Progress&) {
  return core::fail(viewer(core::ErrorCode::kNoDevice, "it cannot time a launch"));
}

struct CuptiCollector::Session {
  std::vector<std::string> wanted;
  std::optional<core::Error> refusal;
};

CuptiCollector::CuptiCollector(std::vector<std::string> counters) : session_(std::make_unique<Session>()) {
  session_->wanted = std::move(counters);
}

CuptiCollector::~CuptiCollector() = default;

core::Status CuptiCollector::collect(core::Launchable&, Sink& sink, const core::CancelToken&,
                                     const Progress&) {
  session_->refusal = simulated_refusal(std::getenv("FLASHCORE_SIMULATE_REFUSAL"));
  if (!session_->refusal)
    session_->refusal = viewer(core::ErrorCode::kExternalTool, "it cannot read counters");
  sink.diagnostic(refusal_diagnostic(*session_->refusal));
  for (const std::string& name : session_->wanted) {
    core::CounterValue value;
    value.name = name;
    value.collector = "cupti";
    value.reason = session_->refusal->message;
    sink.counter(std::move(value));
  }
  return {};
}

const std::optional<core::Error>& CuptiCollector::refusal() const noexcept {
  return session_->refusal;
}

// NVIDIA's occupancy calculator is a header of the toolkit: occupancy stays missing.
void fill_occupancy(core::ResourceRecord&, const core::DeviceRecord&) {}

std::optional<DriverResources> driver_resources(const core::KernelPlan&) {
  return std::nullopt;
}

}  // namespace flashcore::collectors
