// The second round of a session: what is taken outside this process, by a helper or by another tool, for the
// runs whose answers are right. A collector that is refused falls to the next one of its ladder.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/session/profile_work.h"
#include "app/session/run_groups.h"
#include "collectors/nvtx_filter.h"
#include "cuda/nvtx.h"

namespace flashcore::session {
namespace {

using collectors::CollectorEntry;
using collectors::Place;
using core::DiagnosticRecord;
using core::Error;
using core::ErrorCode;
using core::fail;
using core::MeasurementRecord;
using core::MeasurementStatus;
using core::Result;
using core::Severity;
using core::Status;
using Kind = ProfileEvent::Kind;

// A helper that dies again and again is not asked for ever: each death costs a set-up.
constexpr int kDeathsInARow = 3;

// All runs of a batch are on the device at once, beside what this process and CUPTI hold.
constexpr double kMemoryShare = 0.5;

Error refusal_of(const MeasurementRecord& measurement) {
  Error error{ErrorCode::kPermission, measurement.reason, {}, {}};
  for (const DiagnosticRecord& d : measurement.diagnostics) {
    if (d.severity == Severity::kInfo) continue;
    if (error.message.empty()) error.message = d.message;
    if (error.hint.empty()) error.hint = d.hint;
  }
  return error;
}

class CountingRound {
 public:
  explicit CountingRound(ProfileWork& work) : work_(work) {
    for (const auto* entry : work.collectors) {
      if (entry->place != Place::kTiming) entries_.push_back(entry);
    }
  }

  Status take_all() {
    for (const CollectorEntry* entry : entries_) {
      for (const auto& batch : batches_of(*entry)) {
        if (work_.cancel.requested()) return {};
        if (auto ok = take_batch(batch, *entry); !ok) return ok;
      }
    }
    work_.meter.finish();
    return {};
  }

 private:
  // In the order of the runs. What a helper does not take goes run by run.
  std::vector<std::vector<Job*>> batches_of(const CollectorEntry& entry) {
    std::vector<Job*> jobs;
    std::vector<const PlannedRun*> planned;
    for (Job& job : work_.jobs) {
      if (!job.right) continue;
      jobs.push_back(&job);
      planned.push_back(&job.planned);
    }
    const auto bytes =
        static_cast<std::int64_t>(kMemoryShare * static_cast<double>(work_.device.memory_bytes));
    const std::size_t most = entry.place == Place::kHelper ? kRunsInABatch : 1;
    std::vector<std::vector<Job*>> batches;
    for (const auto& indices : group_runs(planned, {.bytes = bytes, .runs = most})) {
      auto& batch = batches.emplace_back();
      for (const std::size_t i : indices) batch.push_back(jobs[i]);
    }
    return batches;
  }

  Status take_batch(const std::vector<Job*>& batch, const CollectorEntry& entry) {
    auto shared = together(batch, entry);
    if (!shared) return fail(shared.error());
    for (Job* job : batch) {
      const auto taken = shared->find(job);
      if (taken == shared->end() && work_.cancel.requested()) return {};
      auto first = taken == shared->end() ? std::nullopt : std::optional(std::move(taken->second));
      if (auto ok = turn(*job, entry, std::move(first)); !ok) return ok;
    }
    return {};
  }

  // Of all runs of the batch that are to be measured; empty where they have to be taken one by one: there is
  // only one, or the helper broke on them, and the one whose fault it is is alone then.
  Result<std::map<Job*, MeasurementRecord>> together(const std::vector<Job*>& batch,
                                                     const CollectorEntry& entry) {
    std::map<Job*, MeasurementRecord> taken;
    const std::string id(entry.id);
    std::vector<Job*> wanted;
    for (Job* job : batch) {
      if (!filtered(*job, entry)) wanted.push_back(job);
    }
    if (wanted.size() < 2 || refused_.contains(id) || deaths_[id] >= kDeathsInARow) return taken;
    const auto step = work_.clock.begin(step_of(entry));
    auto helper = work_.bench.helpers().ready(id, work_.request.device, work_.options);
    if (!helper) return taken;
    work_.meter.begin(entry.cost * static_cast<double>(wanted.size()));
    const cuda::NvtxRange phases(ids_of(wanted, "+"));
    auto all = (*helper)->collect(tasks_of(wanted), work_.cancel, work_.progress_of(wanted, entry.id));
    if (all && all->size() == wanted.size()) {
      deaths_[id] = 0;
      for (std::size_t i = 0; i < wanted.size(); ++i) taken.emplace(wanted[i], std::move((*all)[i]));
      return taken;
    }
    if (!all && all.error().code == ErrorCode::kCancelled) return fail(all.error());
    work_.meter.again();
    if (all || is_of_the_process(all.error())) work_.bench.helpers().drop(id);
    return taken;
  }

