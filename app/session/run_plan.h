// RunPlan: which phases run on which problems, decided before anything touches the GPU.
//
// Owns: plain values; points to the static phase descriptors. Threads: any.
// Errors: kUsage with the rule that is broken; nothing has been launched then.
#pragma once

#include <string>
#include <vector>

#include "app/session/profile.h"
#include "kernels/phase.h"

namespace flashcore::session {

struct PlannedRun {
  const kernels::PhaseDescriptor* phase;
  core::Problem problem;
};

struct RunPlan {
  std::vector<PlannedRun> runs;
  std::vector<std::string> skipped;
};

// Checks the request's numbers, names and shapes. An error when no phase serves any of the problems.
core::Result<RunPlan> make_run_plan(const ProfileRequest& request);

// Moves the runs that `device` is too old for to the skipped ones.
void skip_unserved_by_device(RunPlan& plan, const core::DeviceRecord& device);

// For all runs before the first launch, so that an hour of profiling does not end in a typo.
core::Status check_memory(const RunPlan& plan, const core::DeviceRecord& device);

}  // namespace flashcore::session
