#include "app/session/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/session/profile_work.h"
#include "app/session/run_plan.h"
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
  options.counters = catalogue.counters_for(device.chip, request.set);
  options.counter_set = analysis::name_of(request.set);
  options.nvtx_filter = request.nvtx_filter;
  options.ncu_path = request.ncu_path;
  options.ncu_sets = request.ncu_sets;
  options.keep_report = request.keep_report;
  return options;
}

double run_cost(const std::vector<const collectors::CollectorEntry*>& collectors) {
  double cost = ProgressMeter::kCheckCost;
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
    (void)work.ledger.note(job.record,
                           {core::Severity::kWarning, "counters_not_taken", "no counters were taken: " + why,
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

// First of all: they set themselves up while answers are checked. One that cannot be started is asked for
// again when it is needed, and told of then.
void start_helpers(ProfileWork& work) {
  for (const auto* entry : work.collectors) {
    if (entry->place == collectors::Place::kHelper)
      (void)work.bench.helper(std::string(entry->id), work.request.device, work.options);
  }
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

core::Status check_request(const ProfileRequest& request, Workbench& bench) {
  auto ready = ready_plan(request, bench);
  return ready ? core::Status() : fail(ready.error());
}

Result<ProfileOutcome> profile(const ProfileRequest& request, Workbench& bench, store::Store& store,
                               const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                               const OnEvent& on_event) {
  auto ready = ready_plan(request, bench);
  if (!ready) return fail(ready.error());
  core::RunRecord head;
  head.device = ready->device;
  head.environment = bench.environment();
  head.environment.catalogue_hash = catalogue.hash();
  head.tags = request.tags;

  ProfileWork work{.request = request,
                   .bench = bench,
                   .cancel = cancel,
                   .device = ready->device,
                   .options = options_of(request, catalogue, ready->device),
                   .collectors = ready->plan.collectors,
                   .ledger = Ledger(store, session_of(request, head.environment)),
                   .meter = ProgressMeter(on_event, static_cast<int>(ready->plan.runs.size()),
                                          run_cost(ready->plan.collectors)),
                   .outcome = {},
                   .jobs = {}};
  start_helpers(work);
  for (const std::string& text : ready->plan.skipped) {
    work.meter.tell({.kind = Kind::kRunSkipped, .text = text}, 0);
    work.outcome.skipped.push_back(text);
  }
  auto done = check_and_time(work, ready->plan.runs, head);
  if (done && !cancel.requested()) done = count_all(work);
  if (!done && done.error().code != ErrorCode::kCancelled) {
    note_uncounted(work, done.error().message);
    return fail(with_what_is_kept(done.error(), work));
  }
  if (cancel.requested()) note_uncounted(work, "the user stopped it");
  work.outcome.cancelled = cancel.requested();
  return std::move(work.outcome);
}

}  // namespace flashcore::session
