#include "app/session/run_plan.h"

#include <fmt/format.h>

#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

Status check_numbers(const ProfileRequest& r) {
  if (r.warmup < 0 || r.warmup > 1'000'000) {
    return fail(ErrorCode::kUsage, fmt::format("--warmup {} is not between 0 and 1000000", r.warmup));
  }
  if (r.iterations < 1 || r.iterations > 1'000'000) {
    return fail(ErrorCode::kUsage, fmt::format("--iters {} is not between 1 and 1000000", r.iterations));
  }
  if (r.problems.empty())
    return fail(ErrorCode::kUsage, "no problem was given", "name a shape, e.g. mission");
  return {};
}

}  // namespace

Result<RunPlan> make_run_plan(const ProfileRequest& request) {
  auto ids = resolve_phases(request.phases);
  if (!ids) return fail(ids.error());
  if (auto ok = check_numbers(request); !ok) return fail(ok.error());
  RunPlan plan;
  for (const core::Problem& problem : request.problems) {
    if (auto ok = core::validate(problem); !ok) return fail(ok.error());
    for (const std::string& id : *ids) {
      const auto* phase = kernels::find_phase(id).value();
      if (auto ok = phase->supports(problem); !ok) {
        plan.skipped.push_back(
            fmt::format("{} on {}: {}", id, core::problem_label(problem), ok.error().message));
      } else {
        plan.runs.push_back({phase, problem});
      }
    }
  }
  if (plan.runs.empty()) {
    return fail(ErrorCode::kUsage, "no phase serves what was asked for: " + plan.skipped.front(),
                "see `flashcore-profile list phases` for what each phase serves");
  }
  return plan;
}

void skip_unserved_by_device(RunPlan& plan, const core::DeviceRecord& device) {
  const int compute = 10 * device.compute_major + device.compute_minor;
  std::erase_if(plan.runs, [&](const PlannedRun& run) {
    if (compute >= run.phase->info.min_compute) return false;
    plan.skipped.push_back(fmt::format("{} on {}: needs compute capability {}.{}, {} has {}.{}",
                                       run.phase->info.id, core::problem_label(run.problem),
                                       run.phase->info.min_compute / 10, run.phase->info.min_compute % 10,
                                       device.name, device.compute_major, device.compute_minor));
    return true;
  });
}

Status check_memory(const RunPlan& plan, const core::DeviceRecord& device) {
  for (const PlannedRun& run : plan.runs) {
    const std::int64_t needed =
        core::tensor_bytes(run.problem) +
        (run.phase->workspace_bytes ? static_cast<std::int64_t>(run.phase->workspace_bytes(run.problem)) : 0);
    if (needed > device.memory_bytes) {
      return fail(ErrorCode::kUsage,
                  fmt::format("{} on {} needs {} bytes of device memory, {} has {}", run.phase->info.id,
                              core::problem_label(run.problem), needed, device.name, device.memory_bytes),
                  "choose a smaller shape");
    }
  }
  return {};
}

}  // namespace flashcore::session
