// Catalogue::evaluate: metrics of a run from its counters and run variables.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/aggregate.h"
#include "analysis/catalogue.h"
#include "analysis/denominators.h"
#include "analysis/devices.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"

namespace flashcore::analysis {
namespace {

struct Inputs {
  const core::RunRecord& run;
  std::string chip;
  LaunchCounters counters;
  KernelCounters kernels;
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
  Inputs in{run, formula_chip(run.device), aggregate_counters(run), counters_by_kernel(run), run_values(run),
            {}};
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

// The reason of the first guard that holds. One that needs what is missing cannot hold.
std::string guard_reason(const Inputs& in, const Metric& metric, const MetricFormula& formula, double value) {
  for (const MetricGuard& guard : metric.guards) {
    std::vector<double> values;
    std::vector<std::string> sources;
    bool known = true;
    for (const std::string& name : formula_variables(guard.when)) {
      if (name == "value") {
        values.push_back(value);
      } else if (!take(in, metric, formula, name, values, sources).empty()) {
        known = false;
        break;
      }
    }
    if (!known) continue;
    const auto holds = evaluate_compiled(guard.when, values);
    if (!holds) return holds.error().message;
    if (*holds != 0) return guard.reason;
  }
  return {};
}

// The measurement that holds every counter of the formula kernel by kernel; nothing where the formula reads
// none, or they were taken over the launch, or by several measurements.
std::optional<std::size_t> kernel_measurement(const Inputs& in, const MetricFormula& formula,
                                              const std::vector<std::string>& names) {
  std::optional<std::size_t> index;
  for (const std::string& name : names) {
    const auto named = formula.counters.find(name);
    if (named == formula.counters.end()) continue;
    const LaunchCounter& counter = in.counters.find(named->second)->second;
    if (counter.kernels < 2 || (index && *index != counter.measurement)) return std::nullopt;
    index = counter.measurement;
  }
  return index;
}

// A count adds up over kernels; everything else is a mean of theirs.
bool adds_up(const Metric& metric, const MetricFormula& formula, const std::vector<std::string>& names) {
  constexpr std::array<std::string_view, 6> kCounts{"B", "FLOP", "OP", "inst", "cycles", "ns"};
  if (std::find(kCounts.begin(), kCounts.end(), metric.unit) == kCounts.end()) return false;
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto named = formula.counters.find(name);
    return named == formula.counters.end() || denominator_of(named->second).how == Combine::kAdd;
  });
}

// The counter whose denominator weighs the formula's kernels: the first that is a mean itself.
std::string weighing_counter(const MetricFormula& formula, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto named = formula.counters.find(name);
    if (named != formula.counters.end() && denominator_of(named->second).how == Combine::kWeigh)
      return named->second;
  }
  return std::string(kKernelDurationCounter);
}

// The formula of every kernel, then their sum or their mean; `values` are those of the launch, of which the
// run's own variables stay.
core::Result<double> by_kernel(const Inputs& in, const Metric& metric, const MetricFormula& formula,
                               const std::vector<std::string>& names, std::vector<double> values,
                               std::size_t index) {
  const bool add = adds_up(metric, formula, names);
  const std::string weigher = weighing_counter(formula, names);
  const auto weights = add ? std::nullopt : kernel_weights(in.kernels, weigher, index);
  if (!add && !weights) {
    return core::fail(
        {core::ErrorCode::kUsage,
         fmt::format("a mean over {} kernels needs what weighs {} in each", in.kernels.size(), weigher),
         "",
         {}});
  }
  double sum = 0, total = 0;
  for (const auto& [ordinal, counters] : in.kernels) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto named = formula.counters.find(names[i]);
      if (named == formula.counters.end()) continue;
      const CounterReading* reading = reading_of(counters, named->second, index);
      if (reading == nullptr || !reading->value) {
        return core::fail(
            {core::ErrorCode::kUsage,
             fmt::format("counter {}: kernel {} of the launch has none", named->second, ordinal),
             "",
             {}});
      }
      values[i] = *reading->value;
    }
    const auto one = evaluate_compiled(formula.formula, values);
    if (!one) return one;
    const double weight = add ? 1 : weights->of.at(ordinal);
    // A kernel that has no share of the weight has none of the mean, be its own value 0 / 0.
    if (weight > 0) sum += weight * *one;
    total += weight;
  }
  return add ? sum : sum / total;
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
  const std::vector<std::string> names = formula_variables(formula->formula);
  for (const std::string& name : names) {
    result.reason = take(in, metric, *formula, name, values, sources);
    if (!result.reason.empty()) return result;
  }
  result.provenance = joined(sources);
  const auto apart = takes_extreme(formula->formula) ? kernel_measurement(in, *formula, names) : std::nullopt;
  const auto computed = apart ? by_kernel(in, metric, *formula, names, values, *apart)
                              : evaluate_compiled(formula->formula, values);
  if (apart) result.provenance += ", kernel by kernel";
  if (!computed) {
    result.reason = computed.error().message;
  } else if (!std::isfinite(*computed)) {
    result.reason = fmt::format("'{}' divides by zero for this run", formula->formula);
  } else if (result.reason = guard_reason(in, metric, *formula, *computed); result.reason.empty()) {
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

MetricValue Catalogue::evaluate(const core::RunRecord& run, const Metric& metric) const {
  return value_of(inputs_of(run), metric);
}

}  // namespace flashcore::analysis
