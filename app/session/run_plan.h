// RunPlan: which subjects run on which problems, decided before anything touches the GPU.
//
// Owns: plain values; points to the workbench's subjects. Threads: any.
// Errors: kUsage with the rule that is broken; nothing has been launched then.
#pragma once

#include <string>
#include <vector>

#include "app/session/profile.h"
#include "app/session/step_clock.h"
#include "app/session/workbench.h"

namespace flashcore::session {

struct PlannedRun {
  const BenchSubject* subject;
  core::Problem problem;
};

struct RunPlan {
  std::vector<PlannedRun> runs;
  std::vector<std::string> skipped;
  std::vector<const collectors::CollectorEntry*> collectors;  // by order
};

// Checks the request's numbers, names, collectors and problems. An error when no phase serves any of them.
core::Result<RunPlan> make_run_plan(const ProfileRequest& request, const Workbench& bench);

// Moves the runs that `device` is too old for to the skipped ones.
void skip_unserved_by_device(RunPlan& plan, const core::DeviceRecord& device);

// For all runs before the first launch, so that an hour of profiling does not end in a typo.
core::Status check_memory(const RunPlan& plan, const core::DeviceRecord& device);

// The plan on this device: all of the above. What needs no GPU goes first; then helpers are begun, before
// this process sets its own context up, and ended again where the device refuses. kNoDevice where the device
// serves none of it.
struct ReadyPlan {
  RunPlan plan;
  core::DeviceRecord device;
};
core::Result<ReadyPlan> ready_plan(const ProfileRequest& request, Workbench& bench, StepClock& clock);

}  // namespace flashcore::session
