#include "analysis/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

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

// The mean of the kernels weighted by their durations.
void weighted_mean(const Held& held, const Held* durations, CounterReading& reading) {
  double sum = 0;
  double weights = 0;
  for (const auto& [ordinal, counter] : held.kernels) {
    const auto* duration = durations != nullptr && durations->kernels.contains(ordinal)
                               ? durations->kernels.at(ordinal)
                               : nullptr;
    if (duration == nullptr || !why_missing(*duration).empty()) {
      reading.reason = fmt::format("an average over {} kernels needs {} of each, and kernel {} has none",
                                   held.kernels.size(), kKernelDurationCounter, ordinal);
      return;
    }
    sum += *counter->value * *duration->value;
    weights += *duration->value;
  }
  if (weights > 0) {
    reading.value = sum / weights;
  } else {
    reading.reason = fmt::format("the {} kernels of the launch took no time", held.kernels.size());
  }
}

void combine(std::string_view name, const Held& held, const Held* durations, CounterReading& reading) {
  reading.kernels = static_cast<int>(held.kernels.size());
  std::vector<double> values;
  for (const auto& [ordinal, counter] : held.kernels) {
    if (const std::string why = why_missing(*counter); !why.empty()) {
      reading.reason = fmt::format("kernel {} of {}: {}", ordinal, held.kernels.size(), why);
      return;
    }
    values.push_back(*counter->value);
  }
  if (name.ends_with(".sum")) {
    double sum = 0;
    for (const double value : values) sum += value;
    reading.value = sum;
  } else if (name.ends_with(".max")) {
    reading.value = *std::max_element(values.begin(), values.end());
  } else if (name.ends_with(".min")) {
    reading.value = *std::min_element(values.begin(), values.end());
  } else {
    weighted_mean(held, durations, reading);
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
  const auto read = readings.find("dram__bytes_read.sum");
  const auto written = value_in(readings, "dram__bytes_write.sum");
  if (read != readings.end() && read->second.value && written) {
    add("dram__bytes.sum", read->second, *read->second.value + *written,
        "dram__bytes_read.sum and dram__bytes_write.sum");
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
  std::map<std::string_view, Held> by_name;
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
  const auto durations = by_name.find(kKernelDurationCounter);

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
      combine(name, held, durations != by_name.end() ? &durations->second : nullptr, reading);
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

}  // namespace

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
