#include "kernels/bench/device/guarded_memory.h"

#include <algorithm>
#include <array>

namespace flashcore::kernels::bench {
namespace {

// No zero and no part of a NaN: what a kernel writes by mistake is most likely one of these.
constexpr unsigned char kPattern = 0xa5;

}  // namespace

cudaError_t GuardedMemory::allocate(std::size_t bytes) noexcept {
  bytes_ = 0;
  if (bytes == 0) return memory_.allocate(0);
  if (const cudaError_t error = memory_.allocate(bytes + 2 * kGuardBytes); error != cudaSuccess) return error;
  bytes_ = bytes;
  return poison();
}

void* GuardedMemory::data() const noexcept {
  return bytes_ == 0 ? nullptr : static_cast<unsigned char*>(memory_.data()) + kGuardBytes;
}

cudaError_t GuardedMemory::poison() noexcept {
  if (bytes_ == 0) return cudaSuccess;
  auto* const begin = static_cast<unsigned char*>(data());
  cudaError_t error = cudaMemsetAsync(begin - kGuardBytes, kPattern, kGuardBytes, nullptr);
  if (error == cudaSuccess) error = cudaMemsetAsync(begin, 0xff, bytes_, nullptr);
  if (error == cudaSuccess) error = cudaMemsetAsync(begin + bytes_, kPattern, kGuardBytes, nullptr);
  return error;
}

cudaError_t GuardedMemory::count_damage(std::int64_t& bytes) const {
  bytes = 0;
  if (bytes_ == 0) return cudaSuccess;
  const auto* const begin = static_cast<const unsigned char*>(data());
  std::array<unsigned char, kGuardBytes> guard{};
  for (const unsigned char* from : {begin - kGuardBytes, begin + bytes_}) {
    const cudaError_t error = cudaMemcpy(guard.data(), from, kGuardBytes, cudaMemcpyDeviceToHost);
    if (error != cudaSuccess) return error;
    bytes += static_cast<std::int64_t>(kGuardBytes) - std::count(guard.begin(), guard.end(), kPattern);
  }
  return cudaSuccess;
}

}  // namespace flashcore::kernels::bench
