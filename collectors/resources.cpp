#include "collectors/resources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "collectors/halves.h"
#include "core/build_info.h"

namespace flashcore::collectors {
namespace {

void diagnose(core::MeasurementRecord& measurement, std::string message, std::string hint) {
  measurement.diagnostics.push_back({core::Severity::kInfo, "resources_unknown", std::move(message),
                                     std::move(hint), measurement.collector});
}

core::ResourceRecord resource_of(const Target& target, const core::KernelPlan& kernel, int ordinal) {
  core::ResourceRecord record;
  record.kernel = ordinal;
  record.dynamic_shared_bytes = kernel.dynamic_shared_bytes;
  const auto driver = driver_resources(kernel);
  // What the driver loaded decides which of the compiler's targets is meant: a GPU may run code that
  // was built for an older one of its generation.
  std::optional<int> arch;
  if (driver) {
    arch = driver->binary_arch;
  } else if (target.device) {
    arch = target.device->compute_major * 10 + target.device->compute_minor;
  }
  const auto compiled = arch ? target.launchable->compiled(kernel.name, *arch) : std::nullopt;
  if (driver) {
    record.registers = driver->registers;
    record.static_shared_bytes = driver->static_shared_bytes;
    record.local_bytes = driver->local_bytes;
    record.binary_arch = driver->binary_arch;
  }
  if (compiled) {
    if (!driver) {
      record.registers = compiled->registers;
      record.static_shared_bytes = compiled->static_shared_bytes;
      record.binary_arch = arch;
    }
    record.stack_bytes = compiled->stack_bytes;
    record.spill_store_bytes = compiled->spill_store_bytes;
    record.spill_load_bytes = compiled->spill_load_bytes;
    record.binary_bytes = compiled->binary_bytes;
  }
  record.provenance = driver ? (compiled ? "driver+ptxas" : "driver") : (compiled ? "ptxas" : "plan");
  if (target.device) {
    const std::int64_t threads = std::int64_t{1} * kernel.block_x * kernel.block_y * kernel.block_z;
    fill_occupancy(record, threads, *target.device);
    if (driver && driver->blocks_per_sm) {
      trust_driver_blocks(record, *driver->blocks_per_sm, threads, *target.device);
    }
  }
  return record;
}

}  // namespace

std::optional<DriverResources> resources_of_function(const FunctionAnswers& ask) {
  const auto registers = ask(FunctionQuestion::kRegisters);
  const auto shared = ask(FunctionQuestion::kStaticSharedBytes);
  const auto local = ask(FunctionQuestion::kLocalBytes);
  const auto arch = ask(FunctionQuestion::kBinaryArch);
  if (!registers || !shared || !local || !arch) return std::nullopt;
  return DriverResources{*registers, *shared, *local, *arch, ask(FunctionQuestion::kBlocksPerSm)};
}

void trust_driver_blocks(core::ResourceRecord& resource, int blocks_per_sm, std::int64_t threads_per_block,
                         const core::DeviceRecord& device) {
  if (resource.blocks_per_sm == blocks_per_sm) return;
  if (device.warp_size <= 0 || device.max_threads_per_sm < device.warp_size) return;
  const std::int64_t warps = (threads_per_block + device.warp_size - 1) / device.warp_size;
  resource.blocks_per_sm = blocks_per_sm;
  resource.theoretical_occupancy =
      static_cast<double>(blocks_per_sm * warps) / (device.max_threads_per_sm / device.warp_size);
  resource.occupancy_limiter.clear();
}

std::vector<core::KernelRecord> planned_kernels(std::span<const core::KernelPlan> plan) {
  std::vector<core::KernelRecord> kernels;
  for (const core::KernelPlan& kernel : plan) {
    kernels.push_back({static_cast<int>(kernels.size()), kernel.name,
                       core::Extent3{kernel.grid_x, kernel.grid_y, kernel.grid_z},
                       core::Extent3{kernel.block_x, kernel.block_y, kernel.block_z}});
  }
  return kernels;
}

core::Result<core::MeasurementRecord> ResourcesCollector::collect(const Target& target,
                                                                  const core::CancelToken& cancel,
                                                                  const Progress& progress) {
  auto measurement = begin_measurement(id(), "FlashCore", std::string(core::build_info().version));
  if (target.launchable == nullptr) {
    refuse(measurement, nothing_to_launch(target), "nothing_to_launch", {});
    return measurement;
  }
  core::Launchable& launchable = *target.launchable;
  keep_choice(measurement, launchable);
  const auto kernels = launchable.kernels();
  const int total = static_cast<int>(kernels.size());
  measurement.kernels = planned_kernels(kernels);
  std::vector<std::string> unknown;
  if (progress) progress(0, total);
  for (int ordinal = 0; ordinal < total; ++ordinal) {
    if (cancel.requested()) {
      return core::fail(core::ErrorCode::kCancelled,
                        fmt::format("reading the resources of {} was stopped", launchable.label()));
    }
    const core::KernelPlan& kernel = kernels[static_cast<std::size_t>(ordinal)];
    measurement.resources.push_back(resource_of(target, kernel, ordinal));
    if (!measurement.resources.back().registers) unknown.push_back(kernel.name);
    if (progress) progress(ordinal + 1, total);
  }
  if (!unknown.empty()) {
    diagnose(measurement,
             fmt::format("the registers and shared memory of {} are unknown", fmt::join(unknown, ", ")),
             "the driver was not told which functions they are, or did not answer; ncu shows them");
  }
  if (launchable.kernels_per_launch() > total) {
    diagnose(measurement,
             fmt::format("{} of the {} kernels of {} belong to a library and are not listed",
                         launchable.kernels_per_launch() - total, launchable.kernels_per_launch(),
                         launchable.label()),
             "");
  }
  if (!measurement.diagnostics.empty()) {
    measurement.status = core::MeasurementStatus::kPartial;
    measurement.reason = measurement.diagnostics.front().message;
  }
  return measurement;
}

}  // namespace flashcore::collectors
