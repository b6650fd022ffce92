#include "app/session/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

struct PlannedRun {
  const kernels::PhaseDescriptor* phase;
  core::Problem problem;
};

struct Plan {
  std::vector<PlannedRun> runs;
  std::vector<std::string> skipped;
};

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

// Which phases run on which problems. An error when nothing is left to run.
Result<Plan> make_plan(const ProfileRequest& request) {
  auto ids = resolve_phases(request.phases);
  if (!ids) return fail(ids.error());
  Plan plan;
  for (const core::Problem& problem : request.problems) {
    if (auto ok = core::validate(problem); !ok) return fail(ok.error());
    for (const std::string& id : *ids) {
      const auto* phase = kernels::find_phase(id).value();
      if (auto ok = phase->supports(problem); !ok) {
        plan.skipped.push_back(
            fmt::format("{} on {}: {}", id, core::problem_label(problem), ok.error().message));
      } else {
        plan.runs.push_back({phase, problem});
      }
    }
  }
  if (plan.runs.empty()) {
    return fail(ErrorCode::kUsage, "no phase serves what was asked for: " + plan.skipped.front(),
                "see `flashcore-profile list phases` for what each phase serves");
  }
  return plan;
}

void skip_unserved_by_device(Plan& plan, const core::DeviceRecord& device) {
  const int compute = 10 * device.compute_major + device.compute_minor;
  std::erase_if(plan.runs, [&](const PlannedRun& run) {
    if (compute >= run.phase->info.min_compute) return false;
    plan.skipped.push_back(fmt::format("{} on {}: needs compute capability {}.{}, {} has {}.{}",
                                       run.phase->info.id, core::problem_label(run.problem),
                                       run.phase->info.min_compute / 10, run.phase->info.min_compute % 10,
                                       device.name, device.compute_major, device.compute_minor));
    return true;
  });
}

// For all runs before the first launch, so that an hour of profiling does not end in a typo.
Status check_memory(const Plan& plan, const core::DeviceRecord& device) {
  for (const PlannedRun& run : plan.runs) {
    const std::int64_t needed =
        core::tensor_bytes(run.problem) +
        (run.phase->workspace_bytes ? static_cast<std::int64_t>(run.phase->workspace_bytes(run.problem)) : 0);
    if (needed > device.memory_bytes) {
      return fail(ErrorCode::kUsage,
                  fmt::format("{} on {} needs {} bytes of device memory, {} has {}", run.phase->info.id,
                              core::problem_label(run.problem), needed, device.name, device.memory_bytes),
                  "choose a smaller shape");
    }
  }
  return {};
}

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
    if (auto ok = check_numbers(request_); !ok) return fail(ok.error());
    auto plan = make_plan(request_);
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
    for (run_index_ = 0; run_index_ < run_count_ && !cancel_.requested(); ++run_index_) {
      if (auto ok = take(plan->runs[run_index_]); !ok) {
        if (ok.error().code == ErrorCode::kCancelled) break;
        return fail(ok.error());
      }
      if (request_.strict && outcome_.counter_refusal) {
        // Whatever the cause was (no libcupti, too), what is missing to this request is the counters.
        Error refused = *outcome_.counter_refusal;
        refused.code = ErrorCode::kPermission;
        return fail(std::move(refused));
      }
    }
    outcome_.cancelled = cancel_.requested();
    return outcome_;
  }

 private:
  void event(ProfileEvent e) {
    if (!on_event_) return;
    e.run_index = run_index_;
    e.run_count = run_count_;
    e.session_id = outcome_.session_id;
    on_event_(e);
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

  Status take(const PlannedRun& planned) {
    event({.kind = Kind::kRunStarted,
           .phase = std::string(planned.phase->info.id),
           .problem = core::problem_label(planned.problem)});
    if (planned.phase->available) {
      if (auto ok = planned.phase->available(); !ok) return skip(planned, ok.error());
    }
    core::RunRecord run = new_record(planned);
    auto prepared = kernels::PreparedAttention::create(*planned.phase, planned.problem, request_.seed);
    if (!prepared) return fail(prepared.error());
    if (auto ok = check(planned, **prepared, run); !ok) return ok;
    if (run.correct()) {
      if (auto ok = measure(planned, **prepared, run); !ok) return ok;
    } else {
      ++outcome_.wrong_answers;
    }
    if (cancel_.requested()) return fail(ErrorCode::kCancelled, "stopped");
    auto id = store_.write_run(outcome_.session_id, run);
    if (!id) return fail(id.error());
    outcome_.runs.push_back(*id);
    event({.kind = Kind::kRunFinished,
           .phase = std::string(planned.phase->info.id),
           .problem = core::problem_label(planned.problem),
           .run_id = *id,
           .text = run.correct() ? "" : run.diagnostics.front().message});
    return {};
  }

  Status skip(const PlannedRun& planned, const Error& why) {
    const std::string text =
        fmt::format("{} on {}: {}{}{}", planned.phase->info.id, core::problem_label(planned.problem),
                    why.message, why.hint.empty() ? "" : "; ", why.hint);
    outcome_.skipped.push_back(text);
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

  Status measure(const PlannedRun& planned, kernels::PreparedAttention& prepared, core::RunRecord& run) {
    RunSink sink(run);
    const std::string phase(planned.phase->info.id);
    collectors::ResourcesCollector resources(device_, [phase](std::string_view kernel, int arch) {
      return compiled_resources(phase, kernel, arch);
    });
    if (auto ok = collect(planned, resources, prepared, sink); !ok) return ok;
    if (request_.collect_timing) {
      collectors::TimingCollector timing({request_.warmup, request_.iterations, 2.0, request_.device});
      if (auto ok = collect(planned, timing, prepared, sink); !ok) return ok;
    }
    if (request_.collect_counters) {
      if (!cupti_) {
        cupti_ =
            std::make_unique<collectors::CuptiCollector>(catalogue_.counters_for(device_.chip, request_.set));
      }
      if (auto ok = collect(planned, *cupti_, prepared, sink); !ok) return ok;
      if (cupti_->refusal()) outcome_.counter_refusal = cupti_->refusal();
    }
    return {};
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
  int run_index_ = 0, run_count_ = 0;
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
