// Catalogue::evaluate: metrics of a run from its counters and run variables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/aggregate.h"
#include "analysis/catalogue.h"
#include "analysis/devices.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"

namespace flashcore::analysis {
namespace {

struct Inputs {
  const core::RunRecord& run;
  std::string chip;
  LaunchCounters counters;
  std::map<std::string, RunValue, std::less<>> values;
  std::string no_counters;  // why the run has none at all; empty when it has some
};

// Why a run without a single counter has none.
std::string why_no_counters(const core::RunRecord& run) {
  for (const core::DiagnosticRecord& diagnostic : core::all_diagnostics(run)) {
    if (diagnostic.code == "counters_refused") return "counters were refused: " + diagnostic.message;
  }
  for (const core::MeasurementRecord& m : run.measurements) {
    const bool counting = m.collector == "cupti" || m.collector == "ncu";
    if (!counting || m.status == core::MeasurementStatus::kComplete) continue;
    return fmt::format("the measurement by {} is {}: {}", m.collector, core::name_of(m.status),
                       m.reason.empty() ? "no reason was recorded" : m.reason);
  }
  return "no counters were collected in this run";
}

Inputs inputs_of(const core::RunRecord& run) {
  Inputs in{run, formula_chip(run.device), aggregate_counters(run), run_values(run), {}};
  if (in.counters.empty()) in.no_counters = why_no_counters(run);
  return in;
}

// One variable of one formula: appends its value, or says why there is none.
std::string take(const Inputs& in, const Metric& metric, const MetricFormula& formula,
                 const std::string& name, std::vector<double>& values, std::vector<std::string>& sources) {
  const auto named = formula.counters.find(name);
  if (named == formula.counters.end()) {
    const auto found = in.values.find(name);
    if (found == in.values.end()) return fmt::format("'{}' is no variable of a run", name);
    if (!found->second.value) return fmt::format("{}: {}", name, found->second.reason);
    values.push_back(*found->second.value);
    sources.push_back(found->second.provenance);
    return {};
  }
  if (!in.no_counters.empty()) return in.no_counters;
  const auto found = in.counters.find(named->second);
  if (found == in.counters.end()) {
    return fmt::format("counter {} was not collected; it belongs to the counter set '{}'", named->second,
                       name_of(metric.set));
  }
  if (!found->second.value) return fmt::format("counter {}: {}", named->second, found->second.reason);
  values.push_back(*found->second.value);
  // Counters of one metric may come from configurations of different size; the first one stands for all.
  CounterReading source = found->second;
  // Which rate each counter came from is told in the sheets; here it would be one long text a counter.
  if (!source.derived_from.empty()) source.derived_from = "rates or parts that it kept";
  sources.insert(sources.begin(), counter_provenance(source));
  return {};
}

std::string joined(const std::vector<std::string>& sources) {
  std::string text;
  std::vector<std::string> seen;
  for (const std::string& source : sources) {
    if (std::find(seen.begin(), seen.end(), source) != seen.end()) continue;
    seen.push_back(source);
    text += text.empty() ? source : " + " + source;
  }
  return text;
}

std::string chip_reason(const Inputs& in) {
  if (!in.run.device) return kNoDevice;
  if (in.chip.empty()) return "the run does not say which chip it ran on";
  return fmt::format("{} has no counters for it", in.chip);
}

MetricValue value_of(const Inputs& in, const Metric& metric) {
  MetricValue result;
  result.metric = &metric;
  const MetricFormula* formula = metric.formula_for(in.chip);
  if (formula == nullptr) {
    result.reason = chip_reason(in);
    return result;
  }
  std::vector<double> values;
  std::vector<std::string> sources;
  for (const std::string& name : formula_variables(formula->formula)) {
    result.reason = take(in, metric, *formula, name, values, sources);
    if (!result.reason.empty()) return result;
  }
  result.provenance = joined(sources);
  const auto computed = evaluate_compiled(formula->formula, values);
  if (!computed) {
    result.reason = computed.error().message;
  } else if (!std::isfinite(*computed)) {
    result.reason = fmt::format("'{}' divides by zero for this run", formula->formula);
  } else {
    result.value = *computed;
  }
  return result;
}

}  // namespace

std::vector<MetricValue> Catalogue::evaluate(const core::RunRecord& run) const {
  const Inputs in = inputs_of(run);
  std::vector<MetricValue> all;
  all.reserve(metrics_.size());
  for (const Metric& metric : metrics_) all.push_back(value_of(in, metric));
  return all;
}

}  // namespace flashcore::analysis
