#include "analysis/gate/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "analysis/devices.h"
#include "analysis/formula.h"
#include "analysis/kernels.h"
#include "analysis/run_values.h"

namespace flashcore::analysis {
namespace {

struct One {
  std::optional<double> value;
  std::string missing;
  bool exact = false;  // from the compiler, the launch or the checks: no noise
};

bool same_build(const core::RunRecord& a, const core::RunRecord& b) {
  const core::EnvironmentRecord &x = a.environment, &y = b.environment;
  return x.git_sha == y.git_sha && x.kernels_hash == y.kernels_hash && x.kernels_dirty == y.kernels_dirty &&
         a.subject.source_hash == b.subject.source_hash;
}

// Of one thing that every check has; an answer with NaN or Inf is further off than any number.
One worst_check(const core::RunRecord& run, const std::function<double(const core::CheckRecord&)>& of) {
  One one{std::nullopt, "the answer was not checked", true};
  for (const core::CheckRecord& check : core::all_checks(run)) {
    const bool broken = check.nan_count > 0 || check.inf_count > 0;
    const double value = broken ? std::numeric_limits<double>::infinity() : of(check);
    one.value = std::max(one.value.value_or(value), value);
  }
  return one;
}

double error_share(const core::CheckRecord& check) {
  if (check.max_tolerance > 0) return check.max_error / check.max_tolerance;
  return check.max_error > 0 ? std::numeric_limits<double>::infinity() : 0;
}

using Field = std::function<std::optional<double>(const core::ResourceRecord&)>;

Field resource_field(const std::string& metric) {
  const auto number = [](const auto& v) {
    return v ? std::optional<double>(static_cast<double>(*v)) : std::nullopt;
  };
  using R = core::ResourceRecord;
  if (metric == "registers") return [=](const R& r) { return number(r.registers); };
  if (metric == "static_shared_bytes") return [=](const R& r) { return number(r.static_shared_bytes); };
  if (metric == "dynamic_shared_bytes") return [=](const R& r) { return number(r.dynamic_shared_bytes); };
  if (metric == "stack_bytes") return [=](const R& r) { return number(r.stack_bytes); };
  if (metric == "shared_bytes") {
    return [](const R& r) -> std::optional<double> {
      if (!r.static_shared_bytes || !r.dynamic_shared_bytes) return std::nullopt;
      return static_cast<double>(*r.static_shared_bytes + *r.dynamic_shared_bytes);
    };
  }
  return {};
}

One most_of_kernels(const core::RunRecord& run, const Field& field) {
  const auto kernels = kernel_resources(run);
  One one{std::nullopt, kernels.empty() ? "the resources of its kernels are not known" : "", true};
  for (const KernelResources& kernel : kernels) {
    const auto value = field(kernel.resources);
    if (!value) return {std::nullopt, "nobody said it for kernel " + kernel.kernel.name, true};
    one.value = std::max(one.value.value_or(*value), *value);
  }
  return one;
}

std::string kernel_with_most(const core::RunRecord& run, const Field& field) {
  const auto kernels = kernel_resources(run);
  if (!field || kernels.size() < 2) return {};
  const KernelResources* most = nullptr;
  for (const KernelResources& kernel : kernels) {
    const auto value = field(kernel.resources);
    if (value && (most == nullptr || *value > *field(most->resources))) most = &kernel;
  }
  return most != nullptr ? most->kernel.name : std::string();
}

// Whether a metric rests on the compiler and the launch alone.
bool is_exact(const Metric& metric, const core::RunRecord& run) {
  const MetricFormula* formula = metric.formula_for(formula_chip(run.device));
  if (formula == nullptr || !formula->counters.empty()) return false;
  const auto names = formula_variables(formula->formula);
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    const RunVariable* variable = find_run_variable(name);
    return variable != nullptr && variable->source == "resources" && name != "theoretical_occupancy";
  });
}

One value_in(const RunAnalysis& run, const std::string& metric) {
  if (metric == "max_error") return worst_check(run.run, [](const auto& c) { return c.max_error; });
  if (metric == "mean_error") return worst_check(run.run, [](const auto& c) { return c.mean_error; });
  if (metric == "error_share") return worst_check(run.run, error_share);
  if (metric == "shared_bytes") return most_of_kernels(run.run, resource_field(metric));
  const MetricValue* found = run.metric(metric);
  if (found == nullptr) return {std::nullopt, "the catalogue of these runs does not hold it", false};
  return {found->value, found->reason, is_exact(*found->metric, run.run)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

core::RowId RunSeries::newest() const {
  return runs.back()->run.id;
}

bool same_series(const core::RunRecord& a, const core::RunRecord& b) {
  return a.subject.kind == b.subject.kind && a.subject.name == b.subject.name && a.problem == b.problem &&
         a.cache == b.cache && core::same_class(a.device, b.device);
}

std::vector<RunSeries> series_of(std::span<const RunAnalysis> runs, std::vector<std::string>& notes) {
  std::vector<const RunAnalysis*> ordered;
  for (const RunAnalysis& run : runs) ordered.push_back(&run);
  std::stable_sort(ordered.begin(), ordered.end(), [](const RunAnalysis* a, const RunAnalysis* b) {
    return a->run.taken_at < b->run.taken_at;
  });
  std::vector<RunSeries> all;
  for (const RunAnalysis* run : ordered) {
    const auto same = std::find_if(all.begin(), all.end(),
                                   [&](const RunSeries& s) { return same_series(s.record(), run->run); });
    if (same == all.end()) {
      all.push_back({{run}});
    } else {
      same->runs.push_back(run);
    }
  }
  for (RunSeries& series : all) {
    const core::RunRecord& newest = series.runs.back()->run;
    const auto older =
        std::erase_if(series.runs, [&](const RunAnalysis* r) { return !same_build(r->run, newest); });
    if (older > 0) {
      notes.push_back(fmt::format("{}: {} run(s) of other builds were left out, the newest build is judged",
                                  run_label(newest), older));
    }
  }
  return all;
}

SeriesValue value_of(const RunSeries& series, const std::string& metric, bool upwards) {
  SeriesValue all;
  std::vector<double> values;
  bool exact = true;
  for (const RunAnalysis* run : series.runs) {
    const One one = value_in(*run, metric);
    if (one.value) {
      values.push_back(*one.value);
      exact = exact && one.exact;
    } else if (all.missing.empty()) {
      all.missing = one.missing;
    }
  }
  if (values.empty()) return all;
  all.missing.clear();
  all.runs = static_cast<int>(values.size());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  all.least = *least;
  all.most = *most;
  all.worst = exact;
  all.value = exact ? (upwards ? all.most : all.least) : median(values);
  all.where = kernel_with_most(series.runs.back()->run, resource_field(metric));
  return all;
}

}  // namespace flashcore::analysis
