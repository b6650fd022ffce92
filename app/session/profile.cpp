#include "app/session/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/session/run_plan.h"
#include "app/session/run_sink.h"
#include "collectors/cupti.h"
#include "collectors/device.h"
#include "collectors/resources.h"
#include "collectors/timing.h"
#include "kernels/phase_index.h"
#include "kernels/prepared_attention.h"

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using Kind = ProfileEvent::Kind;

// The seeds with which every run's answer is checked.
constexpr std::array<std::uint64_t, 3> kCheckSeeds{0, 42, 12345};

std::optional<collectors::CompiledResources> compiled_resources(std::string_view phase,
                                                                std::string_view kernel, int arch) {
  for (const kernels::CompilerReport& report : kernels::compiler_reports()) {
    if (report.phase == phase && report.kernel == kernel && report.arch == arch) {
      return collectors::CompiledResources{report.registers,           report.stack_bytes,
                                           report.spill_store_bytes,   report.spill_load_bytes,
                                           report.static_shared_bytes, report.binary_bytes};
    }
  }
  return std::nullopt;
}

core::DiagnosticRecord wrong_answer(const core::CorrectnessRecord& check) {
  return {
      core::Severity::kError, "wrong_answer",
      fmt::format("seed {}: max error {:.3g} (allowed {:.3g}), mean {:.3g} (allowed {:.3g}), {} NaN, {} Inf",
                  check.seed, check.max_error, check.max_tolerance, check.mean_error, check.mean_tolerance,
                  check.nan_count, check.inf_count),
      "the kernel was not timed: a wrong answer has no speed", "check"};
}

// Takes the runs of one session, one after another.
class Profiler {
 public:
  Profiler(const ProfileRequest& request, store::Store& store, const analysis::Catalogue& catalogue,
           const core::CancelToken& cancel, const OnEvent& on_event)
      : request_(request), store_(store), catalogue_(catalogue), cancel_(cancel), on_event_(on_event) {}

  Result<ProfileOutcome> run() {
    auto plan = make_run_plan(request_);
    if (!plan) return fail(plan.error());
    auto device = collectors::use_device(request_.device);
    if (!device) return fail(device.error());
    device_ = *device;
    skip_unserved_by_device(*plan, device_);
    if (plan->runs.empty())
      return fail(ErrorCode::kNoDevice, "this GPU serves none of it: " + plan->skipped.front());
    if (auto ok = check_memory(*plan, device_); !ok) return fail(ok.error());
    if (auto ok = begin_session(); !ok) return fail(ok.error());
    for (const std::string& text : plan->skipped) {
      event({.kind = Kind::kRunSkipped, .text = text});
      outcome_.skipped.push_back(text);
    }
    run_count_ = static_cast<int>(plan->runs.size());
    // An enabled counter profiler slows every later launch of the process (collectors/cupti.h), so all
    // runs are timed before the first is counted. What was timed is kept whatever happens then.
    if (auto ok = time_all(plan->runs); !ok) return fail(ok.error());
    if (auto ok = count_and_store_all(); !ok) return fail(ok.error());
    if (outcome_.runs.empty() && unavailable_ && !cancel_.requested()) return fail(*unavailable_);
    outcome_.cancelled = cancel_.requested();
    return outcome_;
  }

 private:
  void event(ProfileEvent e) {
    if (!on_event_) return;
    e.run_index = run_index_;
    e.run_count = run_count_;
    e.session_id = outcome_.session_id;
    e.fraction = fraction_of(e);
    on_event_(e);
  }

  // Runs are gone through once, or twice where they are counted too; the weights within a run are those of
  // `mission` on an H200.
  double fraction_of(const ProfileEvent& e) const {
    if (run_count_ == 0) return 0;
    constexpr double kCheck = 0.4;
    const double step = e.total > 0 ? static_cast<double>(e.done) / e.total : 0;
    double within = step;
    if (e.kind == Kind::kRunFinished) within = 1;
    if (e.step == "check") within = kCheck * step;
    if (e.step == "resources") within = kCheck;
    if (e.step == "timing") within = kCheck + (1 - kCheck) * step;
    const int rounds = request_.collect_counters ? 2 : 1;
    const int round = storing_ ? rounds - 1 : 0;
    return (round + (run_index_ + within) / run_count_) / rounds;
  }

