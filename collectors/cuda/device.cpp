#include "collectors/device.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include "collectors/chips.h"
#include "collectors/cuda/cupti_library.h"
#include "collectors/halves.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_error;
using cuda::cuda_status;

namespace {

std::int64_t attribute(int ordinal, cudaDeviceAttr which) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, which, ordinal) != cudaSuccess) {
    (void)cudaGetLastError();
    return 0;
  }
  return value;
}

core::Result<core::DeviceRecord> read_device(int ordinal) {
  // On the heap: the structure is over a kilobyte and grows with every toolkit.
  const auto properties = std::make_unique<cudaDeviceProp>();
  if (const auto status = cuda_status(cudaGetDeviceProperties(properties.get(), ordinal),
                                      fmt::format("read the properties of device {}", ordinal));
      !status) {
    return core::fail(status.error());
  }
  core::DeviceRecord record;
  record.name = properties->name;
  record.compute_major = properties->major;
  record.compute_minor = properties->minor;
  record.sm_count = properties->multiProcessorCount;
  record.chip = guess_chip(record.compute_major, record.compute_minor, record.sm_count, record.name).name;
  record.sm_clock_max_khz = attribute(ordinal, cudaDevAttrClockRate);
  record.memory_clock_max_khz = attribute(ordinal, cudaDevAttrMemoryClockRate);
  record.memory_bus_bits = properties->memoryBusWidth;
  record.memory_bytes = static_cast<std::int64_t>(properties->totalGlobalMem);
  record.l2_bytes = properties->l2CacheSize;
  record.shared_per_sm_bytes = static_cast<std::int64_t>(properties->sharedMemPerMultiprocessor);
  record.shared_per_block_optin_bytes = static_cast<std::int64_t>(properties->sharedMemPerBlockOptin);
  record.shared_reserved_per_block_bytes = static_cast<std::int64_t>(properties->reservedSharedMemPerBlock);
  record.registers_per_sm = properties->regsPerMultiprocessor;
  record.max_threads_per_sm = properties->maxThreadsPerMultiProcessor;
  record.max_blocks_per_sm = properties->maxBlocksPerMultiProcessor;
  record.warp_size = properties->warpSize;
  std::array<std::uint8_t, sizeof properties->uuid.bytes> uuid{};
  std::copy(std::begin(properties->uuid.bytes), std::end(properties->uuid.bytes), uuid.begin());
  record.uuid = uuid_text(uuid);
  return record;
}

}  // namespace

bool built_with_cuda() noexcept {
  return true;
}

core::Result<std::vector<core::DeviceRecord>> list_devices() {
  int count = 0;
  if (const auto status = cuda_status(cudaGetDeviceCount(&count), "count the GPUs"); !status) {
    return core::fail(status.error());
  }
  if (count == 0) return core::fail(cuda_error(cudaErrorNoDevice, "count the GPUs"));
  std::vector<core::DeviceRecord> devices;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    auto device = read_device(ordinal);
    if (!device) return core::fail(device.error());
    devices.push_back(std::move(*device));
  }
  return devices;
}

core::Result<core::DeviceRecord> use_device(int ordinal) {
  auto devices = list_devices();
  if (!devices) return core::fail(devices.error());
  if (ordinal < 0 || ordinal >= static_cast<int>(devices->size())) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < devices->size(); ++i)
      names.push_back(fmt::format("{} {}", i, (*devices)[i].name));
    return core::fail(core::ErrorCode::kNoDevice,
                      fmt::format("device {} does not exist; there {} {}: {}", ordinal,
                                  names.size() == 1 ? "is" : "are", names.size(), fmt::join(names, ", ")),
                      fmt::format("pass --device with a number from 0 to {}", names.size() - 1));
  }
  if (const auto status = cuda_status(cudaSetDevice(ordinal), fmt::format("use device {}", ordinal));
      !status) {
    return core::fail(status.error());
  }
  return std::move((*devices)[static_cast<std::size_t>(ordinal)]);
}

void give_back_device(int ordinal) noexcept {
  // At the end of a process: what fails here, the system does by itself.
  if (cudaSetDevice(ordinal) == cudaSuccess) (void)cudaDeviceReset();
}

std::string cuda_driver_api_version() {
  int version = 0;
  if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0) return {};
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

core::Result<CuptiVersion> cupti_version() {
  const auto cupti = load_cupti();
  if (!cupti) return core::fail(cupti.error());
  return CuptiVersion{(*cupti)->path, fmt::format("{}", (*cupti)->version)};
}

}  // namespace flashcore::collectors
