#include "collectors/resources.h"

#include <cuda.h>
#include <cuda_occupancy.h>
#include <cuda_runtime_api.h>

#include <array>

#include "collectors/halves.h"
#include "cuda/runtime/entry_point.h"

namespace flashcore::collectors {
namespace {

// The same on every GPU that FlashCore builds for (CUDA C++ Programming Guide 13.0, "Technical
// Specifications per Compute Capability").
constexpr int kMaxThreadsPerBlock = 1024;
constexpr std::size_t kSharedPerBlockBytes = 48 * 1024;

std::string limiter_names(unsigned factors) {
  struct Name {
    unsigned bit;
    const char* name;
  };
  constexpr std::array names{Name{OCC_LIMIT_REGISTERS, "registers"}, Name{OCC_LIMIT_SHARED_MEMORY, "shared"},
                             Name{OCC_LIMIT_WARPS, "warps"}, Name{OCC_LIMIT_BLOCKS, "blocks"}};
  std::string text;
  for (const Name& name : names) {
    if ((factors & name.bit) == 0) continue;
    if (!text.empty()) text += '+';
    text += name.name;
  }
  return text;
}

cudaOccDeviceProp occupancy_device(const core::DeviceRecord& device) {
  cudaOccDeviceProp properties;
  properties.computeMajor = device.compute_major;
  properties.computeMinor = device.compute_minor;
  properties.maxThreadsPerBlock = kMaxThreadsPerBlock;
  properties.maxThreadsPerMultiprocessor = device.max_threads_per_sm;
  properties.regsPerBlock = device.registers_per_sm;  // equal to the SM's since compute capability 7.0
  properties.regsPerMultiprocessor = device.registers_per_sm;
  properties.warpSize = device.warp_size;
  properties.sharedMemPerBlock = kSharedPerBlockBytes;
  properties.sharedMemPerMultiprocessor = static_cast<std::size_t>(device.shared_per_sm_bytes);
  properties.numSms = device.sm_count;
  properties.sharedMemPerBlockOptin = static_cast<std::size_t>(device.shared_per_block_optin_bytes);
  properties.reservedSharedMemPerBlock = static_cast<std::size_t>(device.shared_reserved_per_block_bytes);
  return properties;
}

}  // namespace

void fill_occupancy(core::ResourceRecord& resource, std::int64_t threads_per_block,
                    const core::DeviceRecord& device) {
  if (!resource.registers || !resource.static_shared_bytes) return;
  const cudaOccDeviceProp properties = occupancy_device(device);
  const auto dynamic_bytes = static_cast<std::size_t>(resource.dynamic_shared_bytes.value_or(0));
  cudaOccFuncAttributes function;
  function.maxThreadsPerBlock = kMaxThreadsPerBlock;
  function.numRegs = *resource.registers;
  function.sharedSizeBytes = static_cast<std::size_t>(*resource.static_shared_bytes);
  function.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  function.maxDynamicSharedSizeBytes = dynamic_bytes;
  // Named barriers are not known here, and one a block never limits more than the blocks do.
  function.numBlockBarriers = 0;
  const cudaOccDeviceState state;
  cudaOccResult result{};
  const int threads = static_cast<int>(threads_per_block);
  if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &properties, &function, &state, threads,
                                              dynamic_bytes) != CUDA_OCC_SUCCESS) {
    return;  // the device is unknown to the calculator: occupancy stays missing
  }
  const int warps_per_block = (threads + device.warp_size - 1) / device.warp_size;
  const int warps_per_sm = device.max_threads_per_sm / device.warp_size;
  resource.blocks_per_sm = result.activeBlocksPerMultiprocessor;
  resource.theoretical_occupancy =
      static_cast<double>(result.activeBlocksPerMultiprocessor * warps_per_block) / warps_per_sm;
  resource.occupancy_limiter = limiter_names(result.limitingFactors);
}

namespace {

CUfunction_attribute attribute_of(FunctionQuestion question) {
  switch (question) {
    case FunctionQuestion::kRegisters: return CU_FUNC_ATTRIBUTE_NUM_REGS;
    case FunctionQuestion::kStaticSharedBytes: return CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES;
    case FunctionQuestion::kLocalBytes: return CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES;
    case FunctionQuestion::kBinaryArch: return CU_FUNC_ATTRIBUTE_BINARY_VERSION;
    case FunctionQuestion::kBlocksPerSm: break;
  }
  return CU_FUNC_ATTRIBUTE_MAX;  // no attribute: another call answers it
}

// A library's kernel has no symbol that the runtime could be asked for.
std::optional<DriverResources> library_resources(const core::KernelPlan& kernel) {
  constexpr unsigned kSince = 12000;
  using GetAttribute = CUresult (*)(int*, CUfunction_attribute, CUfunction);
  using MaxBlocks = CUresult (*)(int*, CUfunction, int, std::size_t);
  const auto get = cuda::driver_function<GetAttribute>("cuFuncGetAttribute", kSince);
  const auto max_blocks =
      cuda::driver_function<MaxBlocks>("cuOccupancyMaxActiveBlocksPerMultiprocessor", kSince);
  const auto function = static_cast<CUfunction>(kernel.driver_function);
  return resources_of_function([&](FunctionQuestion question) -> std::optional<int> {
    int value = 0;
    CUresult answered = CUDA_ERROR_NOT_FOUND;
    if (question != FunctionQuestion::kBlocksPerSm) {
      if (get != nullptr) answered = get(&value, attribute_of(question), function);
    } else if (max_blocks != nullptr) {
      answered = max_blocks(&value, function, kernel.block_x * kernel.block_y * kernel.block_z,
                            static_cast<std::size_t>(kernel.dynamic_shared_bytes));
    }
    return answered == CUDA_SUCCESS ? std::optional(value) : std::nullopt;
  });
}

}  // namespace

std::optional<DriverResources> driver_resources(const core::KernelPlan& kernel) {
  if (kernel.function == nullptr && kernel.driver_function != nullptr) return library_resources(kernel);
  if (kernel.function == nullptr) return std::nullopt;
  cudaFuncAttributes attributes{};
  if (cudaFuncGetAttributes(&attributes, kernel.function) != cudaSuccess) {
    (void)cudaGetLastError();
    return std::nullopt;
  }
  return DriverResources{attributes.numRegs, static_cast<std::int64_t>(attributes.sharedSizeBytes),
                         static_cast<std::int64_t>(attributes.localSizeBytes), attributes.binaryVersion,
                         std::nullopt};
}

}  // namespace flashcore::collectors
