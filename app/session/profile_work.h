// ProfileWork: what the two rounds of a session share, the one that times and the one that counts.
//
// Owns: the jobs and the outcome so far. Threads: one. Errors: those of the ledger.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/session/ledger.h"
#include "app/session/profile.h"
#include "app/session/progress_meter.h"
#include "app/session/run_plan.h"
#include "app/session/workbench.h"

namespace flashcore::session {

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
};

struct ProfileWork {
  const ProfileRequest& request;
  Workbench& bench;
  const core::CancelToken& cancel;
  core::DeviceRecord device;
  collectors::CollectOptions options;
  std::vector<const collectors::CollectorEntry*> collectors;  // the chosen ones, by order
  Ledger ledger;
  ProgressMeter meter;
  ProfileOutcome outcome;
  std::vector<Job> jobs;

  void tell(const Job& job, ProfileEvent event) {
    event.run_index = job.index;
    event.subject = job.id();
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

  core::Status keep(Job& job, core::MeasurementRecord measurement) {
    const std::string collector = measurement.collector;
    const bool first_of_session = ledger.session().id == 0;
    const bool first_of_run = job.record.id == 0;
    if (auto ok = ledger.keep(job.record, std::move(measurement)); !ok) return ok;
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

// Answers are checked, then times are taken, run by run. On an error what was taken is stored.
core::Status check_and_time(ProfileWork& work, const std::vector<PlannedRun>& runs,
                            const core::RunRecord& head);

// Counters and whatever else is taken outside this process, collector by collector.
core::Status count_all(ProfileWork& work);

}  // namespace flashcore::session
