// The first round of a session, in this process: problem by problem all runs are prepared together as far as
// the device's memory holds them, checked, timed in turns where their answers are right, and checked again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "app/session/answer_check.h"
#include "app/session/profile_work.h"
#include "app/session/run_groups.h"
#include "cuda/nvtx.h"

namespace flashcore::session {
namespace {

using collectors::Place;
using core::Error;
using core::ErrorCode;
using core::fail;
using core::MeasurementRecord;
using core::Result;
using core::Status;
using Kind = ProfileEvent::Kind;

// Helpers make contexts and launch what they prepare; a time that is taken meanwhile would tell of both. And
// a profiler that another process has enabled makes launches a little faster (on an H200 0.9% of a kernel of
// 15 us, at the same clock; docs/counters.md): times of one session, and of one click and the next, have to
// be taken in one state, so all of the set-up is waited for. kContext would take 0.1 s less and either state.
constexpr Helper::SetUp kSettleFor = Helper::SetUp::kAll;
constexpr std::chrono::seconds kSettle{30};

// The rest is left to contexts, libraries, the helper and whoever else is on the GPU.
constexpr double kMemoryShare = 0.6;

Status stopped() {
  return fail(ErrorCode::kCancelled, "stopped");
}

// A run with its data on the device.
struct Ready {
  Job* job;
  std::unique_ptr<Prepared> prepared;
};

std::vector<Job*> jobs_of(const std::vector<Ready>& ready) {
  std::vector<Job*> jobs;
  for (const Ready& r : ready) jobs.push_back(r.job);
  return jobs;
}

class TimingRound {
 public:
  TimingRound(ProfileWork& work, const core::RunRecord& head) : work_(work), head_(head) {
    for (const auto* entry : work.collectors) {
      if (entry->place == Place::kTiming) here_.push_back({entry, entry->make(work.options)});
    }
  }

  Status take_all(const std::vector<PlannedRun>& runs) {
    std::deque<std::vector<Job*>> groups = plan_groups(runs);
    while (!groups.empty() && !work_.cancel.requested()) {
      const std::vector<Job*> group = std::move(groups.front());
      groups.pop_front();
      auto left = take_group(group);
      if (!left) {
        if (left.error().code != ErrorCode::kCancelled) note_broken(group, left.error());
        return fail(left.error());
      }
      if (!left->empty()) groups.push_front(*std::move(left));
    }
    if (work_.outcome.runs.empty() && unavailable_ && !work_.cancel.requested()) return fail(*unavailable_);
    return {};
  }

 private:
  struct Here {
    const collectors::CollectorEntry* entry;
    std::unique_ptr<collectors::Collector> collector;
  };

  std::deque<std::vector<Job*>> plan_groups(const std::vector<PlannedRun>& runs) {
    work_.jobs.reserve(runs.size());  // events and targets point to jobs
    std::vector<const PlannedRun*> planned;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      work_.jobs.push_back({.planned = runs[i], .index = static_cast<int>(i), .record = {}});
      planned.push_back(&runs[i]);
    }
    const auto bytes =
        static_cast<std::int64_t>(kMemoryShare * static_cast<double>(work_.device.memory_bytes));
    std::deque<std::vector<Job*>> groups;
    for (const auto& indices : group_runs(planned, {.bytes = bytes, .one_problem = true})) {
      auto& group = groups.emplace_back();
      for (const std::size_t i : indices) group.push_back(&work_.jobs[i]);
    }
    return groups;
  }

  // What of the group the memory did not hold is left for the next one.
  Result<std::vector<Job*>> take_group(const std::vector<Job*>& group) {
    std::vector<Ready> ready;
    auto left = prepare(group, ready);
    if (!left) return left;
    if (auto ok = check_before(ready); !ok) return fail(ok.error());
    if (ready.empty()) return left;
    if (auto ok = measure(ready); !ok) return fail(ok.error());
    if (auto ok = check_after(ready); !ok) return fail(ok.error());
    if (here_.size() == work_.collectors.size()) {
      for (const Ready& r : ready) work_.tell(*r.job, {.kind = Kind::kRunFinished});
    }
    return left;
  }

