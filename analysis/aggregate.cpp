#include "analysis/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace flashcore::analysis {
namespace {

using Kernels = std::map<int, const core::CounterValue*>;  // by kernel_index

LaunchCounter described_by(const core::CounterValue& counter) {
  LaunchCounter launch;
  launch.collector = counter.collector;
  launch.tool = counter.tool;
  launch.passes = counter.passes;
  return launch;
}

LaunchCounter single(const core::CounterValue& counter) {
  LaunchCounter launch = described_by(counter);
  if (!counter.value) {
    launch.reason = counter.reason.empty() ? "the collector gave no reason" : counter.reason;
  } else if (!std::isfinite(*counter.value)) {
    launch.reason = fmt::format("the tool gave {} that is not a finite number", counter.name);
  } else {
    launch.value = counter.value;
  }
  return launch;
}

// The mean of `kernels` weighted by the kernels' durations.
void weighted_mean(const Kernels& kernels, const Kernels* durations, LaunchCounter& launch) {
  double sum = 0;
  double weights = 0;
  for (const auto& [index, counter] : kernels) {
    const auto duration = durations != nullptr ? durations->find(index) : Kernels::const_iterator{};
    const bool known = durations != nullptr && duration != durations->end() && duration->second->value &&
                       std::isfinite(*duration->second->value);
    if (!known) {
      launch.reason = fmt::format("an average over {} kernels needs {} of each, and kernel {} has none",
                                  kernels.size(), kKernelDurationCounter, index);
      return;
    }
    sum += *counter->value * *duration->second->value;
    weights += *duration->second->value;
  }
  if (weights > 0) {
    launch.value = sum / weights;
  } else {
    launch.reason = fmt::format("the {} kernels of the launch took no time", kernels.size());
  }
}

LaunchCounter combined(const std::string& name, const Kernels& kernels, const Kernels* durations) {
  LaunchCounter launch = described_by(*kernels.begin()->second);
  launch.kernels = static_cast<int>(kernels.size());
  std::vector<double> values;
  for (const auto& [index, counter] : kernels) {
    const LaunchCounter one = single(*counter);
    launch.passes = std::max(launch.passes, one.passes);
    if (!one.value) {
      launch.reason = fmt::format("kernel {} of {}: {}", index, kernels.size(), one.reason);
      return launch;
    }
    values.push_back(*one.value);
  }
  const std::string_view view = name;
  if (view.ends_with(".sum")) {
    double sum = 0;
    for (const double value : values) sum += value;
    launch.value = sum;
  } else if (view.ends_with(".max")) {
    launch.value = *std::max_element(values.begin(), values.end());
  } else if (view.ends_with(".min")) {
    launch.value = *std::min_element(values.begin(), values.end());
  } else {
    weighted_mean(kernels, durations, launch);
  }
  return launch;
}

}  // namespace

std::map<std::string, LaunchCounter> aggregate_counters(std::span<const core::CounterValue> counters) {
  std::map<std::string, Kernels> by_name;
  for (const core::CounterValue& counter : counters) by_name[counter.name][counter.kernel_index] = &counter;
  const auto durations = by_name.find(std::string(kKernelDurationCounter));

  std::size_t kernel_count = 0;
  for (const auto& [name, kernels] : by_name) {
    kernel_count = std::max(kernel_count, kernels.size() - kernels.count(-1));
  }
  std::map<std::string, LaunchCounter> launch;
  for (const auto& [name, kernels] : by_name) {
    if (const auto whole = kernels.find(-1); whole != kernels.end()) {
      launch.emplace(name, single(*whole->second));
    } else if (kernels.size() < kernel_count) {
      LaunchCounter part = described_by(*kernels.begin()->second);
      part.reason =
          fmt::format("it was taken for {} of the launch's {} kernels", kernels.size(), kernel_count);
      launch.emplace(name, std::move(part));
    } else if (kernels.size() == 1) {
      launch.emplace(name, single(*kernels.begin()->second));
    } else {
      launch.emplace(name,
                     combined(name, kernels, durations != by_name.end() ? &durations->second : nullptr));
    }
  }
  return launch;
}

}  // namespace flashcore::analysis
