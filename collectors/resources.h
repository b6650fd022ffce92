// ResourcesCollector: what the compiler and the driver allotted to each kernel of a launch, and the
// theoretical occupancy that follows (NVIDIA's occupancy calculator, cuda_occupancy.h; it needs no
// GPU).
//
// Provenance: "driver+ptxas", "driver", "ptxas", or "plan" for a library's kernel of which only the launch
// is known: its registers and shared memory are then missing, and a diagnostic "resources_unknown"
// says so.
// Owns: nothing. Units: bytes a block or a thread as named. Threads: any.
#pragma once

#include <string_view>

#include "collectors/collector.h"

namespace flashcore::collectors {

// ptxas's numbers for a kernel and a target, looked up by the caller (kernels/ has the table,
// and collectors do not see kernels).
struct CompiledResources {
  int registers = 0;
  std::int64_t stack_bytes = 0, spill_store_bytes = 0, spill_load_bytes = 0;
  std::int64_t static_shared_bytes = 0, binary_bytes = 0;
};
using CompiledLookup = std::function<std::optional<CompiledResources>(std::string_view kernel, int arch)>;

class ResourcesCollector final : public Collector {
 public:
  ResourcesCollector(core::DeviceRecord device, CompiledLookup lookup)
      : device_(std::move(device)), lookup_(std::move(lookup)) {}
  std::string_view id() const override { return "resources"; }
  core::Status collect(core::Launchable& launchable, Sink& sink, const core::CancelToken& cancel,
                       const Progress& progress) override;

 private:
  core::DeviceRecord device_;
  CompiledLookup lookup_;
};

// Fills theoretical_occupancy, blocks_per_sm and occupancy_limiter of `resource` from its registers,
// shared memory and block size on `device`; without a toolkit leaves them missing.
void fill_occupancy(core::ResourceRecord& resource, const core::DeviceRecord& device);

}  // namespace flashcore::collectors
