// Inputs, and the comparison of an answer with the reference.
#include <algorithm>
#include <array>

#include "kernels/bench/device/attention_kernels.h"
#include "kernels/bench/random.h"
#include "kernels/device/element.cuh"

namespace flashcore::kernels::bench {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kFillBlocks = 1 << 16;

// Eight elements of a stream, from the `chunk`-th eight on.
template <typename T>
__device__ __forceinline__ uint4 eight_near_normal(std::uint64_t seed, std::int64_t chunk, float gain) {
  const auto first = static_cast<std::uint64_t>(8 * chunk);
  unsigned pairs[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    pairs[j] = pack<T>(near_normal(seed, first + 2 * j, gain), near_normal(seed, first + 2 * j + 1, gain));
  }
  return make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    fill_near_normal(uint4* to, std::int64_t chunks, std::uint64_t seed, float gain) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < chunks;
       i += step) {
    to[i] = eight_near_normal<T>(seed, i, gain);
  }
}

__device__ __forceinline__ int differing_elements(unsigned a, unsigned b) {
  return ((a & 0xffffu) != (b & 0xffffu) ? 1 : 0) + ((a >> 16) != (b >> 16) ? 1 : 0);
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    count_differing(const uint4* at, std::int64_t chunks, std::uint64_t seed, float gain,
                    unsigned long long* differing) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < chunks;
       i += step) {
    const uint4 made = eight_near_normal<T>(seed, i, gain);
    const uint4 found = at[i];
    const int count = differing_elements(made.x, found.x) + differing_elements(made.y, found.y) +
                      differing_elements(made.z, found.z) + differing_elements(made.w, found.w);
    if (count != 0) atomicAdd(differing, static_cast<unsigned long long>(count));
  }
}

unsigned blocks_for(std::int64_t chunks) {
  return static_cast<unsigned>(std::clamp<std::int64_t>((chunks + kThreads - 1) / kThreads, 1, kFillBlocks));
}

// take() and merge() of kernels/bench/check.h, on the device.
__device__ __forceinline__ void take_worst(Comparison& into, double error, long long element) {
  if (into.worst_element >= 0 &&
      !(error > into.max_error || (error == into.max_error && element < into.worst_element))) {
    return;
  }
  into.max_error = error;
  into.worst_element = element;
}

__device__ __forceinline__ void merge_into(Comparison& into, const Comparison& from) {
  if (from.worst_element >= 0) take_worst(into, from.max_error, from.worst_element);
  into.error_sum += from.error_sum;
  into.nan_count += from.nan_count;
  into.inf_count += from.inf_count;
  into.compared += from.compared;
}

// Rows [first, first + rows) of every head, 8 elements at a time.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    compare_rows_of_band(const T* o, const double* reference, std::int64_t heads, std::int64_t seq_q,
                         std::int64_t head_dim, std::int64_t first, std::int64_t rows, Comparison* found) {
  // Raw, because shared memory runs no constructors.
  __shared__ __align__(16) unsigned char room[kThreads * sizeof(Comparison)];
  auto* parts = reinterpret_cast<Comparison*>(room);
  Comparison mine;
  const std::int64_t chunks_of_head = rows * (head_dim / 8);
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
       i < heads * chunks_of_head; i += step) {
    const std::int64_t element = (i / chunks_of_head * seq_q + first) * head_dim + i % chunks_of_head * 8;
    const uint4 bits = *reinterpret_cast<const uint4*>(o + element);
    const T* elements = reinterpret_cast<const T*>(&bits);
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const float value = to_float(elements[j]);
      if (isnan(value)) {
        ++mine.nan_count;
      } else if (isinf(value)) {
        ++mine.inf_count;
      } else {
        const double error = fabs(static_cast<double>(value) - reference[element + j]);
        take_worst(mine, error, element + j);
        mine.error_sum += error;
        ++mine.compared;
      }
    }
  }
  parts[threadIdx.x] = mine;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) merge_into(parts[threadIdx.x], parts[threadIdx.x + half]);
  }
  if (threadIdx.x == 0) found[blockIdx.x] = parts[0];
}

}  // namespace

cudaError_t fill_elements(Element element, void* to, std::int64_t count, std::uint64_t seed, float gain) {
  if (count % 8 != 0) return cudaErrorInvalidValue;
  const auto fill = element == Element::kF16 ? fill_near_normal<__half> : fill_near_normal<__nv_bfloat16>;
  fill<<<blocks_for(count / 8), kThreads>>>(static_cast<uint4*>(to), count / 8, seed, gain);
  return cudaGetLastError();
}

cudaError_t count_differing_elements(Element element, const void* at, std::int64_t count, std::uint64_t seed,
                                     float gain, unsigned long long* differing) {
  if (count % 8 != 0) return cudaErrorInvalidValue;
  const auto count_them = element == Element::kF16 ? count_differing<__half> : count_differing<__nv_bfloat16>;
  count_them<<<blocks_for(count / 8), kThreads>>>(static_cast<const uint4*>(at), count / 8, seed, gain,
                                                  differing);
  return cudaGetLastError();
}

cudaError_t compare_band(const core::AttentionProblem& p, const BandRows& rows, const void* o,
                         const double* reference, void* scratch, Comparison& found) {
  if (p.head_dim % 8 != 0) return cudaErrorInvalidValue;
  const std::int64_t heads = p.batch * p.heads;
  const std::int64_t chunks = heads * (rows.last - rows.first) * (p.head_dim / 8);
  const std::int64_t blocks = std::clamp<std::int64_t>((chunks + kThreads - 1) / kThreads, 1, kCompareParts);
  auto* parts = static_cast<Comparison*>(scratch);
  const auto grid = static_cast<unsigned>(blocks);
  const std::int64_t count = rows.last - rows.first;
  if (element_of(p) == Element::kF16) {
    compare_rows_of_band<<<grid, kThreads>>>(static_cast<const __half*>(o), reference, heads, p.seq_q,
                                             p.head_dim, rows.first, count, parts);
  } else {
    compare_rows_of_band<<<grid, kThreads>>>(static_cast<const __nv_bfloat16*>(o), reference, heads, p.seq_q,
                                             p.head_dim, rows.first, count, parts);
  }
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) return error;
  std::array<Comparison, kCompareParts> copied;
  const cudaError_t error = cudaMemcpy(
      copied.data(), parts, static_cast<std::size_t>(blocks) * sizeof(Comparison), cudaMemcpyDeviceToHost);
  if (error != cudaSuccess) {
    (void)cudaGetLastError();
    return error;
  }
  found = {};
  for (std::int64_t i = 0; i < blocks; ++i) merge(found, copied[static_cast<std::size_t>(i)]);
  return cudaSuccess;
}

}  // namespace flashcore::kernels::bench
