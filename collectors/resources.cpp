#include "collectors/resources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "collectors/halves.h"

namespace flashcore::collectors {
namespace {

core::ResourceRecord from_plan(const core::KernelPlan& kernel, int index) {
  core::ResourceRecord record;
  record.kernel_index = index;
  record.kernel = kernel.name;
  record.grid_x = kernel.grid_x;
  record.grid_y = kernel.grid_y;
  record.grid_z = kernel.grid_z;
  record.block_x = kernel.block_x;
  record.block_y = kernel.block_y;
  record.block_z = kernel.block_z;
  record.dynamic_shared_bytes = kernel.dynamic_shared_bytes;
  return record;
}

void diagnose(Sink& sink, std::string message, std::string hint) {
  sink.diagnostic(
      {core::Severity::kInfo, "resources_unknown", std::move(message), std::move(hint), "resources"});
}

}  // namespace

core::Status ResourcesCollector::collect(core::Launchable& launchable, Sink& sink,
                                         const core::CancelToken& cancel, const Progress& progress) {
  const auto kernels = launchable.kernels();
  const int total = static_cast<int>(kernels.size());
  std::vector<std::string> unknown;
  if (progress) progress(0, total);
  for (int index = 0; index < total; ++index) {
    if (cancel.requested()) {
      return core::fail(core::ErrorCode::kCancelled,
                        fmt::format("reading the resources of {} was stopped", launchable.label()));
    }
    const core::KernelPlan& kernel = kernels[static_cast<std::size_t>(index)];
    core::ResourceRecord record = from_plan(kernel, index);
    const auto driver = driver_resources(kernel);
    // What the driver loaded decides which of the compiler's targets is meant: a GPU may run code that
    // was built for an older one of its generation.
    const int arch = driver ? driver->binary_arch : device_.compute_major * 10 + device_.compute_minor;
    const auto compiled = lookup_ ? lookup_(kernel.name, arch) : std::nullopt;
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
    if (driver || compiled) {
      fill_occupancy(record, device_);
    } else {
      unknown.push_back(kernel.name);
    }
    sink.resource(std::move(record));
    if (progress) progress(index + 1, total);
  }
  if (!unknown.empty()) {
    diagnose(sink, fmt::format("the registers and shared memory of {} are unknown", fmt::join(unknown, ", ")),
             "a library's kernel cannot be asked for its resources; ncu shows them");
  }
  if (launchable.kernels_per_launch() > total) {
    diagnose(sink,
             fmt::format("{} of the {} kernels of {} belong to a library and are not listed",
                         launchable.kernels_per_launch() - total, launchable.kernels_per_launch(),
                         launchable.label()),
             "");
  }
  return {};
}

}  // namespace flashcore::collectors
