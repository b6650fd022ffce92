#include "kernels/device_traits.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "cuda/runtime/error.h"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

namespace {

core::Result<DeviceTraits> ask(int ordinal) {
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count == 0) error = cudaErrorNoDevice;
  if (auto ok = cuda::cuda_status(error, "count the devices"); !ok) return core::fail(ok.error());
  if (ordinal < 0 || ordinal >= count) {
    return core::fail(core::ErrorCode::kNoDevice,
                      fmt::format("there is no device {}: this machine has {}", ordinal, count),
                      "devices are counted from 0");
  }
  DeviceTraits traits;
  traits.ordinal = ordinal;
  int major = 0, minor = 0, per_block = 0, per_sm = 0, l2 = 0;
  for (const auto& [value, attribute] :
       {std::pair<int*, cudaDeviceAttr>{&major, cudaDevAttrComputeCapabilityMajor},
        {&minor, cudaDevAttrComputeCapabilityMinor},
        {&traits.sm_count, cudaDevAttrMultiProcessorCount},
        {&per_block, cudaDevAttrMaxSharedMemoryPerBlockOptin},
        {&per_sm, cudaDevAttrMaxSharedMemoryPerMultiprocessor},
        {&l2, cudaDevAttrL2CacheSize}}) {
    error = cudaDeviceGetAttribute(value, attribute, ordinal);
    if (auto ok = cuda::cuda_status(error, "read the device's attributes"); !ok) return core::fail(ok.error());
  }
  traits.compute = 10 * major + minor;
  traits.shared_per_block_bytes = per_block;
  traits.shared_per_sm_bytes = per_sm;
  traits.l2_bytes = l2;
  return traits;
}

}  // namespace

core::Result<DeviceTraits> read_device_traits(int ordinal) {
  static std::mutex mutex;
  static std::map<int, DeviceTraits> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(ordinal); found != known.end()) return found->second;
  auto traits = ask(ordinal);
  if (traits) known.emplace(ordinal, *traits);
  return traits;
}

core::Result<DeviceTraits> current_device_traits() {
  int ordinal = 0;
  if (auto ok = cuda::cuda_status(cudaGetDevice(&ordinal), "find the current device"); !ok) {
    return core::fail(ok.error());
  }
  return read_device_traits(ordinal);
}

#else

core::Result<DeviceTraits> read_device_traits(int) {
  return core::fail(core::ErrorCode::kNoDevice, "this build has no CUDA toolkit, so it knows no device",
                    "build on a machine with the CUDA toolkit, or look at a recording with --replay");
}
core::Result<DeviceTraits> current_device_traits() {
  return read_device_traits(0);
}

#endif

}  // namespace flashcore::kernels
