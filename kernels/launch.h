// What the phases of own kernels share: the rules for problems and grids, and the plan whose launch enqueues
// kernels exactly as it says, so that a plan and a launch cannot disagree.
//
// Owns: nothing. Units: blocks, bytes. Threads: any; the calling thread's device.
// Errors: kUsage where a call is not served or a grid does not fit, kDevice with the driver's text where
// a function cannot be set up, kNoDevice in a build without a CUDA toolkit.
//
// clang-format off
//   if (auto ok = check_served("wmma", call, {.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}}); !ok) return ok;
//   if (auto ok = check_grid("wmma", call.problem, blocks); !ok) return ok;
//   core::KernelPlan kernel = ...;
//   return plan_own_kernels(call, {.kernels = {kernel}, .choice = "64 x 64 tiles"});
// clang-format on
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/launchable.h"
#include "core/result.h"
#include "kernels/attention_call.h"
#include "kernels/attention_view.h"
#include "kernels/planned_launch.h"

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

// Whether `served` has the call's element type and D. The sentence names the phase.
core::Status check_served(std::string_view phase, const AttentionCall& call, const Served& served);

// Whether `blocks` fit a grid.
core::Status check_grid(std::string_view phase, const core::AttentionProblem& problem, std::int64_t blocks);

// A launch of the project's own kernels.
struct OwnKernels {
  std::vector<core::KernelPlan> kernels;  // in order; each takes one AttentionView by value
  std::size_t workspace_bytes = 0;
  std::int64_t row_tiles = 1;       // AttentionView::by_row_tiles
  int splits = 1;                   // AttentionView::splits
  std::int64_t split_keys = 0;      // AttentionView::split_keys; 0: all keys
  bool heads_side_by_side = false;  // AttentionView::heads_side_by_side
  std::string choice;
  // Every kernel after the first may start before the one before it has ended, and waits for it itself
  // (programmatic dependent launch; compute capability 9.0 and later).
  bool overlapped = false;
};

// Sets what the functions need on the current device (dynamic shared memory) and makes the plan.
core::Result<std::unique_ptr<PlannedLaunch>> plan_own_kernels(const AttentionCall& call, OwnKernels own);

}  // namespace flashcore::kernels
