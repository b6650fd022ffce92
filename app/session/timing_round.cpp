// The first round of a session: every run is checked and, where its answer is right, timed, in this process.
#include <fmt/format.h>

#include <array>

#include "app/session/profile_work.h"
#include "core/build_info.h"
#include "cuda/nvtx.h"

namespace flashcore::session {
namespace {

using collectors::Place;
using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using Kind = ProfileEvent::Kind;

// The seeds with which every run's answer is checked.
constexpr std::array<std::uint64_t, 3> kCheckSeeds{0, 42, 12345};

// A helper's set-up works on the GPU; a time that is taken meanwhile would tell of both.
constexpr std::chrono::seconds kSettle{30};

core::DiagnosticRecord wrong_answer(const core::CheckRecord& check) {
  return {
      core::Severity::kError, "wrong_answer",
      fmt::format("seed {}: max error {:.3g} (allowed {:.3g}), mean {:.3g} (allowed {:.3g}), {} NaN, {} Inf",
                  check.seed, check.max_error, check.max_tolerance, check.mean_error, check.mean_tolerance,
                  check.nan_count, check.inf_count),
      "the kernel was not timed: a wrong answer has no speed", "check"};
}

class TimingRound {
 public:
  TimingRound(ProfileWork& work, const core::RunRecord& head) : work_(work), head_(head) {
    for (const auto* entry : work.collectors) {
      if (entry->place == Place::kTiming) here_.push_back({entry, entry->make(work.options)});
    }
  }

  Status take_all(const std::vector<PlannedRun>& runs) {
    work_.jobs.reserve(runs.size());  // events and targets point to jobs
    for (std::size_t i = 0; i < runs.size() && !work_.cancel.requested(); ++i) {
      Job& job = work_.jobs.emplace_back(Job{.planned = runs[i], .index = static_cast<int>(i), .record = {}});
      if (auto ok = take(job); !ok) {
        if (ok.error().code != ErrorCode::kCancelled) note_broken(job, ok.error());
        return ok;
      }
    }
    if (work_.outcome.runs.empty() && unavailable_ && !work_.cancel.requested()) return fail(*unavailable_);
    return {};
  }

 private:
  struct Here {
    const collectors::CollectorEntry* entry;
    std::unique_ptr<collectors::Collector> collector;
  };

  Status take(Job& job) {
    const BenchSubject& subject = *job.planned.subject;
    work_.tell(job, {.kind = Kind::kRunStarted});
    if (subject.available) {
      if (auto ok = subject.available(); !ok) return skip(job, ok.error());
    }
    begin_record(job);
    const cuda::NvtxRange phase(job.id());
    const cuda::NvtxRange problem(job.problem());
    auto prepared = work_.bench.prepare(subject, job.planned.problem, work_.request.seed);
    if (!prepared) return fail(prepared.error());
    if (auto ok = check(job, **prepared); !ok) return ok;
    if (!job.right) return {};
    settle_helpers();
    for (const Here& here : here_) {
      if (work_.cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
      if (auto ok = collect(job, here, (*prepared)->launchable()); !ok) return ok;
    }
    if (here_.size() == work_.collectors.size()) work_.tell(job, {.kind = Kind::kRunFinished});
    return {};
  }

  void begin_record(Job& job) const {
    const BenchSubject& subject = *job.planned.subject;
    core::RunRecord& run = job.record;
    run = head_;
    run.taken_at = core::utc_now();
    run.subject.kind = core::SubjectKind::kPhase;
    run.subject.name = subject.info.id;
    run.subject.title = subject.info.title;
    run.subject.ladder = core::LadderRecord{subject.info.rung, subject.info.reference};
    run.subject.source_hash = subject.source_hash;
    run.problem = job.planned.problem;
    if (subject.model) run.model = subject.model(job.planned.problem);
  }

  Status check(Job& job, Prepared& prepared) {
    work_.meter.begin(ProgressMeter::kCheckCost);
    const cuda::NvtxRange step("check");
    auto measurement =
        collectors::begin_measurement("check", "FlashCore", std::string(core::build_info().version));
    measurement.parameters["nvtx"] = cuda::nvtx_path();
    bool right = true;
    const int total = static_cast<int>(kCheckSeeds.size());
    for (int i = 0; i < total; ++i) {
      if (work_.cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
      work_.step(job, "check", i, total);
      if (auto ok = prepared.reseed(kCheckSeeds[i]); !ok) return ok;
      auto record = prepared.check();
      if (!record) return fail(record.error());
      if (!record->passed) measurement.diagnostics.push_back(wrong_answer(*record));
      right = right && record->passed;
      measurement.checks.push_back(*std::move(record));
    }
    const std::string why = right ? "" : measurement.diagnostics.front().message;
    if (auto ok = work_.keep(job, std::move(measurement)); !ok) return ok;
    job.right = right;
    if (right) return prepared.reseed(work_.request.seed);
    ++work_.outcome.wrong_answers;
    for (const auto* entry : work_.collectors) work_.meter.skip(entry->cost);
    work_.tell(job, {.kind = Kind::kRunFinished, .text = why});
    return {};
  }

  Status collect(Job& job, const Here& here, core::Launchable& launchable) {
    work_.meter.begin(here.entry->cost);
    const cuda::NvtxRange step(here.entry->id);
    collectors::Target target = work_.target_of(job);
    target.launchable = &launchable;
    auto taken = here.collector->collect(target, work_.cancel, work_.progress_of(job, here.entry->id));
    if (!taken) return fail(taken.error());
    taken->parameters["nvtx"] = cuda::nvtx_path();
    return work_.keep(job, *std::move(taken));
  }

  void settle_helpers() {
    if (std::exchange(settled_, true)) return;
    for (const auto* entry : work_.collectors) {
      if (entry->place != Place::kHelper) continue;
      auto helper = work_.bench.helper(std::string(entry->id), work_.request.device, work_.options);
      if (helper) (*helper)->settle(kSettle, work_.cancel);
    }
  }

  Status skip(const Job& job, const Error& why) {
    const std::string text =
        fmt::format("{}: {}{}{}", job.label(), why.message, why.hint.empty() ? "" : "; ", why.hint);
    work_.outcome.skipped.push_back(text);
    unavailable_ = why;
    work_.meter.skip(ProgressMeter::kCheckCost);
    for (const auto* entry : work_.collectors) work_.meter.skip(entry->cost);
    work_.tell(job, {.kind = Kind::kRunSkipped, .text = text});
    return {};
  }

  // The error itself ends the session; whether the note could be stored changes nothing.
  void note_broken(const Job& job, const Error& why) {
    (void)work_.ledger.note(job.record, {core::Severity::kError, "run_broken",
                                         "the run ended early: " + why.message, why.hint, "session"});
  }

  ProfileWork& work_;
  const core::RunRecord& head_;
  std::vector<Here> here_;
  std::optional<Error> unavailable_;  // why the last phase that is not served here was skipped
  bool settled_ = false;
};

}  // namespace

Status check_and_time(ProfileWork& work, const std::vector<PlannedRun>& runs, const core::RunRecord& head) {
  return TimingRound(work, head).take_all(runs);
}

}  // namespace flashcore::session
