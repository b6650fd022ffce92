// ResourcesCollector: what the compiler and the driver allotted to each kernel of a launch, and the
// theoretical occupancy that follows (NVIDIA's occupancy calculator, cuda_occupancy.h; it needs no
// GPU). Also the kernels of the launch with grid and block, as they are planned.
//
// Provenance: "driver+ptxas", "driver", "ptxas", or "plan" for a library's kernel of which only the launch
// is known: its registers and shared memory are then missing, a diagnostic "resources_unknown" says so, and
// the measurement is kPartial.
// Owns: nothing. Units: bytes a block or a thread as named. Threads: any. Errors: kCancelled.
#pragma once

#include "collectors/collector.h"

namespace flashcore::collectors {

class ResourcesCollector final : public Collector {
 public:
  std::string_view id() const override { return "resources"; }
  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override;
};

// The kernels of a plan, in order.
std::vector<core::KernelRecord> planned_kernels(std::span<const core::KernelPlan> plan);

// Fills theoretical_occupancy, blocks_per_sm and occupancy_limiter of `resource` from its registers and
// shared memory, the threads of a block, and `device`; without a toolkit leaves them missing.
void fill_occupancy(core::ResourceRecord& resource, std::int64_t threads_per_block,
                    const core::DeviceRecord& device);

}  // namespace flashcore::collectors
