// Metrics of two sets of runs beside their time.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/devices.h"
#include "analysis/formula.h"
#include "analysis/run_values.h"
#include "analysis/verdict/comparison_parts.h"
#include "analysis/verdict/noise.h"
#include "analysis/verdict/series.h"

namespace flashcore::analysis {
namespace {

// Where a metric's value comes from decides how it is judged.
enum class Source {
  kExact,   // the compiler, the launch, the problem
  kTime,    // the time that was judged already
  kCycles,  // the same at the run's own clock
  kFloor,   // of the machine, whatever the kernel is
  kTimed,   // another time: of single launches
  kCounters,
};

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Source source_of(const Metric& metric, const RunAnalysis& run) {
  const MetricFormula* formula = metric.formula_for(formula_chip(run.run.device));
  if (formula == nullptr) return Source::kCounters;
  if (!formula->counters.empty()) return Source::kCounters;
  const std::vector<std::string> names = formula_variables(formula->formula);
  if (holds(names, "limit_share")) return Source::kCycles;
  if (holds(names, "duration_ns")) return holds(names, "sm_clock_hz") ? Source::kCycles : Source::kTime;
  if (holds(names, "empty_kernel_ns")) return Source::kFloor;
  for (const std::string& name : names) {
    const RunVariable* variable = find_run_variable(name);
    if (variable == nullptr || variable->source == "counters") return Source::kCounters;
    if (variable->source == "timing" || name == "limit_ns") return Source::kTimed;
  }
  return Source::kExact;
}

// A metric's value in each run whose answer allows it.
struct SideValues {
  ValueSet values;
  std::string missing;
};

const MetricValue* value_at(const RunAnalysis& run, const Metric& metric, std::size_t index) {
  if (index < run.metrics.size() && run.metrics[index].metric == &metric) return &run.metrics[index];
  return run.metric(metric.id);
}

SideValues values_of(const RunSet& set, const Metric& metric, std::size_t index) {
  SideValues side;
  for (const RunAnalysis* run : set.runs) {
    const std::string objection = timing_objection(run->run);
    const MetricValue* value = value_at(*run, metric, index);
    if (!objection.empty()) {
      if (side.missing.empty()) side.missing = objection;
    } else if (value == nullptr) {
      if (side.missing.empty()) side.missing = "it was analysed with another catalogue";
    } else if (!value->value) {
      if (side.missing.empty()) side.missing = value->reason;
    } else {
      side.values.push_back({run->run.id, {*value->value}});
    }
  }
  if (set.runs.empty()) side.missing = "there are no runs";
  return side;
}

double centre_of_values(const ValueSet& set) {
  std::vector<double> values;
  for (const RunValues& run : set) values.push_back(run.values.front());
  return centre_of(std::move(values));
}

// What rests on the time says what the time says: its bounds, turned over where more is better.
Judgement follow(const Judgement& judged, const Comparison& all, bool lower_is_better, double base,
                 double now) {
  Judgement j = judged;
  j.verdict = all.verdict;
  j.base = base;
  j.now = now;
  j.because = "it follows the verdict on the time";
  j.notes.clear();
  if (lower_is_better) return j;
  const auto turned = [](const std::optional<double>& change) -> std::optional<double> {
    return change && *change > -1 ? std::optional<double>(1 / (1 + *change) - 1) : std::nullopt;
  };
  j.change = turned(judged.change);
  j.low = turned(judged.high);
  j.high = turned(judged.low);
  return j;
}

double spread_of(Source source, const Metric& metric, const Comparison& all, double base, double now) {
  // Of four processes: 0.5 to 7.5 %.
  if (source == Source::kTimed) return 0.05;
  return std::max(counter_spread(metric, *all.base.runs.front(), base),
                  counter_spread(metric, *all.now.runs.front(), now));
}

struct Pending {
  MetricComparison* to = nullptr;
  Source source = Source::kCounters;
  ValueSet base, now;
};

MetricComparison begin(const Metric& metric, std::size_t index, const Comparison& all, Pending& pending) {
  MetricComparison one;
  one.metric = &metric;
  SideValues base = values_of(all.base, metric, index), now = values_of(all.now, metric, index);
  if (base.values.empty()) one.missing = "base: " + base.missing;
  if (now.values.empty()) {
    if (!one.missing.empty()) one.missing += "; ";
    one.missing += "now: " + now.missing;
  }
  pending.source = source_of(metric, *all.base.runs.front());
  pending.base = std::move(base.values);
  pending.now = std::move(now.values);
  if (one.missing.empty() && pending.source == Source::kFloor) {
    one.missing =
        "it is the machine's floor under the time, at its own number of launches: no property of a kernel";
  }
  one.exact = one.missing.empty() && pending.source == Source::kExact;
  return one;
}

void judge_one(const Pending& pending, const Comparison& all, JudgeOptions judging) {
  MetricComparison& one = *pending.to;
  judging.lower_is_better = one.metric->direction == Direction::kLowerIsBetter;
  if (pending.source == Source::kExact) {
    judging.prior_spread = 0;
    one.judgement = judge(pending.base, pending.now, judging);
    return;
  }
  const double base = centre_of_values(pending.base), now = centre_of_values(pending.now);
  const bool follows = pending.source == Source::kTime || pending.source == Source::kCycles;
  if (follows) {
    const bool cycles = pending.source == Source::kCycles && all.cycles;
    one.judgement = follow(cycles ? *all.cycles : all.time, all, judging.lower_is_better, base, now);
    return;
  }
  judging.prior_spread = spread_of(pending.source, *one.metric, all, base, now);
  judging.prior_weight = kCounterWeight;
  one.judgement = judge(pending.base, pending.now, judging);
}

}  // namespace

std::vector<MetricComparison> compare_metrics(const Comparison& all, const CompareOptions& options) {
  std::vector<MetricComparison> metrics;
  if (all.base.runs.empty() || all.now.runs.empty()) return metrics;
  const std::vector<MetricValue>& catalogue = all.base.runs.front()->metrics;
  metrics.reserve(catalogue.size());  // `pending` points into it
  std::vector<Pending> pending;
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    const Metric* metric = catalogue[i].metric;
    if (metric == nullptr || metric->direction == Direction::kNeutral) continue;
    Pending next;
    metrics.push_back(begin(*metric, i, all, next));
    next.to = &metrics.back();
    if (next.to->missing.empty()) pending.push_back(std::move(next));
  }
  // What has noise and is judged by itself shares the level.
  const auto noisy = std::count_if(pending.begin(), pending.end(), [](const Pending& p) {
    return p.source == Source::kCounters || p.source == Source::kTimed;
  });
  JudgeOptions judging;
  judging.smallest = options.smallest;
  judging.level = options.level;
  judging.comparisons = std::max(1, options.comparisons) * std::max(1, static_cast<int>(noisy));
  for (const Pending& one : pending) judge_one(one, all, judging);
  return metrics;
}

}  // namespace flashcore::analysis
