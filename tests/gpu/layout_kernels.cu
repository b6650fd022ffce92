#include <algorithm>

#include "layout_kernels.h"

namespace flashcore::kernels::bench {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(std::int64_t count) {
  return static_cast<unsigned>(std::clamp<std::int64_t>((count + kThreads - 1) / kThreads, 1, 1 << 14));
}

template <typename Work>
__device__ __forceinline__ void for_each(std::int64_t count, Work work) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count; i += step)
    work(i);
}

__device__ __forceinline__ uint4 eight_canaries() {
  constexpr unsigned kTwo = kCanary << 16 | kCanary;
  return make_uint4(kTwo, kTwo, kTwo, kTwo);
}

__global__ void fill_kernel(std::uint16_t* to, std::int64_t count) {
  for_each(count, [=](std::int64_t i) { to[i] = kCanary; });
}

// Calls visit(chunk, element) for every eight elements: which of all they are, and where they lie.
template <typename Visit>
__device__ __forceinline__ void for_each_chunk(const TensorShape& shape, Visit visit) {
  const std::int64_t chunks_of_row = shape.head_dim / 8;
  for_each(shape.batch * shape.heads * shape.seq * chunks_of_row, [&](std::int64_t i) {
    const std::int64_t row = i / chunks_of_row;
    const std::int64_t s = row % shape.seq;
    const std::int64_t h = row / shape.seq % shape.heads;
    const std::int64_t b = row / shape.seq / shape.heads;
    const bool repeated = (shape.strides.batch == 0 && b > 0) || (shape.strides.head == 0 && h > 0);
    visit(i, b * shape.strides.batch + h * shape.strides.head + s * shape.strides.row + i % chunks_of_row * 8,
          repeated);
  });
}

__global__ void scatter_kernel(const uint4* contiguous, std::uint16_t* to, TensorShape shape) {
  for_each_chunk(shape, [&](std::int64_t chunk, std::int64_t element, bool repeated) {
    if (!repeated) *reinterpret_cast<uint4*>(to + element) = contiguous[chunk];
  });
}

__global__ void gather_kernel(std::uint16_t* from, uint4* contiguous, TensorShape shape,
                              bool leave_canaries) {
  for_each_chunk(shape, [&](std::int64_t chunk, std::int64_t element, bool) {
    auto* at = reinterpret_cast<uint4*>(from + element);
    contiguous[chunk] = *at;
    if (leave_canaries) *at = eight_canaries();
  });
}

__global__ void differing_kernel(const std::uint16_t* a, const std::uint16_t* b, std::int64_t count,
                                 unsigned long long* differing) {
  for_each(count, [=](std::int64_t i) {
    if (a[i] != b[i]) atomicAdd(differing, 1ull);
  });
}

}  // namespace

cudaError_t fill_canaries(void* to, std::int64_t count) {
  fill_kernel<<<blocks_for(count), kThreads>>>(static_cast<std::uint16_t*>(to), count);
  return cudaGetLastError();
}

cudaError_t scatter(const void* contiguous, void* to, const TensorShape& shape) {
  scatter_kernel<<<blocks_for(shape.elements() / 8), kThreads>>>(static_cast<const uint4*>(contiguous),
                                                                 static_cast<std::uint16_t*>(to), shape);
  return cudaGetLastError();
}

cudaError_t gather(void* from, void* contiguous, const TensorShape& shape, bool leave_canaries) {
  gather_kernel<<<blocks_for(shape.elements() / 8), kThreads>>>(
      static_cast<std::uint16_t*>(from), static_cast<uint4*>(contiguous), shape, leave_canaries);
  return cudaGetLastError();
}

cudaError_t count_differing_words(const void* a, const void* b, std::int64_t count,
                                  unsigned long long* differing) {
  differing_kernel<<<blocks_for(count), kThreads>>>(static_cast<const std::uint16_t*>(a),
                                                    static_cast<const std::uint16_t*>(b), count, differing);
  return cudaGetLastError();
}

}  // namespace flashcore::kernels::bench
