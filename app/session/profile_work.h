// ProfileWork: what the two rounds of a session share, the one that times and the one that counts.
//
// Owns: the jobs and the outcome so far. Threads: one. Errors: those of the ledger.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/session/ledger.h"
#include "app/session/profile.h"
#include "app/session/progress_meter.h"
#include "app/session/run_plan.h"
#include "app/session/step_clock.h"
#include "app/session/workbench.h"

namespace flashcore::session {

// Runs that share counter passes: from there on a pass costs little beside its launches.
inline constexpr std::size_t kRunsInABatch = 8;

// The last part of the range of what a collector takes: PHASE/PROBLEM/count.
inline std::string_view step_range(const collectors::CollectorEntry& entry) {
  return entry.counts ? "count" : entry.id;
}

// A run from its check to its last measurement.
struct Job {
  PlannedRun planned;
  int index = 0;
  core::RunRecord record;
  bool right = false;    // its answer was checked and is right: it may be timed and counted
  bool counted = false;  // a collector that counts had its turn, or was not to have one

  std::string_view id() const { return planned.subject->info.id; }
  std::string problem() const { return core::problem_label(planned.problem); }
  std::string label() const { return std::string(id()) + " on " + problem(); }
  // The range of one of its steps, as it is stored and as --nvtx filters it, also where the step was taken
  // for several runs together.
  std::string nvtx(std::string_view step) const {
    return std::string(id()) + "/" + problem() + "/" + std::string(step);
  }
};

// "slow+fast": the ids of runs that a step is taken for together, as a range and in an event.
inline std::string ids_of(std::span<Job* const> jobs, std::string_view between) {
  std::string text;
  for (const Job* job : jobs) {
    if (!text.empty()) text += between;
    text += job->id();
  }
  return text;
}

struct ProfileWork {
  const ProfileRequest& request;
  Workbench& bench;
  const core::CancelToken& cancel;
  core::DeviceRecord device;
  collectors::CollectOptions options;
  std::vector<const collectors::CollectorEntry*> collectors;  // the chosen ones, by order
  Ledger ledger;
  ProgressMeter meter;
  StepClock& clock;
  ProfileOutcome outcome;
  std::vector<Job> jobs;

  void tell(const Job& job, ProfileEvent event) {
    event.run_index = job.index;
    if (event.subject.empty()) event.subject = job.id();
    event.problem = job.problem();
    if (event.run_id == 0) event.run_id = job.record.id;
    meter.tell(std::move(event), ledger.session().id);
  }
  void step(const Job& job, std::string_view name, int done, int total) {
    tell(job, {.kind = ProfileEvent::Kind::kStep, .step = std::string(name), .done = done, .total = total});
  }

  // Progress of a collector. Its end is told when what it took is stored, by stored().
  collectors::Progress progress_of(const Job& job, std::string_view name) {
    return [this, &job, name](int done, int total) {
      if (done < total) step(job, name, done, total);
    };
  }

  // The same of a collector that takes several runs together.
  collectors::Progress progress_of(std::span<Job* const> jobs, std::string_view name) {
    return [this, job = jobs.front(), ids = ids_of(jobs, ", "), name](int done, int total) {
      if (done >= total) return;
      tell(*job, {.kind = ProfileEvent::Kind::kStep,
                  .subject = ids,
                  .step = std::string(name),
                  .done = done,
                  .total = total});
    };
  }

  core::Status note(const Job& job, const core::DiagnosticRecord& diagnostic) {
    const auto store = clock.begin("store");
    return ledger.note(job.record, diagnostic);
  }

  core::Status keep(Job& job, core::MeasurementRecord measurement) {
    const std::string collector = measurement.collector;
    const bool first_of_session = ledger.session().id == 0;
    const bool first_of_run = job.record.id == 0;
    {
      const auto store = clock.begin("store");
      if (auto ok = ledger.keep(job.record, std::move(measurement)); !ok) return ok;
    }
    outcome.session_id = ledger.session().id;
    if (first_of_run) outcome.runs.push_back(job.record.id);
    if (first_of_session) tell(job, {.kind = ProfileEvent::Kind::kSession});
    step(job, collector, 1, 1);
    return {};
  }

  collectors::Target target_of(const Job& job) const;
  collectors::Relaunch relaunch_of(const Job& job, int launches) const {
    return bench.relaunch(*job.planned.subject, job.planned.problem, request.device, request.seed, launches);
  }
};

inline collectors::Target ProfileWork::target_of(const Job& job) const {
  return {.device_ordinal = request.device,
          .device = device,
          .launchable = nullptr,
          .relaunch = [this, &job](int launches) { return relaunch_of(job, launches); },
          .label = job.label()};
}

// Answers are checked, then times are taken, of all runs of a problem together as far as the device's memory
// holds them. On an error what was taken is stored.
core::Status check_and_time(ProfileWork& work, const std::vector<PlannedRun>& runs,
                            const core::RunRecord& head);

// Counters and whatever else is taken outside this process, collector by collector.
core::Status count_all(ProfileWork& work);

}  // namespace flashcore::session
