// What all phases share: the rules for problems and grids, and the call that enqueues a kernel exactly as
// its plan says, so that a plan and a launch cannot disagree.
//
// Owns: nothing. Units: blocks, bytes. Threads: any; the calling thread's device.
// Errors: kUsage where a problem is not served or a grid does not fit, kDevice with the driver's text where
// a launch fails, kNoDevice in a build without a CUDA toolkit.
//
//   if (auto ok = check_served("wmma", problem, {.dtypes = {"f16"}, .head_dims = {64, 128}}); !ok) return ok;
//   if (auto ok = check_grid("wmma", problem, blocks); !ok) return ok;
//   core::KernelPlan plan = ...;
//   void* arguments[] = {&view};
//   return launch_kernel(plan, arguments, stream);
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/attention.h"
#include "core/launchable.h"
#include "core/result.h"

namespace flashcore::kernels {

// Blocks along a grid's x axis (CUDA C++ Programming Guide, "Technical Specifications per Compute
// Capability"); phases flatten batch, head and row onto it.
inline constexpr std::int64_t kMaxGridX = (std::int64_t{1} << 31) - 1;

// What a phase's kernels are written for. core::validate() allows any element type and any D; a phase says
// here which of them are its own.
struct Served {
  std::initializer_list<std::string_view> dtypes;
  std::initializer_list<std::int64_t> head_dims;
};

// core::validate(), then whether `served` has the problem's element type and D. The sentence names the phase.
core::Status check_served(std::string_view phase, const core::AttentionProblem& problem,
                          const Served& served);

// Whether `blocks` fit a grid.
core::Status check_grid(std::string_view phase, const core::AttentionProblem& problem, std::int64_t blocks);

// Enqueues plan.function with `arguments` (one pointer a parameter) and does not wait.
core::Status launch_kernel(const core::KernelPlan& plan, void** arguments, core::StreamHandle stream);

}  // namespace flashcore::kernels
