#include "analysis/run_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/aggregate.h"
#include "analysis/clock.h"
#include "analysis/run_values.h"
#include "core/tool_times.h"

namespace flashcore::analysis {
namespace {

// References and subjects outside of a ladder are no base of one.
bool can_be_base(const RunAnalysis& run) {
  return run.graph_ns && run.run.subject.ladder && !run.run.subject.ladder->reference;
}

// The kernels of the launch with their counted times, of the measurement that gives the launch's.
std::vector<KernelShare> kernel_shares(const core::RunRecord& run) {
  const LaunchCounters counters = aggregate_counters(run);
  const auto time = counters.find(kKernelDurationCounter);
  std::map<int, double> counted;
  if (time != counters.end()) {
    for (const core::CounterValue& counter : run.measurements[time->second.measurement].counters) {
      if (counter.name != kKernelDurationCounter || !counter.value || !(*counter.value > 0)) continue;
      // One range for the launch is that of its only kernel.
      if (counter.kernel) {
        counted[*counter.kernel] = *counter.value;
      } else if (run.kernels.size() == 1) {
        counted[run.kernels.front().ordinal] = *counter.value;
      }
    }
  }
  double sum = 0;
  for (const auto& [ordinal, ns] : counted) sum += ns;
  const bool all = counted.size() == run.kernels.size();
  std::vector<KernelShare> shares;
  for (const core::KernelRecord& kernel : run.kernels) {
    KernelShare share{kernel, {}, {}, {}};
    if (const auto at = counted.find(kernel.ordinal); at != counted.end()) {
      share.ns = at->second;
      if (all) share.share = at->second / sum;
      CounterReading of_one = time->second;
      of_one.kernels = 1;
      share.note = counter_provenance(of_one);
      if (!all) share.note += "; no share: not every kernel of the launch was counted";
    } else {
      share.note = fmt::format("{} was not counted for this kernel", kKernelDurationCounter);
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace

bool RunAnalysis::floor_matters() const {
  constexpr double kSmall = 20;  // floors
  return floor_ns && graph_ns && graph_ns->p50 < kSmall * *floor_ns;
}

const MetricValue* RunAnalysis::metric(std::string_view id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricValue& value) {
    return value.metric != nullptr && value.metric->id == id;
  });
  return found == metrics.end() ? nullptr : &*found;
}

std::optional<HeadlineTime> headline_time(const core::RunRecord& run) {
  if (!timing_objection(run).empty()) return std::nullopt;
  if (const auto graph = summarise(core::all_samples(run), core::SampleKind::kGraph)) {
    return HeadlineTime{graph->p50, fmt::format("graph p50 of {}", graph->n), false};
  }
  const LaunchCounters counters = aggregate_counters(run);
  for (const auto& [name, title] : core::kToolTimes) {
    const auto counted = counters.find(name);
    if (counted == counters.end() || !counted->second.value || !(*counted->second.value > 0)) continue;
    return HeadlineTime{*counted->second.value, fmt::format("{}, {}", title, counted->second.collector),
                        true};
  }
  return std::nullopt;
}

RunAnalysis analyse(core::RunRecord run, const Catalogue& catalogue) {
  RunAnalysis analysis;
  analysis.time = headline_time(run);
  if (timing_objection(run).empty()) {
    const std::vector<core::Sample> samples = core::all_samples(run);
    analysis.graph_ns = summarise(samples, core::SampleKind::kGraph);
    analysis.launch_ns = summarise(samples, core::SampleKind::kLaunch);
  }
  analysis.floor_ns = empty_kernel_ns(run);
  analysis.metrics = catalogue.evaluate(run);
  analysis.limit = limit_of(run);
  analysis.speed_of_light = speed_of_light(catalogue, analysis.metrics);
  analysis.kernels = kernel_shares(run);
  analysis.roofline = roofline_of(run, analysis.metrics);
  analysis.run = std::move(run);
  return analysis;
}

bool comparable(const core::RunRecord& a, const core::RunRecord& b) {
  return a.problem && b.problem && *a.problem == *b.problem && a.cache == b.cache &&
         core::same_class(a.device, b.device);
}

std::optional<double> speedup(const RunAnalysis& run, const RunAnalysis& base) {
  if (!comparable(run.run, base.run) || !run.graph_ns || !base.graph_ns || run.graph_ns->p50 <= 0) {
    return std::nullopt;
  }
  return base.graph_ns->p50 / run.graph_ns->p50;
}

const RunAnalysis* base_of(const RunAnalysis& run, const std::vector<RunAnalysis>& all) {
  const RunAnalysis* base = nullptr;
  const auto better = [&](const RunAnalysis& candidate) {
    if (base == nullptr) return true;
    const int mine = candidate.run.subject.ladder->rung;
    const int best = base->run.subject.ladder->rung;
    if (mine != best) return mine < best;
    // Of the same phase taken more than once: the one that was taken together with `run`.
    return candidate.run.session_id == run.run.session_id && base->run.session_id != run.run.session_id;
  };
  for (const RunAnalysis& candidate : all) {
    if (can_be_base(candidate) && comparable(candidate.run, run.run) && better(candidate)) base = &candidate;
  }
  return base;
}

std::string run_label(const core::RunRecord& run) {
  if (!run.problem) return run.subject.name;
  return fmt::format("{} on {}{}", run.subject.name, core::problem_label(*run.problem),
                     run.cache == core::CacheState::kCold ? ", cold caches" : "");
}

}  // namespace flashcore::analysis
