#include <cuda_runtime.h>

#include <string>

#include "collectors/cuda/cache_flush.h"
#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_error;
using cuda::cuda_status;

namespace {

constexpr int kThreads = 512;
constexpr int kBlocksPerSm = 4;  // 2048 threads fill an SM
constexpr std::size_t kTimesL2 = 2;
constexpr std::size_t kLine = 128;

// The buffer holds zeros, which the compiler cannot know: the sum is never `kNever`, nothing is written, and
// still no load can be left out.
constexpr unsigned kNever = 0x5eed;

__global__ void __launch_bounds__(kThreads)
    flush_caches(const uint4* data, std::size_t count, unsigned* never) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  unsigned sum = 0;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) {
    const uint4 value = __ldcg(data + i);
    sum |= value.x | value.y | value.z | value.w;
  }
  if (sum == kNever) *never = sum;
}

}  // namespace

core::Result<CacheFlush> CacheFlush::create() {
  int device = 0, l2_bytes = 0, sms = 0;
  for (const cudaError_t result :
       {cudaGetDevice(&device), cudaDeviceGetAttribute(&l2_bytes, cudaDevAttrL2CacheSize, device),
        cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device)}) {
    if (result != cudaSuccess) {
      (void)cudaGetLastError();
      return core::fail(cuda_error(result, "ask for the size of the L2 cache"));
    }
  }
  CacheFlush flush;
  flush.bytes_ = (kTimesL2 * static_cast<std::size_t>(l2_bytes) + kLine - 1) / kLine * kLine;
  flush.blocks_ = kBlocksPerSm * sms;
  const std::string doing =
      "make room for the flush of the caches (" + std::to_string(flush.bytes_ >> 20) + " MiB)";
  if (const cudaError_t result = flush.memory_.allocate(flush.bytes_ + kLine); result != cudaSuccess) {
    return core::fail(cuda_error(result, doing));
  }
  if (auto status = cuda_status(cudaMemset(flush.memory_.data(), 0, flush.memory_.bytes()), doing); !status) {
    return core::fail(status.error());
  }
  if (auto status = cuda_status(cudaDeviceSynchronize(), doing); !status) return core::fail(status.error());
  return flush;
}

core::Status CacheFlush::enqueue(cudaStream_t stream) const {
  auto* data = static_cast<std::byte*>(memory_.data());
  flush_caches<<<static_cast<unsigned>(blocks_), kThreads, 0, stream>>>(
      reinterpret_cast<const uint4*>(data), bytes_ / sizeof(uint4),
      reinterpret_cast<unsigned*>(data + bytes_));
  return cuda_status(cudaGetLastError(), "flush the caches");
}

}  // namespace flashcore::collectors
