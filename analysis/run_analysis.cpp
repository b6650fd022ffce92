#include "analysis/run_analysis.h"

#include <algorithm>

#include "analysis/run_values.h"

namespace flashcore::analysis {

const MetricValue* RunAnalysis::metric(std::string_view id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricValue& value) {
    return value.metric != nullptr && value.metric->id == id;
  });
  return found == metrics.end() ? nullptr : &*found;
}

RunAnalysis analyse(core::RunRecord run, const Catalogue& catalogue) {
  RunAnalysis analysis;
  if (timing_objection(run).empty()) {
    analysis.graph_ns = summarise(run.samples, core::SampleKind::kGraph);
    analysis.launch_ns = summarise(run.samples, core::SampleKind::kLaunch);
  }
  analysis.metrics = catalogue.evaluate(run);
  analysis.roofline = roofline_of(run, analysis.metrics);
  analysis.run = std::move(run);
  return analysis;
}

std::optional<double> speedup(const RunAnalysis& run, const RunAnalysis& base) {
  const bool comparable = run.run.problem == base.run.problem && run.run.device == base.run.device;
  if (!comparable || !run.graph_ns || !base.graph_ns || run.graph_ns->p50 <= 0) return std::nullopt;
  return base.graph_ns->p50 / run.graph_ns->p50;
}

const RunAnalysis* base_of(const RunAnalysis& run, const std::vector<RunAnalysis>& all) {
  const RunAnalysis* base = nullptr;
  const auto better = [&](const RunAnalysis& candidate) {
    if (base == nullptr) return true;
    if (candidate.run.phase.rung != base->run.phase.rung) {
      return candidate.run.phase.rung < base->run.phase.rung;
    }
    // Of the same phase taken more than once: the one that was taken together with `run`.
    return candidate.run.session_id == run.run.session_id && base->run.session_id != run.run.session_id;
  };
  for (const RunAnalysis& candidate : all) {
    if (candidate.run.phase.reference || !candidate.graph_ns) continue;
    if (candidate.run.problem != run.run.problem || candidate.run.device != run.run.device) continue;
    if (better(candidate)) base = &candidate;
  }
  return base;
}

}  // namespace flashcore::analysis
