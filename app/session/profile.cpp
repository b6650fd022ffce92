#include "app/session/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session/profile_work.h"
#include "app/session/run_groups.h"
#include "app/session/run_plan.h"
#include "collectors/nvtx_filter.h"
#include "core/nearest.h"
#include "kernels/phase_index.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using Kind = ProfileEvent::Kind;

core::SessionRecord session_of(const ProfileRequest& request, const core::EnvironmentRecord& environment) {
  core::SessionRecord session;
  session.started_at = core::utc_now();
  session.command = request.command;
  session.tags = request.tags;
  session.environment = environment;
  return session;
}

collectors::CollectOptions options_of(const ProfileRequest& request, const analysis::Catalogue& catalogue,
                                      const core::DeviceRecord& device) {
  collectors::CollectOptions options;
  options.warmup = request.warmup;
  options.iterations = request.iterations;
  options.cache = request.cache;
  options.counters = catalogue.counters_for(device.chip, request.set);
  options.counter_set = analysis::name_of(request.set);
  options.nvtx_filter = request.nvtx_filter;
  options.ncu_path = request.ncu_path;
  options.ncu_sets = request.ncu_sets;
  options.keep_report = request.keep_report;
  return options;
}

double run_cost(const std::vector<const collectors::CollectorEntry*>& collectors) {
  double cost = ProgressMeter::kCheckCost + ProgressMeter::kCheckAfterCost;
  for (const auto* entry : collectors) cost += entry->cost;
  return cost;
}

// Timed runs that nobody counted say so: half a session must not look like a whole one.
void note_uncounted(ProfileWork& work, const std::string& why) {
  const bool counts = std::any_of(work.collectors.begin(), work.collectors.end(),
                                  [](const auto* entry) { return entry->counts; });
  if (!counts) return;
  for (Job& job : work.jobs) {
    if (!job.right || job.counted) continue;
    // The error that ends the session is told anyway; a note that cannot be stored must not hide it.
    (void)work.note(job, {core::Severity::kWarning, "counters_not_taken", "no counters were taken: " + why,
                          "profile this run again", "session"});
  }
}

Error with_what_is_kept(Error error, const ProfileWork& work) {
  if (work.outcome.runs.empty()) return error;
  error.hint +=
      fmt::format("{}{} run(s) of session {} with what was taken until then are in the database",
                  error.hint.empty() ? "" : "; ", work.outcome.runs.size(), work.outcome.session_id);
  return error;
}

// Runs that helpers prepare while this process does, of the device's memory: little, since both have theirs
// at the same time.
constexpr double kAheadShare = 0.1;

// What `entry` will be asked for first (counting_round.cpp goes in the same order), as far as the memory for
// it goes.
std::vector<HelperTask> first_tasks(const ProfileWork& work, const std::vector<PlannedRun>& runs,
                                    const collectors::CollectorEntry& entry) {
  std::vector<const PlannedRun*> wanted;
  for (const PlannedRun& run : runs) {
    const std::string range =
        fmt::format("{}/{}/{}", run.subject->info.id, core::problem_label(run.problem), step_range(entry));
    if (!entry.counts || collectors::nvtx_matches(work.request.nvtx_filter, range)) wanted.push_back(&run);
  }
  const auto bytes = static_cast<std::int64_t>(kAheadShare * static_cast<double>(work.device.memory_bytes));
  std::vector<HelperTask> tasks;
  const auto groups = group_runs(wanted, {.bytes = bytes, .runs = kRunsInABatch});
  if (groups.empty()) return tasks;
  wanted.resize(groups.front().size());
  if (bytes_together(wanted) > bytes) return tasks;  // one that is too large is a group all the same
  for (const PlannedRun* run : wanted)
    tasks.push_back({std::string(run->subject->info.id), run->problem, work.request.seed});
  return tasks;
}

