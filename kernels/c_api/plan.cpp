// Asking, planning and launching.
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/c_api/call.h"
#include "kernels/c_api/flashcore_kernels.h"
#include "kernels/c_api/last_error.h"
#include "kernels/c_api/structs.h"
#include "kernels/device_traits.h"
#include "kernels/fastest_phase.h"
#include "kernels/phase.h"
#include "kernels/phase_index.h"
#include "kernels/planned_launch.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/current_device.h"
#include "cuda/runtime/error.h"
#endif

struct fc_plan {
  std::string phase;
  int device = -1;
  std::unique_ptr<flashcore::kernels::PlannedLaunch> launch;
  std::vector<fc_kernel_info> kernels;  // their names are the launch's
};

namespace flashcore::c_api {
namespace {

using core::ErrorCode;

constexpr std::string_view kAuto = "auto";
constexpr std::size_t kLeastKernel =
    offsetof(fc_kernel_info, local_bytes) + sizeof(fc_kernel_info::local_bytes);
constexpr std::size_t kLeastPointers = offsetof(fc_pointers, workspace) + sizeof(fc_pointers::workspace);

// Phases that are made to fail, for tests, are nobody's choice.
core::Result<const kernels::PhaseDescriptor*> phase_named(const char* name) {
  if (name == nullptr) {
    return core::fail(ErrorCode::kUsage, "the name of the phase is null",
                      "pass an id of fc_phase_at(), or \"auto\"");
  }
  auto phase = kernels::find_phase(name);
  if (!phase || !(*phase)->info.hidden) return phase;
  return core::fail(ErrorCode::kUsage, fmt::format("phase {} is for tests alone", name),
                    "pass an id of fc_phase_at(), or \"auto\"");
}

// The phase of that name, of "auto" the fastest, that `attempt` lets pass.
core::Result<const kernels::PhaseDescriptor*> phase_for(const char* name, const kernels::AttentionCall& call,
                                                        const kernels::DeviceTraits& device,
                                                        const kernels::TryPhase& attempt) {
  if (name != nullptr && name == kAuto) return kernels::fastest_phase(call, device, attempt);
  auto phase = phase_named(name);
  if (!phase) return phase;
  if (auto ok = attempt(**phase); !ok) return core::fail(ok.error());
  return phase;
}

// Without a device.
core::Status check_served(const char* name, const kernels::AttentionCall& call) {
  if (name != nullptr && name == kAuto) return kernels::check_any_supported(kernels::phases(), call);
  auto phase = phase_named(name);
  if (!phase) return core::fail(phase.error());
  return kernels::check_supported(**phase, call);
}

core::Status check_served(const char* name, const kernels::AttentionCall& call, int device) {
  // What is wrong whatever the device is comes first.
  if (auto ok = check_served(name, call); !ok || device == -1) return ok;
  auto traits = kernels::read_device_traits(device);
  if (!traits) return core::fail(traits.error());
  auto phase = phase_for(name, call, *traits, [&](const kernels::PhaseDescriptor& one) {
    return kernels::check_plannable(one, call, *traits);
  });
  return phase ? core::Status{} : core::fail(phase.error());
}

fc_kernel_info info_of(const core::KernelPlan& kernel) {
  fc_kernel_info info{};
  info.struct_size = sizeof info;
  info.name = kernel.name.c_str();
  const std::int64_t grid[] = {kernel.grid_x, kernel.grid_y, kernel.grid_z};
  const std::int32_t block[] = {kernel.block_x, kernel.block_y, kernel.block_z};
  for (int axis = 0; axis < 3; ++axis) {
    info.grid[axis] = grid[axis];
    info.block[axis] = block[axis];
  }
  info.dynamic_shared_bytes = kernel.dynamic_shared_bytes;
  info.registers = -1;
  info.static_shared_bytes = -1;
  info.local_bytes = -1;
  return info;
}

// Adds what the driver knows of a kernel. To ask loads it: else the first launch would, which may be one that
// is captured (CUDA C++ Programming Guide, "Lazy Loading"). On the current device.
core::Status ask_driver(const core::KernelPlan& kernel, fc_kernel_info& info) {
#if FLASHCORE_CUDA
  if (kernel.function == nullptr) return {};
  cudaFuncAttributes attributes{};
  if (auto ok = cuda::cuda_status(cudaFuncGetAttributes(&attributes, kernel.function), "load " + kernel.name);
      !ok) {
    return ok;
  }
  info.registers = attributes.numRegs;
  info.static_shared_bytes = static_cast<std::int64_t>(attributes.sharedSizeBytes);
  info.local_bytes = static_cast<std::int64_t>(attributes.localSizeBytes);
#else
  (void)kernel;
  (void)info;
#endif
  return {};
}

core::Status load_kernels(fc_plan& plan) {
#if FLASHCORE_CUDA
  cuda::CurrentDevice current;
  if (auto ok = current.use(plan.device); !ok) return ok;
#endif
  for (const core::KernelPlan& kernel : plan.launch->kernels()) {
    plan.kernels.push_back(info_of(kernel));
    if (auto ok = ask_driver(kernel, plan.kernels.back()); !ok) return ok;
  }
  return {};
}

core::Result<std::unique_ptr<fc_plan>> plan_phase(const kernels::PhaseDescriptor& phase,
                                                  const kernels::AttentionCall& call,
                                                  const kernels::DeviceTraits& device) {
  auto launch = kernels::plan_launch(phase, call, device);
  if (!launch) return core::fail(launch.error());
  auto plan = std::make_unique<fc_plan>();
  plan->phase = std::string(phase.info.id);
  plan->device = device.ordinal;
  plan->launch = std::move(*launch);
  if (auto ok = load_kernels(*plan); !ok) return core::fail(ok.error());
  return plan;
}

core::Result<std::unique_ptr<fc_plan>> make_plan(const char* name, const kernels::AttentionCall& call,
                                                 int device) {
  if (auto ok = check_served(name, call); !ok) return core::fail(ok.error());
  auto traits = kernels::read_device_traits(device);
  if (!traits) return core::fail(traits.error());
  std::unique_ptr<fc_plan> plan;
  auto phase = phase_for(name, call, *traits, [&](const kernels::PhaseDescriptor& one) -> core::Status {
    auto made = plan_phase(one, call, *traits);
    if (!made) return core::fail(made.error());
    plan = std::move(*made);
    return {};
  });
  if (!phase) return core::fail(phase.error());
  return plan;
}

// The launch would go to another device than the plan's functions and sizes are for.
fc_status check_current(const fc_plan& plan) {
#if FLASHCORE_CUDA
  int current = -1;
  if (const cudaError_t error = cudaGetDevice(&current); error != cudaSuccess) {
    return status_of(cuda::cuda_status(error, "find the current device"));
  }
  if (current == plan.device) return FC_OK;
  return failed({ErrorCode::kUsage,
                 fmt::format("the plan is for device {}, and the calling thread's current one is {}",
                             plan.device, current),
                 "make the plan's device current (cudaSetDevice), or plan for this one",
                 {}});
#else
  (void)plan;
  return FC_OK;
#endif
}

fc_status null_plan() {
  return failed(FC_ERROR_USAGE, "the plan is null", "pass what fc_plan_create() gave", "");
}

}  // namespace
}  // namespace flashcore::c_api

