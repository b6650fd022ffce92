#include "analysis/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

#include "analysis/denominators.h"

namespace flashcore::analysis {
namespace {

// What a measurement holds of one counter: by kernel, and of the launch as a whole.
struct Held {
  const core::CounterValue* launch = nullptr;
  std::map<int, const core::CounterValue*> kernels;
};

std::string why_missing(const core::CounterValue& counter) {
  if (!counter.value) return counter.reason.empty() ? "the collector gave no reason" : counter.reason;
  if (!std::isfinite(*counter.value)) return "the tool gave a value that is not a finite number";
  return {};
}

void take_single(const core::CounterValue& counter, CounterReading& reading) {
  reading.reason = why_missing(counter);
  if (reading.reason.empty()) reading.value = counter.value;
}

using ByName = std::map<std::string_view, Held>;
using Weights = std::map<int, double>;  // by ordinal

// The values of a counter by kernel, where it is known for all of `ordinals`.
std::optional<Weights> values_of(const ByName& all, std::string_view name, const Held& ordinals) {
  const auto held = all.find(name);
  if (held == all.end()) return std::nullopt;
  Weights values;
  for (const auto& [ordinal, counter] : ordinals.kernels) {
    const auto at = held->second.kernels.find(ordinal);
    if (at == held->second.kernels.end() || !why_missing(*at->second).empty()) return std::nullopt;
    values.emplace(ordinal, *at->second->value);
  }
  return values;
}

// The same, or what a rate makes of it: X = X.per_second * time.
std::optional<Weights> weights_of(const ByName& all, const std::string& name, const Held& ordinals) {
  if (auto counted = values_of(all, name, ordinals)) return counted;
  auto rates = values_of(all, name + ".per_second", ordinals);
  const auto durations = values_of(all, kKernelDurationCounter, ordinals);
  if (!rates || !durations) return std::nullopt;
  for (auto& [ordinal, rate] : *rates) rate *= durations->at(ordinal) * 1e-9;
  return rates;
}

void weighted_mean(const Held& held, const ByName& all, const std::vector<std::string>& names,
                   CounterReading& reading) {
  for (const std::string& name : names) {
    const auto weights = weights_of(all, name, held);
    if (!weights) continue;
    double sum = 0, total = 0;
    for (const auto& [ordinal, counter] : held.kernels) {
      sum += *counter->value * weights->at(ordinal);
      total += weights->at(ordinal);
    }
    if (total > 0) {
      reading.value = sum / total;
      reading.weighted_by = name;
    } else {
      reading.reason =
          fmt::format("{} is 0 for all {} kernels of the launch, so that nothing weighs its mean", name,
                      held.kernels.size());
    }
    return;
  }
  std::string needs;
  for (const std::string& name : {names.front(), names.back()}) {
    if (needs != name) needs += (needs.empty() ? "" : " or ") + name;
  }
  reading.reason = fmt::format("a mean over {} kernels needs {} of each", held.kernels.size(), needs);
}

// Of the chip: equal for all kernels, but for the clock that some of these hold.
void constant(const Held& held, const ByName& all, CounterReading& reading) {
  const double first = *held.kernels.begin()->second->value;
  const bool equal = std::all_of(held.kernels.begin(), held.kernels.end(),
                                 [&](const auto& kernel) { return *kernel.second->value == first; });
  if (equal) {
    reading.value = first;
  } else {
    weighted_mean(held, all, {std::string(kKernelDurationCounter)}, reading);
  }
}

void combine(std::string_view name, const Held& held, const ByName& all, CounterReading& reading) {
  reading.kernels = static_cast<int>(held.kernels.size());
  std::vector<double> values;
  for (const auto& [ordinal, counter] : held.kernels) {
    if (const std::string why = why_missing(*counter); !why.empty()) {
      reading.reason = fmt::format("kernel {} of {}: {}", ordinal, held.kernels.size(), why);
      return;
    }
    values.push_back(*counter->value);
  }
  const Denominator denominator = denominator_of(name);
  switch (denominator.how) {
    case Combine::kAdd: reading.value = std::accumulate(values.begin(), values.end(), 0.0); break;
    case Combine::kMost: reading.value = *std::max_element(values.begin(), values.end()); break;
    case Combine::kLeast: reading.value = *std::min_element(values.begin(), values.end()); break;
    case Combine::kConstant: constant(held, all, reading); break;
    case Combine::kWeigh: weighted_mean(held, all, denominator.weights, reading); break;
  }
}

using Readings = std::map<std::string, std::vector<CounterReading>, std::less<>>;
using OneMeasurement = std::map<std::string, CounterReading, std::less<>>;

std::optional<double> value_in(const OneMeasurement& readings, std::string_view name) {
  const auto found = readings.find(name);
  return found == readings.end() ? std::nullopt : found->second.value;
}

// The factor by which a rate over the launch becomes its sum.
std::optional<double> factor_of(const OneMeasurement& readings, std::string_view name,
                                const CounterReading& rate, std::string_view suffix) {
  const auto duration_ns = value_in(readings, kKernelDurationCounter);
  if (!duration_ns) return std::nullopt;
  if (suffix == ".per_second") return *duration_ns * 1e-9;
  if (rate.kernels != 1) return std::nullopt;
  const std::string unit(name.substr(0, name.find("__")));
  auto clock = value_in(readings, unit + "__cycles_elapsed.avg.per_second");
  // The parts of an SM run at its clock.
  if (!clock && unit == "smsp") clock = value_in(readings, "sm__cycles_elapsed.avg.per_second");
  return clock ? std::optional<double>(*clock * *duration_ns * 1e-9) : std::nullopt;
}

// total = a + b. A part is the rest of the total only where all three are counted without noise; traffic is
// counted in passes of its own, whose difference means nothing.
struct Parts {
  const char *total, *a, *b;
  bool rest;
};
constexpr std::array kParts{
    Parts{"dram__bytes.sum", "dram__bytes_read.sum", "dram__bytes_write.sum", false},
    Parts{"lts__t_sectors.sum", "lts__t_sectors_lookup_hit.sum", "lts__t_sectors_lookup_miss.sum", false},
    Parts{"sm__ops_path_tensor_op_hmma_src_fp16.sum", "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum",
          "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp16.sum", true}};

// Adds the sums that a measurement lacks and that its rates or its parts give.
void derive(OneMeasurement& readings) {
  OneMeasurement derived;
  const auto add = [&](const std::string& name, const CounterReading& like, double value, std::string from) {
    if (readings.contains(name)) return;
    CounterReading reading = like;
    reading.value = value;
    reading.derived_from = std::move(from);
    derived.try_emplace(name, std::move(reading));
  };
  for (const Parts& parts : kParts) {
    const auto of = [&](const char* result, const char* x, const char* y, double sign) {
      const auto one = readings.find(x);
      const auto two = value_in(readings, y);
      if (one == readings.end() || !one->second.value || !two) return;
      const double value = *one->second.value + sign * *two;
      if (value >= 0) add(result, one->second, value, fmt::format("{} and {}", x, y));
    };
    of(parts.total, parts.a, parts.b, 1);
    if (!parts.rest) continue;
    of(parts.a, parts.total, parts.b, -1);
    of(parts.b, parts.total, parts.a, -1);
  }
  for (const auto& [name, reading] : readings) {
    for (const std::string_view suffix :
         {std::string_view(".per_second"), std::string_view(".per_cycle_elapsed")}) {
      if (!reading.value || !std::string_view(name).ends_with(suffix)) continue;
      const std::string sum = name.substr(0, name.size() - suffix.size());
      if (!sum.ends_with(".sum")) continue;
      if (const auto factor = factor_of(readings, name, reading, suffix))
        add(sum, reading, *reading.value * *factor, name);
    }
  }
  readings.merge(derived);
}

// Adds the launch's counters as the measurement at `index` has them.
void read_measurement(const core::RunRecord& run, std::size_t index, Readings& readings) {
  const core::MeasurementRecord& measurement = run.measurements[index];
  ByName by_name;
  for (const core::CounterValue& counter : measurement.counters) {
    Held& held = by_name[counter.name];
    if (counter.kernel) {
      held.kernels[*counter.kernel] = &counter;
    } else {
      held.launch = &counter;
    }
  }
  std::size_t kernel_count = run.kernels.size();
  for (const auto& [name, held] : by_name) kernel_count = std::max(kernel_count, held.kernels.size());

  OneMeasurement mine;
  for (const auto& [name, held] : by_name) {
    CounterReading reading;
    reading.collector = measurement.collector;
    reading.tool = tool_text(measurement);
    reading.passes = measurement.passes.value_or(0);
    reading.measurement = index;
    if (held.launch != nullptr) {
      take_single(*held.launch, reading);
    } else if (held.kernels.size() < kernel_count) {
      reading.reason =
          fmt::format("it was taken for {} of the launch's {} kernels", held.kernels.size(), kernel_count);
    } else if (held.kernels.size() == 1) {
      take_single(*held.kernels.begin()->second, reading);
    } else {
      combine(name, held, by_name, reading);
    }
    mine.emplace(name, std::move(reading));
  }
  derive(mine);
  for (auto& [name, reading] : mine) readings[name].push_back(std::move(reading));
}

int status_rank(core::MeasurementStatus status) noexcept {
  if (status == core::MeasurementStatus::kComplete) return 0;
  return status == core::MeasurementStatus::kPartial ? 1 : 2;
}

// What a measurement holds of one kernel alone.
core::MeasurementRecord counters_of(const core::MeasurementRecord& measurement, int kernel) {
  core::MeasurementRecord out;
  out.collector = measurement.collector;
  out.tool = measurement.tool;
  out.tool_version = measurement.tool_version;
  out.passes = measurement.passes;
  out.status = measurement.status;
  for (const core::CounterValue& counter : measurement.counters) {
    if (counter.kernel == kernel) out.counters.push_back(counter);
  }
  return out;
}

}  // namespace

KernelCounters counters_by_kernel(const core::RunRecord& run) {
  std::set<int> ordinals;
  for (const core::MeasurementRecord& measurement : run.measurements) {
    for (const core::CounterValue& counter : measurement.counters) {
      if (counter.kernel) ordinals.insert(*counter.kernel);
    }
  }
  KernelCounters kernels;
  if (ordinals.size() < 2) return kernels;
  for (const int ordinal : ordinals) {
    core::RunRecord alone;
    for (const core::MeasurementRecord& measurement : run.measurements) {
      alone.measurements.push_back(counters_of(measurement, ordinal));
    }
    kernels.emplace(ordinal, aggregate_counters(alone));
  }
  return kernels;
}

const CounterReading* reading_of(const LaunchCounters& counters, std::string_view name, std::size_t index) {
  const auto found = counters.find(name);
  if (found == counters.end()) return nullptr;
  if (found->second.measurement == index) return &found->second;
  for (const CounterReading& other : found->second.others) {
    if (other.measurement == index) return &other;
  }
  return nullptr;
}

std::optional<KernelWeights> kernel_weights(const KernelCounters& kernels, std::string_view counter,
                                            std::size_t index) {
  std::vector<std::string> names = denominator_of(counter).weights;
  names.emplace_back(kKernelDurationCounter);
  for (const std::string& name : names) {
    KernelWeights weights{{}, name};
    double total = 0;
    for (const auto& [ordinal, counters] : kernels) {
      const CounterReading* reading = reading_of(counters, name, index);
      if (reading == nullptr || !reading->value) break;
      weights.of.emplace(ordinal, *reading->value);
      total += *reading->value;
    }
    if (weights.of.size() == kernels.size() && total > 0) return weights;
  }
  return std::nullopt;
}

int collector_rank(std::string_view collector) noexcept {
  if (collector == "cupti") return 0;
  return collector == "ncu" ? 1 : 2;
}

std::string tool_text(const core::MeasurementRecord& measurement) {
  if (measurement.tool_version.empty()) return measurement.tool;
  return measurement.tool.empty() ? measurement.tool_version
                                  : measurement.tool + " " + measurement.tool_version;
}

std::string counter_provenance(const CounterReading& reading) {
  std::string text = reading.collector.empty() ? "counters" : reading.collector;
  if (reading.passes > 0) {
    text += fmt::format(", {} {}", reading.passes, reading.passes == 1 ? "pass" : "passes");
  }
  if (!reading.tool.empty()) text += ", " + reading.tool;
  if (reading.kernels > 1) text += fmt::format(", {} kernels aggregated", reading.kernels);
  if (!reading.weighted_by.empty()) {
    text += ", weighted by " +
            (reading.weighted_by == kKernelDurationCounter ? std::string("time") : reading.weighted_by);
  }
  if (!reading.derived_from.empty()) text += ", from " + reading.derived_from;
  return text;
}

LaunchCounters aggregate_counters(const core::RunRecord& run) {
  Readings readings;
  for (std::size_t i = 0; i < run.measurements.size(); ++i) read_measurement(run, i, readings);
  const auto key = [&](const CounterReading& reading) {
    return std::tuple(!reading.value.has_value(), !reading.derived_from.empty(),
                      status_rank(run.measurements[reading.measurement].status),
                      collector_rank(reading.collector), -static_cast<std::ptrdiff_t>(reading.measurement));
  };
  LaunchCounters counters;
  for (auto& [name, found] : readings) {
    std::sort(found.begin(), found.end(),
              [&](const CounterReading& a, const CounterReading& b) { return key(a) < key(b); });
    LaunchCounter counter{std::move(found.front()), {}};
    counter.others.assign(std::make_move_iterator(found.begin() + 1), std::make_move_iterator(found.end()));
    counters.emplace(name, std::move(counter));
  }
  return counters;
}

}  // namespace flashcore::analysis
