// GuardedMemory: device memory between two guard bands, so that a write before or behind it is seen.
//
// Owns: the allocation. Units: bytes. data() is aligned as the runtime aligns an allocation (256 bytes).
// Threads: one; the current device, on its default stream. Errors: the runtime's own code, as of
// cuda/runtime/memory.h. Only in a build with a CUDA toolkit.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/runtime/memory.h"

namespace flashcore::kernels::bench {

class GuardedMemory {
 public:
  static constexpr std::size_t kGuardBytes = 4096;  // on either side; a multiple of every alignment

  // Takes `bytes` and the guards, and fills all of it; nothing of it for 0 bytes.
  [[nodiscard]] cudaError_t allocate(std::size_t bytes) noexcept;

  // Null where nothing was taken.
  void* data() const noexcept;
  std::size_t bytes() const noexcept { return bytes_; }

  // Fills the memory with 0xff, which is a NaN in every float type, and the guards with their pattern.
  // Enqueued and not waited for.
  [[nodiscard]] cudaError_t poison() noexcept;

  // How many bytes of the guards were written since they were filled. Waits for the default stream.
  [[nodiscard]] cudaError_t count_damage(std::int64_t& bytes) const;

 private:
  cuda::DeviceMemory memory_;
  std::size_t bytes_ = 0;
};

}  // namespace flashcore::kernels::bench
