// DeviceMemory: one allocation on the current device, freed with its owner.
//
// Owns: the allocation. Units: bytes. Threads: one at a time. Errors: allocate() answers the runtime's own
// code, because only the caller knows whether too little memory is the user's matter or the device's; the
// code is taken off the runtime, so that it does not surface later.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>

namespace flashcore::cuda {

class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(DeviceMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~DeviceMemory() { release(); }

  // Frees what was held, then takes `bytes`; nothing of it for 0 bytes.
  [[nodiscard]] cudaError_t allocate(std::size_t bytes) noexcept {
    release();
    if (bytes == 0) return cudaSuccess;
    const cudaError_t result = cudaMalloc(&data_, bytes);
    if (result != cudaSuccess) {
      (void)cudaGetLastError();
      data_ = nullptr;
      return result;
    }
    bytes_ = bytes;
    return cudaSuccess;
  }

  void* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  void release() noexcept {
    if (data_ != nullptr) (void)cudaFree(data_);
    data_ = nullptr;
    bytes_ = 0;
  }

  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace flashcore::cuda
