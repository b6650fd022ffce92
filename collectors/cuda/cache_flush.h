// CacheFlush: makes L2 cold. It reads a buffer of twice L2 from end to end, so that nothing of what ran
// before is left there, and so that what is there are clean lines: a write-back would be charged to the next
// kernel. L1 and the read-only caches need no help: they begin empty at each kernel.
//
// Owns: the buffer, on the device that was current at create(). Threads: one at a time. Errors: kDevice (too
// little memory free, a failed launch), kNoDevice.
//
//   auto flush = CacheFlush::create();
//   if (!flush) return core::fail(flush.error());
//   if (auto status = flush->enqueue(stream); !status) return status;  // one kernel; may be captured
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "core/result.h"
#include "cuda/runtime/memory.h"

namespace flashcore::collectors {

class CacheFlush {
 public:
  // Room for twice L2, zeroed; waits until it is.
  static core::Result<CacheFlush> create();

  // Enqueues exactly one kernel and does not wait.
  core::Status enqueue(cudaStream_t stream) const;

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  CacheFlush() = default;

  cuda::DeviceMemory memory_;  // what is read, then the word that is never written
  std::size_t bytes_ = 0;
  int blocks_ = 0;
};

}  // namespace flashcore::collectors
