#include "app/session/run_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/attention.h"
#include "core/nearest.h"

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

const BenchSubject* subject_named(const std::vector<const BenchSubject*>& subjects, std::string_view id) {
  const auto found =
      std::find_if(subjects.begin(), subjects.end(), [&](const auto* s) { return s->info.id == id; });
  return found == subjects.end() ? nullptr : *found;
}

// What serves the request, each subject once, in the order in which it was asked for.
Result<std::vector<const BenchSubject*>> wanted_subjects(const std::vector<std::string>& names,
                                                         const Workbench& bench) {
  const auto all = bench.subjects(false);
  const auto with_hidden = bench.subjects(true);
  std::vector<const BenchSubject*> wanted;
  const auto add = [&](const BenchSubject* subject) {
    if (std::find(wanted.begin(), wanted.end(), subject) == wanted.end()) wanted.push_back(subject);
  };
  for (const std::string& name : names) {
    if (name == "all") {
      for (const auto* subject : all) add(subject_named(with_hidden, subject->info.id));
    } else if (const auto* subject = subject_named(with_hidden, name)) {
      add(subject);
    } else {
      std::vector<std::string> known;
      for (const auto* s : all) known.emplace_back(s->info.id);
      return fail(core::unknown_name("phase", name, known));
    }
  }
  if (wanted.empty()) return fail(ErrorCode::kUsage, "no phase was named", "name a phase, or `all`");
  return wanted;
}

Status check_problem(const core::Problem& problem) {
  if (problem.workload != core::kAttention) return {};
  auto attention = core::attention_of(problem);
  return attention ? core::validate(*attention) : fail(attention.error());
}

}  // namespace

Result<RunPlan> make_run_plan(const ProfileRequest& request, const Workbench& bench) {
  auto subjects = wanted_subjects(request.phases, bench);
  if (!subjects) return fail(subjects.error());
  auto collectors = bench.registry().choose(request.collectors);
  if (!collectors) return fail(collectors.error());
  if (auto ok = check_numbers(request); !ok) return fail(ok.error());
  RunPlan plan;
  plan.collectors = *std::move(collectors);
  for (const core::Problem& problem : request.problems) {
    if (auto ok = check_problem(problem); !ok) return fail(ok.error());
    for (const BenchSubject* subject : *subjects) {
      if (auto ok = subject->supports(problem); !ok) {
        plan.skipped.push_back(
            fmt::format("{} on {}: {}", subject->info.id, core::problem_label(problem), ok.error().message));
      } else {
        plan.runs.push_back({subject, problem});
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
    const core::PhaseInfo& info = run.subject->info;
    if (compute >= info.min_compute) return false;
    plan.skipped.push_back(fmt::format("{} on {}: needs compute capability {}.{}, {} has {}.{}", info.id,
                                       core::problem_label(run.problem), info.min_compute / 10,
                                       info.min_compute % 10, device.name, device.compute_major,
                                       device.compute_minor));
    return true;
  });
}

Status check_memory(const RunPlan& plan, const core::DeviceRecord& device) {
  for (const PlannedRun& run : plan.runs) {
    const std::int64_t needed = run.subject->device_bytes(run.problem);
    if (needed > device.memory_bytes) {
      return fail(ErrorCode::kUsage,
                  fmt::format("{} on {} needs {} bytes of device memory, {} has {}", run.subject->info.id,
                              core::problem_label(run.problem), needed, device.name, device.memory_bytes),
                  "choose a smaller shape");
    }
  }
  return {};
}

namespace {

std::vector<const BenchSubject*> subjects_of(const RunPlan& plan) {
  std::vector<const BenchSubject*> subjects;
  for (const PlannedRun& run : plan.runs) {
    if (std::find(subjects.begin(), subjects.end(), run.subject) == subjects.end())
      subjects.push_back(run.subject);
  }
  return subjects;
}

// First of all: a helper takes as long for its context as this process for its own. One that cannot be
// started is asked for again when it is needed, and told of then.
void begin_helpers(const RunPlan& plan, int device, Workbench& bench, StepClock& clock) {
  const auto step = clock.begin("helper start");
  std::vector<std::string> ids;
  for (const BenchSubject* subject : subjects_of(plan)) ids.emplace_back(subject->info.id);
  for (const auto* entry : plan.collectors) {
    if (entry->place == collectors::Place::kHelper)
      (void)bench.helpers().begin(std::string(entry->id), device, ids);
  }
}

Result<core::DeviceRecord> fit_to_device(RunPlan& plan, int ordinal, Workbench& bench, StepClock& clock) {
  auto device = [&] {
    const auto driver = clock.begin("driver");
    bench.look_for(subjects_of(plan));
    return bench.use_device(ordinal);
  }();
  if (!device) return device;
  skip_unserved_by_device(plan, *device);
  if (plan.runs.empty())
    return fail(ErrorCode::kNoDevice, "this GPU serves none of it: " + plan.skipped.front());
  if (auto ok = check_memory(plan, *device); !ok) return fail(ok.error());
  return device;
}

}  // namespace

Result<ReadyPlan> ready_plan(const ProfileRequest& request, Workbench& bench, StepClock& clock) {
  const auto planning = clock.begin("plan");
  auto plan = make_run_plan(request, bench);
  if (!plan) return fail(plan.error());
  begin_helpers(*plan, request.device, bench, clock);
  auto device = fit_to_device(*plan, request.device, bench, clock);
  if (!device) {
    bench.helpers().drop_begun();
    return fail(device.error());
  }
  return ReadyPlan{*std::move(plan), *std::move(device)};
}

}  // namespace flashcore::session