  void step(const PlannedRun& run, std::string_view name, int done, int total) {
    event({.kind = Kind::kStep,
           .phase = std::string(run.phase->info.id),
           .problem = core::problem_label(run.problem),
           .step = std::string(name),
           .done = done,
           .total = total});
  }

  Status begin_session() {
    environment_ = collectors::read_environment();
    environment_.kernels_hash = kernels::kernels_hash();
    environment_.catalogue_hash = catalogue_.hash();
    core::SessionRecord session;
    session.started_at = core::utc_now();
    session.command = request_.command;
    session.tags = request_.tags;
    session.environment = environment_;
    auto id = store_.begin_session(session);
    if (!id) return fail(id.error());
    outcome_.session_id = *id;
    event({.kind = Kind::kSession});
    return {};
  }

  core::RunRecord new_record(const PlannedRun& planned) const {
    const core::PhaseInfo& info = planned.phase->info;
    core::RunRecord run;
    run.taken_at = core::utc_now();
    run.phase = {std::string(info.id), std::string(info.title), info.rung, info.reference,
                 std::string(kernels::phase_hash(info.id))};
    run.problem = planned.problem;
    run.device = device_;
    run.environment = environment_;
    run.model_flops = planned.phase->flops(planned.problem);
    run.model_bytes = planned.phase->bytes(planned.problem);
    run.warmup = request_.warmup;
    run.iterations = request_.iterations;
    run.tags = request_.tags;
    return run;
  }

  // A run between its timing and its counters.
  struct TimedRun {
    PlannedRun planned;
    int index = 0;
    core::RunRecord record;
  };

  // A device error here still keeps what was timed before: it is stored without counters.
  Status time_all(const std::vector<PlannedRun>& runs) {
    for (run_index_ = 0; run_index_ < run_count_ && !cancel_.requested(); ++run_index_) {
      if (auto ok = time(runs[run_index_]); !ok) {
        if (ok.error().code == ErrorCode::kCancelled) return {};
        const Error first = ok.error();
        if (auto kept = store_rest(0, first.message); !kept) return kept;
        return fail(first);
      }
    }
    return {};
  }

  Status time(const PlannedRun& planned) {
    event({.kind = Kind::kRunStarted,
           .phase = std::string(planned.phase->info.id),
           .problem = core::problem_label(planned.problem)});
    if (planned.phase->available) {
      if (auto ok = planned.phase->available(); !ok) return skip(planned, ok.error());
    }
    TimedRun timed{planned, run_index_, new_record(planned)};
    auto prepared = kernels::PreparedAttention::create(*planned.phase, planned.problem, request_.seed);
    if (!prepared) return fail(prepared.error());
    if (auto ok = check(planned, **prepared, timed.record); !ok) return ok;
    if (timed.record.correct()) {
      RunSink sink(timed.record);
      const std::string phase(planned.phase->info.id);
      collectors::ResourcesCollector resources(device_, [phase](std::string_view kernel, int arch) {
        return compiled_resources(phase, kernel, arch);
      });
      if (auto ok = collect(planned, resources, **prepared, sink); !ok) return ok;
      if (request_.collect_timing) {
        collectors::TimingCollector timing({request_.warmup, request_.iterations, 2.0, request_.device});
        if (auto ok = collect(planned, timing, **prepared, sink); !ok) return ok;
      }
    } else {
      ++outcome_.wrong_answers;
    }
    timed_.push_back(std::move(timed));
    return {};
  }

  Status count_and_store_all() {
    storing_ = true;
    for (std::size_t i = 0; i < timed_.size(); ++i) {
      TimedRun& timed = timed_[i];
      run_index_ = timed.index;
      Status counted;
      if (request_.collect_counters && timed.record.correct() && !cancel_.requested()) counted = count(timed);
      const bool stopped = !counted && counted.error().code == ErrorCode::kCancelled;
      if (!counted && !stopped) {
        if (auto kept = store_rest(i, counted.error().message); !kept) return kept;
        return counted;
      }
      if (cancel_.requested()) return store_rest(i, "the user stopped it");
      if (auto ok = store(timed); !ok) return ok;
      if (request_.strict && outcome_.counter_refusal) {
        if (auto kept = store_rest(i + 1, outcome_.counter_refusal->message); !kept) return kept;
        // Whatever the cause was (no libcupti, too), what is missing to this request is the counters.
        Error refused = *outcome_.counter_refusal;
        refused.code = ErrorCode::kPermission;
        return fail(std::move(refused));
      }
    }
    return {};
  }

