// PlannedLaunch: a forward pass of attention that was checked, sized and named once, and is launched often.
//
// What is decided when it is planned: which kernels with which grids, how much workspace, which attributes a
// function needs. A launch of own kernels checks its pointers and enqueues: it sets no attribute, allocates
// nothing, takes no lock, waits for nothing, and may be captured in a graph; tests/bench/launch_bench.cpp holds
// what it costs the host. A library's may lock and allocate.
//
// Owns: the plan; no tensor and no workspace. Threads: launch() of a plan of own kernels from any number at a
// time; of a library's (cublas, cudnn) from one at a time. The calling thread's current device is the one
// that the plan was made for. Errors: kUsage for pointers, kDevice with the driver's text.
//
//   auto plan = plan_launch(**find_phase("fused"), contiguous_call(problem), *read_device_traits(0));
//   auto ok = (*plan)->launch({.q = q, .k = k, .v = v, .o = o}, stream);
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/launchable.h"
#include "core/result.h"
#include "kernels/attention_call.h"

namespace flashcore::kernels {

// What a phase chooses by. Read once a device (read_device_traits, kernels/device_traits.h).
struct DeviceTraits {
  int ordinal = 0;
  int compute = 0;  // 10 * major + minor
  int sm_count = 0;
  std::int64_t shared_per_block_bytes = 0;  // with opt-in
  std::int64_t shared_per_sm_bytes = 0;
  std::int64_t l2_bytes = 0;
};

class PlannedLaunch {
 public:
  virtual ~PlannedLaunch() = default;
  PlannedLaunch(const PlannedLaunch&) = delete;
  PlannedLaunch& operator=(const PlannedLaunch&) = delete;

  core::Status launch(const AttentionPointers& at, core::StreamHandle stream) const {
    if (auto ok = check_pointers(call_, at, workspace_bytes_ > 0); !ok) return ok;
    return enqueue(at, stream);
  }

  const AttentionCall& call() const noexcept { return call_; }
  std::size_t workspace_bytes() const noexcept { return workspace_bytes_; }

  // The kernels of one launch in order. Of a library that names none of its own: only the project's.
  std::span<const core::KernelPlan> kernels() const noexcept { return kernels_; }

  // Whether a launch enqueues kernels of a library too, whose names only a captured launch tells.
  bool calls_library() const noexcept { return calls_library_; }

  // What was chosen for this problem and GPU, in a few words: "64 x 64 tiles, keys over 4 warps". Kept with a
  // run.
  const std::string& choice() const noexcept { return choice_; }

  // What a phase decided.
  struct Parts {
    std::vector<core::KernelPlan> kernels;
    std::size_t workspace_bytes = 0;
    std::string choice;
    bool calls_library = false;
  };

 protected:
  PlannedLaunch(const AttentionCall& call, Parts parts)
      : call_(call),
        kernels_(std::move(parts.kernels)),
        workspace_bytes_(parts.workspace_bytes),
        choice_(std::move(parts.choice)),
        calls_library_(parts.calls_library) {}

  virtual core::Status enqueue(const AttentionPointers& at, core::StreamHandle stream) const = 0;

 private:
  AttentionCall call_;
  std::vector<core::KernelPlan> kernels_;
  std::size_t workspace_bytes_ = 0;
  std::string choice_;
  bool calls_library_ = false;
};

}  // namespace flashcore::kernels