using namespace flashcore;

extern "C" {

fc_status fc_serves(const char* phase, const fc_call* call, int32_t device) noexcept {
  return c_api::guarded([&]() -> fc_status {
    kernels::AttentionCall read;
    if (const fc_status status = c_api::read_call(call, read); status != FC_OK) return status;
    return c_api::status_of(c_api::check_served(phase, read, device));
  });
}

fc_status fc_plan_create(const char* phase, const fc_call* call, int32_t device, fc_plan** plan) noexcept {
  return c_api::guarded([&]() -> fc_status {
    if (plan == nullptr) return c_api::null_struct("where the plan goes");
    kernels::AttentionCall read;
    if (const fc_status status = c_api::read_call(call, read); status != FC_OK) return status;
    auto made = c_api::make_plan(phase, read, device);
    if (!made) return c_api::failed(made.error());
    *plan = made->release();
    return FC_OK;
  });
}

void fc_plan_destroy(fc_plan* plan) noexcept {
  delete plan;
}

size_t fc_plan_workspace_bytes(const fc_plan* plan) noexcept {
  return plan == nullptr ? 0 : plan->launch->workspace_bytes();
}
const char* fc_plan_phase(const fc_plan* plan) noexcept {
  return plan == nullptr ? "" : plan->phase.c_str();
}
const char* fc_plan_choice(const fc_plan* plan) noexcept {
  return plan == nullptr ? "" : plan->launch->choice().c_str();
}
int32_t fc_plan_device(const fc_plan* plan) noexcept {
  return plan == nullptr ? -1 : plan->device;
}
int32_t fc_plan_calls_library(const fc_plan* plan) noexcept {
  return plan != nullptr && plan->launch->calls_library() ? 1 : 0;
}
size_t fc_plan_kernel_count(const fc_plan* plan) noexcept {
  return plan == nullptr ? 0 : plan->kernels.size();
}

fc_status fc_plan_kernel(const fc_plan* plan, size_t index, fc_kernel_info* info) noexcept {
  return c_api::guarded([&]() -> fc_status {
    if (plan == nullptr) return c_api::null_plan();
    if (const fc_status status = c_api::check_room("fc_kernel_info", info, c_api::kLeastKernel);
        status != FC_OK) {
      return status;
    }
    if (index >= plan->kernels.size()) {
      return c_api::failed(
          {core::ErrorCode::kUsage,
           fmt::format("there is no kernel {}: the plan names {}", index, plan->kernels.size()),
           "kernels are counted from 0 to fc_plan_kernel_count() - 1",
           {}});
    }
    c_api::give_struct(plan->kernels[index], info);
    return FC_OK;
  });
}

fc_status fc_launch(const fc_plan* plan, const fc_pointers* at, void* stream) noexcept {
  return c_api::guarded([&]() -> fc_status {
    if (plan == nullptr) return c_api::null_plan();
    fc_pointers read;
    if (const fc_status status = c_api::take_struct("fc_pointers", at, read, c_api::kLeastPointers);
        status != FC_OK) {
      return status;
    }
    const kernels::AttentionPointers to{read.q, read.k, read.v, read.o, read.lse, read.workspace};
    if (const fc_status status = c_api::check_current(*plan); status != FC_OK) return status;
    return c_api::status_of(plan->launch->launch(to, stream));
  });
}

}  // extern "C"
