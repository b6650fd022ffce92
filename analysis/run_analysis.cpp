#include "analysis/run_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/aggregate.h"
#include "analysis/run_values.h"
#include "core/tool_times.h"

namespace flashcore::analysis {
namespace {

// References and subjects outside of a ladder are no base of one.
bool can_be_base(const RunAnalysis& run) {
  return run.graph_ns && run.run.subject.ladder && !run.run.subject.ladder->reference;
}

}  // namespace

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
  analysis.metrics = catalogue.evaluate(run);
  analysis.roofline = roofline_of(run, analysis.metrics);
  analysis.run = std::move(run);
  return analysis;
}

bool comparable(const core::RunRecord& a, const core::RunRecord& b) {
  return a.problem && b.problem && *a.problem == *b.problem && core::same_class(a.device, b.device);
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
  return fmt::format("{} on {}", run.subject.name, core::problem_label(*run.problem));
}

}  // namespace flashcore::analysis
