#include <cuda_fp16.h>

#include <cstdint>

#include "faulty_kernel.h"

namespace flashcore::kernels::bench {
namespace {

constexpr int kThreads = 64;  // a query each
constexpr int kKeys = 64;     // of a tile

// The whole block copies rows [first, first + 64); those past the end are zero.
template <int kHeadDim>
__device__ void load_tile(__half* tile, const __half* rows, int first, int end) {
  for (int i = static_cast<int>(threadIdx.x); i < kKeys * kHeadDim / 8; i += kThreads) {
    const int row = i / (kHeadDim / 8);
    uint4 bits = make_uint4(0, 0, 0, 0);
    if (first + row < end) {
      bits = *reinterpret_cast<const uint4*>(rows + static_cast<std::int64_t>(first) * kHeadDim + 8 * i);
    }
    *reinterpret_cast<uint4*>(tile + 8 * i) = bits;
  }
}

// Online softmax over tiles of 64 keys, weights rounded to half for the product, FP32 sums.
template <int kHeadDim, DeviceFault kFault>
__global__ void __launch_bounds__(kThreads)
    faulty_attention(const __half* q, const __half* k, const __half* v, __half* o, int heads,
                     int heads_per_kv, int seq_q, int seq_k, bool causal, float scale) {
  __shared__ __align__(16) __half tile[kKeys * kHeadDim];
  __shared__ float scores[kKeys][kThreads];
  const int tiles = (seq_q + kThreads - 1) / kThreads;
  const std::int64_t head = blockIdx.x / tiles;
  const int row = static_cast<int>(blockIdx.x) % tiles * kThreads + static_cast<int>(threadIdx.x);
  const bool inside = row < seq_q;
  int source = min(row, seq_q - 1);
  if (kFault == DeviceFault::kRow && row % 64 == 1) source = row - 1;  // the neighbour's answer
  const std::int64_t kv_head = head / heads * (heads / heads_per_kv) + head % heads / heads_per_kv;
  k += kv_head * seq_k * kHeadDim;
  v += kv_head * seq_k * kHeadDim;

  int visible = causal ? min(seq_k, max(0, source + seq_k - seq_q + 1)) : seq_k;
  if (kFault == DeviceFault::kMaskWide) visible = min(seq_k, visible + 1);
  if (kFault == DeviceFault::kMaskNarrow) visible = max(0, visible - 1);
  if (kFault == DeviceFault::kScale) scale *= 1.01f;
  const int middle = visible / 2;
  const int middle_tile = middle / kKeys * kKeys;

  __half2 query[kHeadDim / 2];
  float output[kHeadDim];
  const __half2* queries =
      reinterpret_cast<const __half2*>(q + (head * seq_q + source) * static_cast<std::int64_t>(kHeadDim));
#pragma unroll
  for (int i = 0; i < kHeadDim / 2; ++i) query[i] = queries[i];
#pragma unroll
  for (float& x : output) x = 0.0f;
  float running_max = -INFINITY;
  float sum = 0.0f;
  for (int first = 0; first < seq_k; first += kKeys) {
    __syncthreads();
    load_tile<kHeadDim>(tile, k, first, seq_k);
    __syncthreads();
    const int count = max(0, min(kKeys, visible - first));
    const bool dropped = kFault == DeviceFault::kDroppedTile && first == middle_tile;
    float tile_max = running_max;
    for (int j = 0; j < count; ++j) {
      const __half2* key = reinterpret_cast<const __half2*>(tile + j * kHeadDim);
      float score = 0.0f;
#pragma unroll
      for (int i = 0; i < kHeadDim / 2; ++i) {
        const float2 a = __half22float2(query[i]);
        const float2 b = __half22float2(key[i]);
        score = fmaf(a.x, b.x, fmaf(a.y, b.y, score));
      }
      score *= scale;
      if (dropped || (kFault == DeviceFault::kDroppedKey && first + j == middle)) score = -INFINITY;
      scores[j][threadIdx.x] = score;
      tile_max = fmaxf(tile_max, score);
    }
    __syncthreads();  // the keys have been read
    load_tile<kHeadDim>(tile, v, first, seq_k);
    __syncthreads();
    if (tile_max == -INFINITY) continue;  // nothing was seen yet
    const float factor = expf(running_max - tile_max);
    running_max = tile_max;
    sum *= factor;
#pragma unroll
    for (float& x : output) x *= factor;
    const bool stale = kFault == DeviceFault::kStaleValues && first == max(middle_tile, kKeys);
    const __half2* before =
        reinterpret_cast<const __half2*>(v + (static_cast<std::int64_t>(first) - kKeys) * kHeadDim);
    for (int j = 0; j < count; ++j) {
      const float weight = expf(scores[j][threadIdx.x] - tile_max);
      sum += weight;
      const float rounded = __half2float(__float2half_rn(weight));
      const __half2* value = reinterpret_cast<const __half2*>(tile + j * kHeadDim);
      if (stale) value = before + j * (kHeadDim / 2);
#pragma unroll
      for (int i = 0; i < kHeadDim / 2; ++i) {
        const float2 two = __half22float2(value[i]);
        output[2 * i] = fmaf(rounded, two.x, output[2 * i]);
        output[2 * i + 1] = fmaf(rounded, two.y, output[2 * i + 1]);
      }
    }
  }
  if (!inside) return;
  float inverse = sum > 0.0f && kFault != DeviceFault::kZeros ? 1.0f / sum : 0.0f;
  if (kFault == DeviceFault::kSum) inverse *= 1.003f;
  __half2* out = reinterpret_cast<__half2*>(o + (head * seq_q + row) * static_cast<std::int64_t>(kHeadDim));
#pragma unroll
  for (int i = 0; i < kHeadDim / 2; ++i) {
    out[i] = __floats2half2_rn(output[2 * i] * inverse, output[2 * i + 1] * inverse);
  }
}

template <int kHeadDim, DeviceFault kFault>
cudaError_t launch(const core::AttentionProblem& p, const void* q, const void* k, const void* v, void* o) {
  const std::int64_t blocks = p.batch * p.heads * ((p.seq_q + kThreads - 1) / kThreads);
  faulty_attention<kHeadDim, kFault><<<static_cast<unsigned>(blocks), kThreads>>>(
      static_cast<const __half*>(q), static_cast<const __half*>(k), static_cast<const __half*>(v),
      static_cast<__half*>(o), static_cast<int>(p.heads), static_cast<int>(p.heads / p.kv_heads),
      static_cast<int>(p.seq_q), static_cast<int>(p.seq_k), p.causal,
      static_cast<float>(1.0 / sqrt(static_cast<double>(p.head_dim))));
  return cudaGetLastError();
}

template <DeviceFault kFault>
cudaError_t of_width(const core::AttentionProblem& p, const void* q, const void* k, const void* v, void* o) {
  if (p.head_dim == 64) return launch<64, kFault>(p, q, k, v, o);
  if (p.head_dim == 128) return launch<128, kFault>(p, q, k, v, o);
  return cudaErrorInvalidValue;
}

}  // namespace

cudaError_t launch_faulty(DeviceFault fault, const core::AttentionProblem& p, const void* q, const void* k,
                          const void* v, void* o) {
  switch (fault) {
    case DeviceFault::kNone: return of_width<DeviceFault::kNone>(p, q, k, v, o);
    case DeviceFault::kDroppedKey: return of_width<DeviceFault::kDroppedKey>(p, q, k, v, o);
    case DeviceFault::kDroppedTile: return of_width<DeviceFault::kDroppedTile>(p, q, k, v, o);
    case DeviceFault::kStaleValues: return of_width<DeviceFault::kStaleValues>(p, q, k, v, o);
    case DeviceFault::kScale: return of_width<DeviceFault::kScale>(p, q, k, v, o);
    case DeviceFault::kSum: return of_width<DeviceFault::kSum>(p, q, k, v, o);
    case DeviceFault::kMaskWide: return of_width<DeviceFault::kMaskWide>(p, q, k, v, o);
    case DeviceFault::kMaskNarrow: return of_width<DeviceFault::kMaskNarrow>(p, q, k, v, o);
    case DeviceFault::kRow: return of_width<DeviceFault::kRow>(p, q, k, v, o);
    case DeviceFault::kZeros: return of_width<DeviceFault::kZeros>(p, q, k, v, o);
  }
  return cudaErrorInvalidValue;
}

}  // namespace flashcore::kernels::bench
