// PhaseDescriptor: one rung of the ladder, as data. Each file in kernels/phases/ ends in one:
//
//   FLASHCORE_PHASE(wmma) = { .info = {...}, .serves = ..., .plan = ... };
//
// CMake finds the files and generates the index (kernels/phase_index.h); adding a phase is adding a
// file. In a build without a CUDA toolkit the same files are compiled as plain C++ with
// FLASHCORE_CUDA 0: the descriptor is there, its planner is null.
//
// Owns: nothing. Threads: descriptors are immutable. Errors: serves() says what a phase does not serve
// (kUsage); plan_launch() that, a device that cannot run it (kNoDevice), a library that is missing
// (kExternalTool).
#pragma once

#include <memory>

#include "core/attention.h"
#include "core/phase.h"
#include "core/result.h"
#include "kernels/attention_call.h"
#include "kernels/planned_launch.h"

namespace flashcore::kernels {

struct PhaseDescriptor {
  core::PhaseInfo info;
  // Says why a call is not served on any GPU; the device's side is info.min_compute. The call has passed
  // check_call().
  core::Status (*serves)(const AttentionCall&) = nullptr;
  // Things that must exist outside this program (a library); null where nothing must.
  core::Status (*available)() = nullptr;
  // Null without a CUDA toolkit. Called through plan_launch(), which has checked the call and made the device
  // current.
  core::Result<std::unique_ptr<PlannedLaunch>> (*plan)(const AttentionCall&, const DeviceTraits&) = nullptr;
};

// check_call(), then serves().
core::Status check_supported(const PhaseDescriptor& phase, const AttentionCall& call);

// All that can stand against a plan on this device: check_supported(), the compute capability, and what must
// be installed. Touches no GPU.
core::Status check_plannable(const PhaseDescriptor& phase, const AttentionCall& call,
                             const DeviceTraits& device);

// check_plannable(), then the plan. The calling thread's current device is left as it was.
core::Result<std::unique_ptr<PlannedLaunch>> plan_launch(const PhaseDescriptor& phase,
                                                         const AttentionCall& call,
                                                         const DeviceTraits& device);

#define FLASHCORE_PHASE(name)                                                \
  extern const ::flashcore::kernels::PhaseDescriptor flashcore_phase_##name; \
  const ::flashcore::kernels::PhaseDescriptor flashcore_phase_##name

}  // namespace flashcore::kernels
