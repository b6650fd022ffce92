#include "kernels/phase.h"

#include <fmt/format.h>

#if FLASHCORE_CUDA
#include "cuda/runtime/current_device.h"
#endif

namespace flashcore::kernels {

using core::ErrorCode;
using core::fail;

core::Status check_supported(const PhaseDescriptor& phase, const AttentionCall& call) {
  if (auto ok = check_call(call); !ok) return ok;
  return phase.serves(call);
}

core::Status check_plannable(const PhaseDescriptor& phase, const AttentionCall& call,
                             const DeviceTraits& device) {
  if (auto ok = check_supported(phase, call); !ok) return ok;
  if (phase.plan == nullptr) {
    return fail(ErrorCode::kNoDevice, "this build has no CUDA toolkit, so no kernel can be launched",
                "build on a machine with the CUDA toolkit, or look at a recording with --replay");
  }
  if (device.compute < phase.info.min_compute) {
    return fail(ErrorCode::kNoDevice,
                fmt::format("phase {} needs a GPU of compute capability {}.{}, and this one has {}.{}",
                            phase.info.id, phase.info.min_compute / 10, phase.info.min_compute % 10,
                            device.compute / 10, device.compute % 10),
                "choose another device, or another phase");
  }
  return phase.available == nullptr ? core::Status{} : phase.available();
}

#if FLASHCORE_CUDA

core::Result<std::unique_ptr<PlannedLaunch>> plan_launch(const PhaseDescriptor& phase,
                                                         const AttentionCall& call,
                                                         const DeviceTraits& device) {
  if (auto ok = check_plannable(phase, call, device); !ok) return fail(ok.error());
  cuda::CurrentDevice current;
  if (auto ok = current.use(device.ordinal); !ok) return fail(ok.error());
  return phase.plan(call, device);
}

#else

core::Result<std::unique_ptr<PlannedLaunch>> plan_launch(const PhaseDescriptor& phase,
                                                         const AttentionCall& call,
                                                         const DeviceTraits& device) {
  if (auto ok = check_plannable(phase, call, device); !ok) return fail(ok.error());
  return phase.plan(call, device);
}

#endif

}  // namespace flashcore::kernels
