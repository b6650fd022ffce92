#include "analysis/metric_needs.h"

#include <algorithm>
#include <set>

#include "analysis/aggregate.h"
#include "analysis/denominators.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"

namespace flashcore::analysis {
namespace {

// Of run variables that are not told by their source alone.
void take_variable(std::string_view name, MetricNeeds& needs, std::vector<std::string>& counters) {
  const RunVariable* const variable = find_run_variable(name);
  if (variable == nullptr) return;
  if (name == "duration_ns" || name == "launch_duration_ns") {
    needs.durations = true;
  } else if (name == "sm_clock_hz" || name == "clock_is_nominal") {
    needs.clock = true;
  } else if (variable->source == "timing") {
    needs.samples = true;
  } else if (name == "limit_ns" || name == "limit_share") {
    needs.durations = needs.clock = true;
  } else if (variable->source == "counters") {
    counters.emplace_back(kKernelDurationCounter);
  } else if (variable->source == "resources") {
    needs.resources = true;
    // Several kernels' is the mean, weighed as the achieved one (analysis/run_values.cpp).
    if (name == "theoretical_occupancy")
      counters.emplace_back("sm__warps_active.avg.pct_of_peak_sustained_active");
  }
}

void take_formula(const Metric& metric, const MetricFormula& formula, MetricNeeds& needs,
                  std::vector<std::string>& counters) {
  std::vector<std::string> names = formula_variables(formula.formula);
  for (const MetricGuard& guard : metric.guards) {
    for (std::string& name : formula_variables(guard.when)) names.push_back(std::move(name));
  }
  for (const std::string& name : names) {
    const auto counter = formula.counters.find(name);
    if (counter != formula.counters.end()) {
      counters.push_back(counter->second);
    } else {
      take_variable(name, needs, counters);
    }
  }
}

// "dram__bytes" of "dram__bytes.sum": its rates and its parts ("dram__bytes_read.sum") begin so too. Those of
// a tensor operation differ behind "_dst_".
std::string beginning_of(const std::string& counter) {
  const std::string base = counter.substr(0, counter.find('.'));
  return base.substr(0, base.find("_dst_"));
}

}  // namespace

bool MetricNeeds::counter(std::string_view name) const {
  return std::any_of(counters.begin(), counters.end(),
                     [&](const std::string& beginning) { return name.starts_with(beginning); });
}

MetricNeeds needs_of(const Metric& metric, std::string_view chip) {
  MetricNeeds needs;
  std::vector<std::string> counters;
  const MetricFormula* const formula = metric.formula_for(chip);
  for (const MetricFormula& any : metric.formulas) {
    if (formula == nullptr || formula == &any) take_formula(metric, any, needs, counters);
  }
  if (counters.empty()) return needs;
  std::set<std::string> beginnings;
  // Rates become sums by time and by the cycles of their unit, or of the SM's.
  counters.emplace_back(kKernelDurationCounter);
  for (std::string& weigher : weights_for(counters)) counters.push_back(std::move(weigher));
  for (const std::string& counter : counters) {
    beginnings.insert(beginning_of(counter));
    beginnings.insert(counter.substr(0, counter.find("__")) + "__cycles_elapsed");
  }
  beginnings.insert("sm__cycles_elapsed");
  needs.counters.assign(beginnings.begin(), beginnings.end());
  return needs;
}

}  // namespace flashcore::analysis
