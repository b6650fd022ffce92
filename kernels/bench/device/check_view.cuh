// What the reference and the plain kernel share: the problem as a kernel takes it, and the tile of a block.
#pragma once

#include <cstdint>

#include "kernels/bench/device/attention_kernels.h"
#include "kernels/device/element.cuh"

namespace flashcore::kernels::bench {

inline constexpr int kCheckRows = 64;  // queries of a block, 16 a warp
inline constexpr int kCheckThreads = 128;

template <typename T>  // the element type
struct CheckView {
  const T* q;
  const T* k;
  const T* v;
  std::int64_t row_tiles;  // blocks of a head
  int heads;
  int heads_per_kv;
  int seq_q;
  int seq_k;
  int head_dim;
  bool causal;
  double scale;
};

template <typename T>
CheckView<T> make_check_view(const core::AttentionProblem& p, const DeviceInputs& in) {
  return {static_cast<const T*>(in.q),  static_cast<const T*>(in.k),
          static_cast<const T*>(in.v),  (p.seq_q + kCheckRows - 1) / kCheckRows,
          static_cast<int>(p.heads),    static_cast<int>(p.heads / p.kv_heads),
          static_cast<int>(p.seq_q),    static_cast<int>(p.seq_k),
          static_cast<int>(p.head_dim), p.causal,
          scale_of(p, in.scale)};
}

// Where a block and a warp's lane work. A lane holds queries `first_row + 16 * warp + group` and the one 8
// below, of every 8 columns those at 2 * quad and 2 * quad + 1 (PTX ISA, "Matrix fragments for mma.m8n8k4
// with .f64" and "mma.m16n8k16": the same for both accumulators).
template <typename T>
struct CheckPlace {
  std::int64_t head;  // of B * H
  const T* q;         // the head's first row
  const T* k;
  const T* v;
  int first_row;
  int warp, group, quad;
  int row[2];
  int visible[2];  // keys that the row sees; 0 past the last row
  int most;        // keys that any row of the block sees
};

template <typename T>
__device__ __forceinline__ int seen_keys(const CheckView<T>& view, int row) {
  if (row >= view.seq_q) return 0;
  if (!view.causal) return view.seq_k;
  return min(view.seq_k, max(0, row + view.seq_k - view.seq_q + 1));
}

template <typename T>
__device__ __forceinline__ CheckPlace<T> make_place(const CheckView<T>& view) {
  CheckPlace<T> place;
  place.head = blockIdx.x / view.row_tiles;
  // From a head's last tile to its first: under a causal mask the longest come first.
  const auto tile = static_cast<int>(view.row_tiles - 1 - blockIdx.x % view.row_tiles);
  const std::int64_t kv_head = place.head / view.heads * (view.heads / view.heads_per_kv) +
                               place.head % view.heads / view.heads_per_kv;
  place.q = view.q + place.head * view.seq_q * view.head_dim;
  place.k = view.k + kv_head * view.seq_k * view.head_dim;
  place.v = view.v + kv_head * view.seq_k * view.head_dim;
  place.first_row = tile * kCheckRows;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  place.warp = static_cast<int>(threadIdx.x) / 32;
  place.group = lane / 4;
  place.quad = lane % 4;
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    place.row[m] = place.first_row + 16 * place.warp + 8 * m + place.group;
    place.visible[m] = seen_keys(view, place.row[m]);
  }
  place.most = seen_keys(view, min(place.first_row + kCheckRows, view.seq_q) - 1);
  return place;
}

// The largest and the sum over the four lanes that share a row.
template <typename T>
__device__ __forceinline__ T quad_max(T x) {
  x = max(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return max(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
template <typename T>
__device__ __forceinline__ T quad_sum(T x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

// Launches one of the two kernels, a block for every 64 queries of a head.
template <typename T, typename... Output>
cudaError_t launch_check(void (*kernel)(CheckView<T>, Output...), const core::AttentionProblem& p,
                         const DeviceInputs& inputs, std::size_t shared_bytes, Output... to) {
  const CheckView<T> view = make_check_view<T>(p, inputs);
  const std::int64_t blocks = p.batch * p.heads * view.row_tiles;
  if (blocks > (std::int64_t{1} << 31) - 1) return cudaErrorInvalidConfiguration;
  if (shared_bytes > 48 << 10) {
    const cudaError_t error =
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) {
      (void)cudaGetLastError();
      return error;
    }
  }
  kernel<<<static_cast<unsigned>(blocks), kCheckThreads, shared_bytes>>>(view, to...);
  return cudaGetLastError();
}

}  // namespace flashcore::kernels::bench