  std::vector<HelperTask> tasks_of(std::span<Job* const> jobs) const {
    std::vector<HelperTask> tasks;
    for (const Job* job : jobs) {
      tasks.push_back({std::string(job->id()), job->planned.problem, work_.request.seed});
    }
    return tasks;
  }

  // What is left of a process that died, fell silent or saw the device fail is of no use to the next run.
  static bool is_of_the_process(const Error& error) {
    return error.code == ErrorCode::kExternalTool || error.code == ErrorCode::kDevice;
  }

  static std::string_view step_of(const CollectorEntry& entry) {
    return entry.counts ? "counting" : entry.id;
  }
  static std::string nvtx_of(const Job& job, const CollectorEntry& entry) {
    return job.nvtx(step_range(entry));
  }
  bool filtered(const Job& job, const CollectorEntry& entry) const {
    return entry.counts && !collectors::nvtx_matches(work_.request.nvtx_filter, nvtx_of(job, entry));
  }

  // `first`: what the first rung took already.
  Status turn(Job& job, const CollectorEntry& entry, std::optional<MeasurementRecord> first) {
    const bool shared = first.has_value();
    if (!shared) work_.meter.begin(entry.cost);
    const cuda::NvtxRange phase(job.id());
    const cuda::NvtxRange problem(job.problem());
    if (auto ok = descend(job, entry, std::move(first)); !ok) return ok;
    if (&entry == entries_.back()) {
      if (!shared) work_.meter.begin(0);
      work_.tell(job, {.kind = Kind::kRunFinished});
    }
    return {};
  }

  // The ladder: this collector, and where it is refused the one that it falls to, and so on.
  Status descend(Job& job, const CollectorEntry& top, std::optional<MeasurementRecord> first) {
    std::optional<DiagnosticRecord> fell;
    for (const CollectorEntry* entry = &top; entry != nullptr;) {
      const cuda::NvtxRange range(step_range(*entry));
      if (filtered(job, *entry)) {
        job.counted = true;
        return work_.note(job, {Severity::kInfo, "nvtx_filtered",
                                fmt::format("{} took nothing: the range {} is not one of --nvtx {}",
                                            entry->id, nvtx_of(job, *entry), work_.request.nvtx_filter),
                                "leave --nvtx out, or widen it", "session"});
      }
      auto taken = first ? Result<MeasurementRecord>(*std::exchange(first, std::nullopt)) : take(job, *entry);
      if (!taken) return fail(taken.error());
      const bool refused = entry->counts && taken->status == MeasurementStatus::kRefused;
      if (refused) refused_.emplace(entry->id, *taken);
      taken->parameters["nvtx"] = nvtx_of(job, *entry);
      if (fell) taken->diagnostics.push_back(*std::move(fell));
      const Error why = refused ? refusal_of(*taken) : Error{};
      const auto broke = std::exchange(broken_, std::nullopt);
      if (auto ok = work_.keep(job, *std::move(taken)); !ok) return ok;
      job.counted = job.counted || entry->counts;
      if (broke) return fail(*broke);
      if (!refused) return {};
      auto next = fall(job, *entry, why);
      if (!next) return fail(next.error());
      fell =
          DiagnosticRecord{Severity::kWarning, "counters_fell_back",
                           fmt::format("{} was refused ({}), so the next was tried", entry->id, why.message),
                           why.hint, "session"};
      entry = *next;
    }
    return {};
  }