  // The device's memory was given back after the timing; a session may hold more problems than fit.
  Status count(TimedRun& timed) {
    auto prepared =
        kernels::PreparedAttention::create(*timed.planned.phase, timed.planned.problem, request_.seed);
    if (!prepared) return fail(prepared.error());
    if (!cupti_) {
      cupti_ =
          std::make_unique<collectors::CuptiCollector>(catalogue_.counters_for(device_.chip, request_.set));
    }
    RunSink sink(timed.record);
    if (auto ok = collect(timed.planned, *cupti_, **prepared, sink); !ok) {
      timed.record.counters.clear();  // half a set would look like a whole one
      return ok;
    }
    if (cupti_->refusal()) outcome_.counter_refusal = cupti_->refusal();
    return {};
  }

  // Stores the runs from `first` on that were timed but not counted, and says so in each.
  Status store_rest(std::size_t first, const std::string& why) {
    for (std::size_t i = first; i < timed_.size(); ++i) {
      core::RunRecord& record = timed_[i].record;
      if (request_.collect_counters && record.correct() && record.counters.empty()) {
        record.diagnostics.push_back({core::Severity::kWarning, "counters_not_taken",
                                      "no counters were taken: " + why, "profile this run again", "session"});
      }
      run_index_ = timed_[i].index;
      if (auto ok = store(timed_[i]); !ok) return ok;
    }
    return {};
  }

  Status store(const TimedRun& timed) {
    auto id = store_.write_run(outcome_.session_id, timed.record);
    if (!id) return fail(id.error());
    outcome_.runs.push_back(*id);
    event({.kind = Kind::kRunFinished,
           .phase = timed.record.phase.id,
           .problem = core::problem_label(timed.record.problem),
           .run_id = *id,
           .text = timed.record.correct() ? "" : timed.record.diagnostics.front().message});
    return {};
  }

  Status skip(const PlannedRun& planned, const Error& why) {
    const std::string text =
        fmt::format("{} on {}: {}{}{}", planned.phase->info.id, core::problem_label(planned.problem),
                    why.message, why.hint.empty() ? "" : "; ", why.hint);
    outcome_.skipped.push_back(text);
    unavailable_ = why;
    event({.kind = Kind::kRunSkipped, .text = text});
    return {};
  }

  Status check(const PlannedRun& planned, kernels::PreparedAttention& prepared, core::RunRecord& run) {
    const int total = static_cast<int>(kCheckSeeds.size());
    for (int i = 0; i < total; ++i) {
      if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped");
      step(planned, "check", i, total);
      if (auto ok = prepared.reseed(kCheckSeeds[i]); !ok) return ok;
      auto record = prepared.check();
      if (!record) return fail(record.error());
      if (!record->passed) run.diagnostics.push_back(wrong_answer(*record));
      run.correctness.push_back(std::move(*record));
    }
    step(planned, "check", total, total);
    return prepared.reseed(request_.seed);
  }

  Status collect(const PlannedRun& planned, collectors::Collector& collector, core::Launchable& launchable,
                 RunSink& sink) {
    return collector.collect(launchable, sink, cancel_,
                             [&](int done, int total) { step(planned, collector.id(), done, total); });
  }

  const ProfileRequest& request_;
  store::Store& store_;
  const analysis::Catalogue& catalogue_;
  const core::CancelToken& cancel_;
  const OnEvent& on_event_;
  core::DeviceRecord device_;
  core::EnvironmentRecord environment_;
  std::unique_ptr<collectors::CuptiCollector> cupti_;
  ProfileOutcome outcome_;
  std::optional<Error> unavailable_;  // why the last phase that is not served here was skipped
  std::vector<TimedRun> timed_;
  int run_index_ = 0, run_count_ = 0;
  bool storing_ = false;  // the second time through the runs
};

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

Result<ProfileOutcome> profile(const ProfileRequest& request, store::Store& store,
                               const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                               const OnEvent& on_event) {
  return Profiler(request, store, catalogue, cancel, on_event).run();
}

}  // namespace flashcore::session
