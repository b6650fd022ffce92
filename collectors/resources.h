// ResourcesCollector: what the compiler and the driver allotted to each kernel of a launch, and the
// theoretical occupancy that follows (NVIDIA's occupancy calculator, cuda_occupancy.h; it needs no
// GPU). Also the kernels of the launch with grid and block, as they are planned.
//
// A library's kernel is asked through its CUfunction (KernelPlan::driver_function).
// Provenance: "driver+ptxas", "driver", "ptxas", or "plan" for a library's kernel of which only the launch
// is known: its registers and shared memory are then missing, a diagnostic "resources_unknown" says so, and
// the measurement is kPartial.
// Owns: nothing. Units: bytes a block or a thread as named. Threads: any. Errors: kCancelled.
#pragma once

#include "collectors/collector.h"
#include "collectors/halves.h"

namespace flashcore::collectors {

// What the driver is asked of a kernel that is known by its CUfunction alone.
enum class FunctionQuestion { kRegisters, kStaticSharedBytes, kLocalBytes, kBinaryArch, kBlocksPerSm };
// The driver's answer; nothing where it has none.
using FunctionAnswers = std::function<std::optional<int>(FunctionQuestion)>;

// Nothing where the driver does not answer each of the attributes: half of them would make an occupancy of
// numbers that nobody gave. Blocks an SM may be missing.
std::optional<DriverResources> resources_of_function(const FunctionAnswers& ask);

// Blocks an SM by the driver's word in place of the calculator's. Where the two differ, what limits them is
// not known.
void trust_driver_blocks(core::ResourceRecord& resource, int blocks_per_sm, std::int64_t threads_per_block,
                         const core::DeviceRecord& device);

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