  // The next rung; null where there is none. Without counters the roofline stands on the problem's model.
  Result<const CollectorEntry*> fall(const Job& job, const CollectorEntry& refused, const Error& why) {
    if (work_.request.strict) {
      work_.outcome.counter_refusal = why;
      return fail(why);
    }
    const CollectorEntry* next =
        refused.falls_to.empty() ? nullptr : work_.bench.registry().find(refused.falls_to);
    const bool chosen = std::find(entries_.begin(), entries_.end(), next) != entries_.end();
    if (next != nullptr && !chosen) return next;
    if (!work_.outcome.counter_refusal) work_.outcome.counter_refusal = why;
    if (chosen) return nullptr;  // it has its own turn
    auto noted = work_.note(
        job,
        {Severity::kWarning, "counters_missing",
         fmt::format("no counters were taken: {} was refused; times stand, and FLOPs and bytes are those of "
                     "the problem's model",
                     refused.id),
         why.hint, "session"});
    if (!noted) return fail(noted.error());
    return nullptr;
  }

  Result<MeasurementRecord> take(Job& job, const CollectorEntry& entry) {
    const auto step = work_.clock.begin(step_of(entry));
    auto taken = ask(job, entry);
    if (taken || taken.error().code == ErrorCode::kCancelled) return taken;
    // The device failed, or its tool broke in an unforeseen way: this measurement is lost and says why.
    if (taken.error().code == ErrorCode::kDevice) broken_ = taken.error();
    return failed(entry, taken.error());
  }

  // What was refused once will be again, and every start of it takes its time.
  Result<MeasurementRecord> ask(Job& job, const CollectorEntry& entry) {
    if (const auto before = refused_.find(entry.id); before != refused_.end()) {
      MeasurementRecord again = before->second;
      again.taken_at = core::utc_now();
      again.steps.clear();  // nothing was done again
      return again;
    }
    return entry.place == Place::kHelper ? by_helper(job, entry) : outside(job, entry);
  }

  MeasurementRecord failed(const CollectorEntry& entry, const Error& why) const {
    auto measurement = collectors::begin_measurement(entry.id, std::string(entry.title), "");
    measurement.status = MeasurementStatus::kFailed;
    measurement.reason = why.message;
    measurement.diagnostics.push_back({Severity::kWarning, "collector_failed",
                                       fmt::format("{}: {}", entry.id, why.message), why.hint, "session"});
    if (!entry.counts) return measurement;
    for (const std::string& name : work_.options.counters) {
      measurement.counters.push_back({name, std::nullopt, std::nullopt, why.message});
    }
    return measurement;
  }

  Result<MeasurementRecord> by_helper(Job& job, const CollectorEntry& entry) {
    const std::string id(entry.id);
    if (deaths_[id] >= kDeathsInARow) {
      return fail(ErrorCode::kExternalTool,
                  fmt::format("its process died {} times in a row and was not started again", kDeathsInARow));
    }
    auto helper = work_.bench.helpers().ready(id, work_.request.device, work_.options);
    if (!helper) {
      ++deaths_[id];
      return fail(helper.error());
    }
    Job* const one = &job;
    auto taken = (*helper)->collect(tasks_of({&one, 1}), work_.cancel, work_.progress_of(job, entry.id));
    if (taken && taken->size() == 1) {
      deaths_[id] = 0;
      return std::move(taken->front());
    }
    if (taken || is_of_the_process(taken.error())) {
      ++deaths_[id];
      work_.bench.helpers().drop(id);
    }
    if (taken) return fail(ErrorCode::kExternalTool, "its process answered with another run's measurements");
    return fail(taken.error());
  }

  // One program at a time may hold a GPU's counters: a helper that stays ready would keep a tool from them.
  void free_counters() {
    for (const CollectorEntry& entry : work_.bench.registry().entries()) {
      if (entry.counts && entry.place == Place::kHelper) work_.bench.helpers().drop(std::string(entry.id));
    }
  }

  Result<MeasurementRecord> outside(Job& job, const CollectorEntry& entry) {
    if (entry.counts) free_counters();
    auto& collector = outside_[std::string(entry.id)];
    if (!collector) collector = entry.make(work_.options);
    return collector->collect(work_.target_of(job), work_.cancel, work_.progress_of(job, entry.id));
  }

  ProfileWork& work_;
  std::vector<const CollectorEntry*> entries_;
  std::map<std::string, std::unique_ptr<collectors::Collector>> outside_;
  std::map<std::string, MeasurementRecord, std::less<>> refused_;
  std::map<std::string, int> deaths_;  // in a row, of helpers that had one run at hand
  std::optional<Error> broken_;        // of the device: ends the session when what was taken is stored
};

}  // namespace

Status count_all(ProfileWork& work) {
  return CountingRound(work).take_all();
}

}  // namespace flashcore::session
