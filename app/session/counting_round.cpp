// The second round of a session: what is taken outside this process, by a helper or by another tool, for the
// runs whose answers are right. A collector that is refused falls to the next one of its ladder.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/session/profile_work.h"
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
      for (Job& job : work_.jobs) {
        if (!job.right) continue;
        if (work_.cancel.requested()) return {};
        if (auto ok = turn(job, *entry); !ok) return ok;
      }
    }
    work_.meter.finish();
    return {};
  }

 private:
  Status turn(Job& job, const CollectorEntry& entry) {
    work_.meter.begin(entry.cost);
    const cuda::NvtxRange phase(job.id());
    const cuda::NvtxRange problem(job.problem());
    if (auto ok = descend(job, entry); !ok) return ok;
    if (&entry == entries_.back()) {
      work_.meter.begin(0);
      work_.tell(job, {.kind = Kind::kRunFinished});
    }
    return {};
  }

  // The ladder: this collector, and where it is refused the one that it falls to, and so on.
  Status descend(Job& job, const CollectorEntry& first) {
    std::optional<DiagnosticRecord> fell;
    for (const CollectorEntry* entry = &first; entry != nullptr;) {
      const cuda::NvtxRange step(entry->counts ? "count" : entry->id);
      if (entry->counts && !collectors::nvtx_matches(work_.request.nvtx_filter, cuda::nvtx_path())) {
        job.counted = true;
        return work_.ledger.note(
            job.record, {Severity::kInfo, "nvtx_filtered",
                         fmt::format("{} took nothing: the range {} is not one of --nvtx {}", entry->id,
                                     cuda::nvtx_path(), work_.request.nvtx_filter),
                         "leave --nvtx out, or widen it", "session"});
      }
      auto taken = take(job, *entry);
      if (!taken) return fail(taken.error());
      if (fell) taken->diagnostics.push_back(*std::move(fell));
      const bool refused = entry->counts && taken->status == MeasurementStatus::kRefused;
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
    auto noted = work_.ledger.note(
        job.record,
        {Severity::kWarning, "counters_missing",
         fmt::format("no counters were taken: {} was refused; times stand, and FLOPs and bytes are those of "
                     "the problem's model",
                     refused.id),
         why.hint, "session"});
    if (!noted) return fail(noted.error());
    return nullptr;
  }

  Result<MeasurementRecord> take(Job& job, const CollectorEntry& entry) {
    auto taken = ask(job, entry);
    if (!taken) {
      if (taken.error().code == ErrorCode::kCancelled) return taken;
      // The device failed, or its tool broke in an unforeseen way: this measurement is lost and says why.
      if (taken.error().code == ErrorCode::kDevice) broken_ = taken.error();
      taken = failed(entry, taken.error());
    }
    taken->parameters["nvtx"] = cuda::nvtx_path();
    return taken;
  }

  // What was refused once will be again, and every start of it takes its time.
  Result<MeasurementRecord> ask(Job& job, const CollectorEntry& entry) {
    if (const auto before = refused_.find(entry.id); before != refused_.end()) {
      MeasurementRecord again = before->second;
      again.taken_at = core::utc_now();
      return again;
    }
    auto taken = entry.place == Place::kHelper ? by_helper(job, entry) : outside(job, entry);
    if (taken && taken->status == MeasurementStatus::kRefused) refused_.emplace(entry.id, *taken);
    return taken;
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
    auto helper = work_.bench.helper(id, work_.request.device, work_.options);
    if (!helper) {
      ++deaths_[id];
      return fail(helper.error());
    }
    auto taken = (*helper)->collect(std::string(job.id()), job.planned.problem, work_.request.seed,
                                    work_.cancel, work_.progress_of(job, entry.id));
    if (taken) {
      deaths_[id] = 0;
      return taken;
    }
    if (taken.error().code == ErrorCode::kExternalTool || taken.error().code == ErrorCode::kDevice) {
      ++deaths_[id];
      work_.bench.drop_helper(id);  // of a failed device its context is of no use either
    }
    return taken;
  }

  // One program at a time may hold a GPU's counters: a helper that stays ready would keep a tool from them.
  void free_counters() {
    for (const CollectorEntry& entry : work_.bench.registry().entries()) {
      if (entry.counts && entry.place == Place::kHelper) work_.bench.drop_helper(std::string(entry.id));
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
  std::map<std::string, int> deaths_;
  std::optional<Error> broken_;  // of the device: ends the session when what was taken is stored
};

}  // namespace

Status count_all(ProfileWork& work) {
  return CountingRound(work).take_all();
}

}  // namespace flashcore::session