  Result<std::vector<Job*>> prepare(const std::vector<Job*>& group, std::vector<Ready>& ready) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      Job& job = *group[i];
      if (work_.cancel.requested()) return fail(stopped().error());
      if (job.record.taken_at.empty()) work_.tell(job, {.kind = Kind::kRunStarted});
      const BenchSubject& subject = *job.planned.subject;
      if (auto ok = available(subject); !ok) {
        skip(job, ok.error());
        continue;
      }
      begin_record(job);
      const cuda::NvtxRange phase(job.id());
      const cuda::NvtxRange problem(job.problem());
      const auto step = work_.clock.begin(std::exchange(loaded_, true) ? "prepare" : "module");
      auto prepared = work_.bench.prepare(subject, job.planned.problem, work_.request.seed);
      if (!prepared && prepared.error().code == ErrorCode::kExternalTool) {
        skip(job, prepared.error());  // a library that is there and refuses this problem on this device
        continue;
      }
      if (!prepared) {
        // Another program may hold the memory that the plan counted on: fewer at a time need less of it.
        if (prepared.error().code != ErrorCode::kUsage || ready.empty()) return fail(prepared.error());
        return std::vector<Job*>(group.begin() + static_cast<std::ptrdiff_t>(i), group.end());
      }
      ready.push_back({&job, *std::move(prepared)});
    }
    return std::vector<Job*>{};
  }

  // Looked for since the session began; what is left of it is waited for.
  Status available(const BenchSubject& subject) {
    if (!subject.available) return {};
    const auto step = work_.clock.begin("library");
    return subject.available();
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

  // Input by input, so that the inputs and their reference are made once for all; leaves the right ones.
  Status check_before(std::vector<Ready>& ready) {
    const auto inputs = check_inputs(work_.request.seed);
    const int total = static_cast<int>(inputs.size());
    std::vector<MeasurementRecord> taken;
    for (const Ready& r : ready) taken.push_back(begin_check(kBeforeTiming, r.job->nvtx("check")));
    const auto step = work_.clock.begin("check");
    for (int i = 0; i < total; ++i) {
      for (std::size_t k = 0; k < ready.size(); ++k) {
        Job& job = *ready[k].job;
        if (work_.cancel.requested()) return stopped();
        work_.meter.begin(ProgressMeter::kCheckCost / total);
        work_.step(job, "check", i, total);
        const cuda::NvtxRange phase(job.id());
        const cuda::NvtxRange problem(job.problem());
        const cuda::NvtxRange check("check");
        if (auto ok = ready[k].prepared->load(inputs[i].kind, inputs[i].seed); !ok) return ok;
        auto record = ready[k].prepared->check();
        if (!record) return fail(record.error());
        take_check(taken[k], *std::move(record));
        if (i + 1 < total) continue;
        if (auto ok = keep_check(job, std::move(taken[k])); !ok) return ok;
        if (!job.right) ready[k].prepared.reset();
      }
    }
    std::erase_if(ready, [](const Ready& r) { return !r.job->right; });
    return {};
  }

  Status measure(std::vector<Ready>& ready) {
    for (const Ready& r : ready) {
      if (auto ok = r.prepared->poison(); !ok) return ok;
    }
    settle_helpers();
    for (const Here& here : here_) {
      // What is always taken is cheap and launches nothing to be compared: it is stored run by run.
      if (!here.entry->always) {
        if (auto ok = together(ready, here); !ok) return ok;
        continue;
      }
      for (const Ready& r : ready) {
        if (work_.cancel.requested()) return stopped();
        if (auto ok = alone(r, here); !ok) return ok;
      }
    }
    return {};
  }

  Status alone(const Ready& r, const Here& here) {
    work_.meter.begin(here.entry->cost);
    const cuda::NvtxRange phase(r.job->id());
    const cuda::NvtxRange problem(r.job->problem());
    const cuda::NvtxRange range(here.entry->id);
    const auto step = work_.clock.begin(here.entry->id);
    auto taken =
        here.collector->collect(target_of(r), work_.cancel, work_.progress_of(*r.job, here.entry->id));
    if (!taken) return fail(taken.error());
    return keep(*r.job, here, *std::move(taken));
  }

  Status together(const std::vector<Ready>& ready, const Here& here) {
    if (work_.cancel.requested()) return stopped();
    work_.meter.begin(here.entry->cost * static_cast<double>(ready.size()));
    const std::vector<Job*> jobs = jobs_of(ready);
    const cuda::NvtxRange phases(ids_of(jobs, "+"));
    const cuda::NvtxRange problem(jobs.front()->problem());
    const cuda::NvtxRange range(here.entry->id);
    const auto step = work_.clock.begin(here.entry->id);
    std::vector<collectors::Target> targets;
    for (const Ready& r : ready) targets.push_back(target_of(r));
    auto taken =
        here.collector->collect_together(targets, work_.cancel, work_.progress_of(jobs, here.entry->id));
    if (!taken) return fail(taken.error());
    if (taken->size() != ready.size()) {
      return fail(ErrorCode::kExternalTool, fmt::format("{} took {} measurements of {} runs", here.entry->id,
                                                        taken->size(), ready.size()));
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
      if (auto ok = keep(*ready[i].job, here, std::move((*taken)[i])); !ok) return ok;
    }
    return {};
  }

  collectors::Target target_of(const Ready& r) const {
    collectors::Target target = work_.target_of(*r.job);
    target.launchable = &r.prepared->launchable();
    return target;
  }

  Status keep(Job& job, const Here& here, MeasurementRecord taken) {
    taken.parameters["nvtx"] = job.nvtx(here.entry->id);
    if (beside_a_helper_ && !taken.samples.empty())
      taken.parameters["beside"] = "a counting process that is ready";
    return work_.keep(job, std::move(taken));
  }

  // What the last launches left. Where no time was taken there were none, and the output is still poisoned.
  Status check_after(std::vector<Ready>& ready) {
    const auto step = work_.clock.begin("check after");
    for (const Ready& r : ready) {
      Job& job = *r.job;
      if (core::all_samples(job.record).empty()) {
        work_.meter.skip(ProgressMeter::kCheckAfterCost);
        continue;
      }
      if (work_.cancel.requested()) return stopped();
      work_.meter.begin(ProgressMeter::kCheckAfterCost);
      const cuda::NvtxRange phase(job.id());
      const cuda::NvtxRange problem(job.problem());
      const cuda::NvtxRange range("check");
      auto measurement = begin_check(kAfterTiming, job.nvtx("check"));
      auto record = r.prepared->check_output();
      if (!record) return fail(record.error());
      take_check(measurement, *std::move(record));
      if (auto ok = keep_check(job, std::move(measurement)); !ok) return ok;
    }
    std::erase_if(ready, [](const Ready& r) { return !r.job->right; });
    return {};
  }

  // Stores it and, where the answer is wrong, closes the run.
  Status keep_check(Job& job, MeasurementRecord measurement) {
    const bool before = measurement.parameters["moment"] == kBeforeTiming;
    const std::string why = measurement.diagnostics.empty() ? "" : measurement.diagnostics.front().message;
    if (auto ok = work_.keep(job, std::move(measurement)); !ok) return ok;
    job.right = job.record.answer == core::Answer::kRight;
    if (job.right) return {};
    ++work_.outcome.wrong_answers;
    if (before) work_.meter.skip(ProgressMeter::kCheckAfterCost);
    for (const auto* entry : work_.collectors) {
      if (before || entry->place != Place::kTiming) work_.meter.skip(entry->cost);
    }
    work_.tell(job, {.kind = Kind::kRunFinished, .text = why});
    return {};
  }

  void settle_helpers() {
    if (std::exchange(settled_, true)) return;
    const auto step = work_.clock.begin("set-up wait");
    for (const auto* entry : work_.collectors) {
      if (entry->place != Place::kHelper) continue;
      auto helper = work_.bench.helpers().ready(std::string(entry->id), work_.request.device, work_.options);
      if (!helper) continue;
      (*helper)->settle(kSettleFor, kSettle, work_.cancel);
      beside_a_helper_ = true;
    }
  }

  void skip(const Job& job, const Error& why) {
    const std::string text =
        fmt::format("{}: {}{}{}", job.label(), why.message, why.hint.empty() ? "" : "; ", why.hint);
    work_.outcome.skipped.push_back(text);
    unavailable_ = why;
    work_.meter.skip(ProgressMeter::kCheckCost + ProgressMeter::kCheckAfterCost);
    for (const auto* entry : work_.collectors) work_.meter.skip(entry->cost);
    work_.tell(job, {.kind = Kind::kRunSkipped, .text = text});
  }

  // On the runs of the group that were not found wrong: whose launch failed is not known where they are timed
  // together. The error itself ends the session; whether the note could be stored changes nothing.
  void note_broken(const std::vector<Job*>& group, const Error& why) {
    for (const Job* job : group) {
      if (job->record.answer == core::Answer::kWrong) continue;
      (void)work_.note(*job, {core::Severity::kError, "run_broken", "the run ended early: " + why.message,
                              why.hint, "session"});
    }
  }

  ProfileWork& work_;
  const core::RunRecord& head_;
  std::vector<Here> here_;
  std::optional<Error> unavailable_;  // why the last phase that is not served here was skipped
  bool settled_ = false;
  bool beside_a_helper_ = false;  // told with every time: it moves them
  bool loaded_ = false;           // the first prepare() loads the program's kernels too
};

}  // namespace

Status check_and_time(ProfileWork& work, const std::vector<PlannedRun>& runs, const core::RunRecord& head) {
  return TimingRound(work, head).take_all(runs);
}

}  // namespace flashcore::session