// They were begun with the plan; now it is known what for. What cannot be told is told again when it is
// needed, and failed then.
void start_helpers(ProfileWork& work, const std::vector<PlannedRun>& runs) {
  const auto step = work.clock.begin("helper start");
  for (const auto* entry : work.collectors) {
    if (entry->place != collectors::Place::kHelper) continue;
    (void)work.bench.helpers().ready(std::string(entry->id), work.request.device, work.options,
                                     first_tasks(work, runs, *entry));
  }
}

core::RunRecord head_of(const ProfileRequest& request, const ReadyPlan& ready, Workbench& bench,
                        const analysis::Catalogue& catalogue, StepClock& clock) {
  const auto step = clock.begin("plan");
  core::RunRecord head;
  head.device = ready.device;
  head.environment = bench.environment();
  head.environment.catalogue_hash = catalogue.hash();
  head.cache = request.cache;
  head.tags = request.tags;
  return head;
}

// The last of what is stored. Nothing that was measured hangs on it, so where it cannot be, that is told and
// is no error.
void note_steps(ProfileWork& work, store::Store& store) {
  work.outcome.steps = work.clock.with_total();
  if (work.outcome.session_id == 0) return;
  auto noted = store.note_steps(work.outcome.session_id, work.outcome.steps);
  if (noted) return;
  work.meter.tell(
      {.kind = Kind::kNote, .text = "where the time went was not stored: " + noted.error().message},
      work.outcome.session_id);
}

}  // namespace

Result<std::vector<std::string>> resolve_phases(const std::vector<std::string>& names) {
  std::vector<std::string> ids;
  const auto add = [&](std::string_view id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.emplace_back(id);
  };
  for (const std::string& name : names) {
    if (name == "all") {
      for (const auto* phase : kernels::phases()) add(phase->info.id);
      continue;
    }
    auto phase = kernels::find_phase(name);
    if (!phase) return fail(phase.error());
    add((*phase)->info.id);
  }
  if (ids.empty()) return fail(ErrorCode::kUsage, "no phase was named", "name a phase, or `all`");
  return ids;
}

core::Status check_request(const ProfileRequest& request, Workbench& bench,
                           std::vector<core::StepRecord>* steps) {
  StepClock clock;
  auto ready = ready_plan(request, bench, clock);
  if (steps != nullptr) steps->insert(steps->end(), clock.steps().begin(), clock.steps().end());
  return ready ? core::Status() : fail(ready.error());
}

Result<ProfileOutcome> profile(const ProfileRequest& request, Workbench& bench, store::Store& store,
                               const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                               const OnEvent& on_event, const std::vector<core::StepRecord>& before) {
  StepClock clock;
  clock.add(before);
  auto ready = ready_plan(request, bench, clock);
  if (!ready) return fail(ready.error());
  const core::RunRecord head = head_of(request, *ready, bench, catalogue, clock);
  ProfileWork work{.request = request,
                   .bench = bench,
                   .cancel = cancel,
                   .device = ready->device,
                   .options = options_of(request, catalogue, ready->device),
                   .collectors = ready->plan.collectors,
                   .ledger = Ledger(store, session_of(request, head.environment)),
                   .meter = ProgressMeter(on_event, static_cast<int>(ready->plan.runs.size()),
                                          run_cost(ready->plan.collectors)),
                   .clock = clock,
                   .outcome = {},
                   .jobs = {}};
  start_helpers(work, ready->plan.runs);
  for (const std::string& text : ready->plan.skipped) {
    work.meter.tell({.kind = Kind::kRunSkipped, .text = text}, 0);
    work.outcome.skipped.push_back(text);
  }
  auto done = check_and_time(work, ready->plan.runs, head);
  if (done && !cancel.requested()) {
    bench.finish_launching();
    done = count_all(work);
  }
  const bool broke = !done && done.error().code != ErrorCode::kCancelled;
  if (broke) note_uncounted(work, done.error().message);
  if (!broke && cancel.requested()) note_uncounted(work, "the user stopped it");
  note_steps(work, store);
  if (broke) return fail(with_what_is_kept(done.error(), work));
  work.outcome.cancelled = cancel.requested();
  return std::move(work.outcome);
}

}  // namespace flashcore::session
