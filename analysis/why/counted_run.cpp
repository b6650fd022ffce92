#include "analysis/why/counted_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace flashcore::analysis {
namespace {

constexpr double kSubpartitions = 4;  // of an SM, of every chip since compute capability 7.0

std::optional<double> usable(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value) || *value < 0) return std::nullopt;
  return value;
}

// Of a metric "stall_REASON_share" the reason, of others nothing. Those of the full set are parts of others.
std::string stall_reason(const Metric& metric) {
  constexpr std::string_view kBefore = "stall_", kBehind = "_share";
  const std::string& id = metric.id;
  if (!id.starts_with(kBefore) || !id.ends_with(kBehind) || metric.set == CounterSet::kFull) return "";
  return id.substr(kBefore.size(), id.size() - kBefore.size() - kBehind.size());
}

}  // namespace

double IssueStates::share(std::string_view id) const {
  for (const IssueState& state : states) {
    if (state.id == id) return state.share;
  }
  return 0;
}

CountedRun::CountedRun(const RunAnalysis& run)
    : run_(&run), clock_(run_clock(run.run)), counters_(aggregate_counters(run.run)) {
  if (run.graph_ns && std::isfinite(run.graph_ns->p50) && run.graph_ns->p50 > 0) ns_ = run.graph_ns->p50;
  if (clock_ && (!std::isfinite(clock_->hz) || clock_->hz <= 0)) clock_.reset();
  states_ = read_states();
}

std::optional<double> CountedRun::metric(std::string_view id) const {
  const MetricValue* value = run_->metric(id);
  return value == nullptr ? std::nullopt : usable(value->value);
}

std::optional<double> CountedRun::counter(std::string_view name) const {
  const auto found = counters_.find(name);
  return found == counters_.end() ? std::nullopt : usable(found->second.value);
}

std::optional<double> CountedRun::sum(const std::vector<std::string_view>& ids) const {
  double total = 0;
  for (const std::string_view id : ids) {
    const auto value = metric(id);
    if (!value) return std::nullopt;
    total += *value;
  }
  return total;
}

std::optional<double> CountedRun::ratio(const std::vector<std::string_view>& over,
                                        const std::vector<std::string_view>& under) const {
  const auto top = sum(over), bottom = sum(under);
  if (under.empty()) return top;
  if (!top || !bottom || !(*bottom > 0)) return std::nullopt;
  return *top / *bottom;
}

std::optional<IssueStates> CountedRun::read_states() const {
  const auto elapsed = counter("sm__cycles_elapsed.sum");
  const auto active = counter("smsp__cycles_active.sum");
  const auto issues = counter("smsp__issue_active.sum");
  if (!elapsed || !active || !issues || !(*elapsed > 0) || !(*active > 0)) return std::nullopt;
  std::vector<IssueState> reasons;
  double stalled = 0;
  for (const MetricValue& value : run_->metrics) {
    const std::string reason = stall_reason(*value.metric);
    if (reason.empty() || reason == "selected" || reason == "not_selected" || !usable(value.value)) continue;
    reasons.push_back({reason, value.metric->title, *value.value});
    stalled += *value.value;
  }
  if (reasons.empty()) return std::nullopt;
  IssueStates states;
  // Counted in other passes than the cycles: a little more than all of them is all of them.
  states.busy = std::min(1.0, *active / (kSubpartitions * *elapsed));
  const double issued = std::min(states.busy, *issues / (kSubpartitions * *elapsed));
  states.states.push_back({"issued", "Issued", issued});
  for (IssueState& reason : reasons) {
    // Where no warp ever stood at a reason, the cycles without an issue have none.
    reason.share = stalled > 0 ? (states.busy - issued) * reason.share / stalled : 0;
    states.states.push_back(std::move(reason));
  }
  if (!(stalled > 0)) states.states.push_back({"no_reason", "No reason counted", states.busy - issued});
  states.states.push_back({"no_warp", "No warp", 1 - states.busy});
  return states;
}

std::string counting_command(const core::RunRecord& run) {
  const bool phase = run.subject.kind == core::SubjectKind::kPhase;
  const std::string shape = run.problem ? core::problem_label(*run.problem) : "";
  return fmt::format("flashcore-profile{}{} --set full", phase ? " --phase " + run.subject.name : "",
                     shape.empty() ? "" : " --shape " + shape);
}

}  // namespace flashcore::analysis
