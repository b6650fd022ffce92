// What the launchers of all phases share: the rule for grids and the call that enqueues a kernel
// exactly as its plan says, so that a plan and a launch cannot disagree.
//
// Owns: nothing. Units: blocks, bytes. Threads: any; the calling thread's device.
// Errors: kUsage where a grid does not fit, kDevice with the driver's text where a launch fails,
// kNoDevice in a build without a CUDA toolkit.
//
//   core::KernelPlan plan = ...;
//   void* arguments[] = {&view};
//   return launch_kernel(plan, arguments, stream);
#pragma once

#include <cstdint>
#include <string_view>

#include "core/launchable.h"
#include "core/problem.h"
#include "core/result.h"

namespace flashcore::kernels {

// Blocks along a grid's x axis (CUDA C++ Programming Guide, "Technical Specifications per Compute
// Capability"); phases flatten batch, head and row onto it.
inline constexpr std::int64_t kMaxGridX = (std::int64_t{1} << 31) - 1;

// core::validate(), then whether `blocks` fit a grid.
core::Status check_grid(std::string_view phase, const core::Problem& problem, std::int64_t blocks);

// Enqueues plan.function with `arguments` (one pointer a parameter) and does not wait.
core::Status launch_kernel(const core::KernelPlan& plan, void** arguments, core::StreamHandle stream);

}  // namespace flashcore::kernels
