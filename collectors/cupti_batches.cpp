#include "collectors/cupti_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace flashcore::collectors {

PassShare pass_share(int kernels_per_launch, core::CacheState cache) {
  const auto kernels = static_cast<std::size_t>(std::max(kernels_per_launch, 1));
  return {.lead = cache == core::CacheState::kCold ? 1 : kernels, .kernels = kernels};
}

std::size_t room_for(std::size_t ranges) {
  return std::max(kLeastRoom, std::bit_ceil(ranges + 1));
}

std::vector<CounterBatch> batches_of(std::span<const PassShare> shares) {
  std::vector<CounterBatch> batches;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::size_t ranges = shares[i].ranges();
    if (batches.empty() || batches.back().ranges + ranges >= kMostRoom) batches.push_back({.first = i});
    ++batches.back().count;
    batches.back().ranges += ranges;
  }
  return batches;
}

std::optional<std::string> passes_trouble(const PassesTaken& taken) {
  if (taken.dropped > 0) {
    return fmt::format("CUPTI dropped {} of the {} kernels that were launched in each pass", taken.dropped,
                       taken.expected_ranges);
  }
  if (taken.ranges != taken.expected_ranges) {
    return fmt::format("{} kernels were expected in each pass, and CUPTI counted {}", taken.expected_ranges,
                       taken.ranges);
  }
  if (taken.passes < taken.expected_passes) {
    return fmt::format("the counters need {} passes, and CUPTI took {}", taken.expected_passes, taken.passes);
  }
  return std::nullopt;
}

std::optional<std::string> blocks_trouble(std::span<const core::KernelPlan> plan,
                                          std::span<const std::optional<double>> blocks) {
  if (plan.size() != blocks.size()) return std::nullopt;  // which kernel has which grid is not known
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const core::KernelPlan& kernel = plan[i];
    if (!blocks[i] || (kernel.function == nullptr && kernel.driver_function == nullptr)) continue;
    const auto planned = static_cast<double>(kernel.grid_x * kernel.grid_y * kernel.grid_z);
    // A difference below a half is no block. Not-a-number is no answer either.
    if (std::abs(*blocks[i] - planned) < 0.5) continue;
    return fmt::format(
        "kernel {} of the launch, {}, has {:.0f} blocks, and CUPTI counted {:.0f}: the values "
        "are another kernel's",
        i, kernel.name, planned, *blocks[i]);
  }
  return std::nullopt;
}

}  // namespace flashcore::collectors
