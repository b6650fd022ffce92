#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "collectors/cuda/probe_kernel.h"
#include "collectors/cupti.h"
#include "collectors/halves.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {
namespace {

class Probe final : public core::Launchable {
 public:
  std::string_view label() const override { return "an empty kernel"; }
  core::Status launch(core::StreamHandle stream) override {
    return cuda::cuda_status(launch_probe_kernel(static_cast<cudaStream_t>(stream)),
                             "launch an empty kernel");
  }
  std::span<const core::KernelPlan> kernels() const override { return {&plan_, 1}; }
  int kernels_per_launch() const override { return 1; }

 private:
  core::KernelPlan plan_{.name = "probe_kernel", .block_x = 32};
};

}  // namespace

core::Result<std::string> try_one_counter() {
  Target target;
  if (auto status = cuda::cuda_status(cudaGetDevice(&target.device_ordinal), "ask for the current device");
      !status) {
    return core::fail(status.error());
  }
  Probe probe;
  target.launchable = &probe;
  target.label = probe.label();
  CuptiCollector collector({});  // takes gpu__time_duration.sum by itself
  const auto taken = collector.collect(target, core::CancelToken(), {});
  if (!taken) return core::fail(taken.error());
  if (taken->status == core::MeasurementStatus::kRefused) {
    return core::fail(core::ErrorCode::kPermission, taken->diagnostics.front().message,
                      taken->diagnostics.front().hint);
  }
  if (taken->counters.empty() || !taken->counters.front().value) {
    return core::fail(core::ErrorCode::kExternalTool, "CUPTI gave no value for an empty kernel",
                      "run again; if it persists, see whether ncu can read counters here", taken->reason);
  }
  const core::CounterValue& counter = taken->counters.front();
  return fmt::format("readable: {} of an empty kernel is {:.0f} ns", counter.name, *counter.value);
}

}  // namespace flashcore::collectors
