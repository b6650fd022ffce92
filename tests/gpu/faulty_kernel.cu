#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

#include "faulty_kernel.h"
#include "kernels/device/element.cuh"

namespace flashcore::kernels::bench {
namespace {

constexpr int kThreads = 64;  // a query each
constexpr int kKeys = 64;     // of a tile

// The whole block copies rows [first, first + 64); those past the end are zero.
template <int kHeadDim, typename T>
__device__ void load_tile(T* tile, const T* rows, int first, int end) {
  for (int i = static_cast<int>(threadIdx.x); i < kKeys * kHeadDim / 8; i += kThreads) {
    const int row = i / (kHeadDim / 8);
    uint4 bits = make_uint4(0, 0, 0, 0);
    if (first + row < end) {
      bits = *reinterpret_cast<const uint4*>(rows + static_cast<std::int64_t>(first) * kHeadDim + 8 * i);
    }
    *reinterpret_cast<uint4*>(tile + 8 * i) = bits;
  }
}

// Online softmax over tiles of 64 keys, weights rounded to the element for the product, FP32 sums.
template <int kHeadDim, DeviceFault kFault, typename T>
__global__ void __launch_bounds__(kThreads)
    faulty_attention(const T* q, const T* k, const T* v, T* o, float* lse, int heads, int heads_per_kv,
                     int seq_q, int seq_k, bool causal, float scale) {
  constexpr float kCoarser = std::is_same_v<T, __half> ? 1.0f : 8.0f;  // than f16
  __shared__ __align__(16) T tile[kKeys * kHeadDim];
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
  if (kFault == DeviceFault::kScale) scale *= 1.0f + 0.01f * kCoarser;
  const int middle = visible / 2;
  const int middle_tile = middle / kKeys * kKeys;

  T query[kHeadDim];
  float output[kHeadDim];
  const T* queries = q + (head * seq_q + source) * static_cast<std::int64_t>(kHeadDim);
#pragma unroll
  for (int i = 0; i < kHeadDim; ++i) query[i] = queries[i];
#pragma unroll
  for (float& x : output) x = 0.0f;
  float running_max = -INFINITY;
  float first_max = 0.0f;
  float sum = 0.0f;
  for (int first = 0; first < seq_k; first += kKeys) {
    __syncthreads();
    load_tile<kHeadDim>(tile, k, first, seq_k);
    __syncthreads();
    const int count = max(0, min(kKeys, visible - first));
    const bool dropped = kFault == DeviceFault::kDroppedTile && first == middle_tile;
    float tile_max = running_max;
    for (int j = 0; j < count; ++j) {
      const T* key = tile + j * kHeadDim;
      float score = 0.0f;
#pragma unroll
      for (int i = 0; i < kHeadDim; ++i) score = fmaf(to_float(query[i]), to_float(key[i]), score);
      score *= scale;
      if (dropped || (kFault == DeviceFault::kDroppedKey && first + j == middle)) score = -INFINITY;
      scores[j][threadIdx.x] = score;
      tile_max = fmaxf(tile_max, score);
    }
    __syncthreads();  // the keys have been read
    load_tile<kHeadDim>(tile, v, first, seq_k);
    __syncthreads();
    if (tile_max == -INFINITY) continue;  // nothing was seen yet
    if (running_max == -INFINITY) first_max = tile_max;
    const float factor = expf(running_max - tile_max);
    running_max = tile_max;
    sum *= factor;
#pragma unroll
    for (float& x : output) x *= factor;
    const bool stale = kFault == DeviceFault::kStaleValues && first == max(middle_tile, kKeys);
    const T* before = v + (static_cast<std::int64_t>(first) - kKeys) * kHeadDim;
    for (int j = 0; j < count; ++j) {
      const float weight = expf(scores[j][threadIdx.x] - tile_max);
      sum += weight;
      const float rounded = to_float(from_float<T>(weight));
      const T* value = stale ? before + j * kHeadDim : tile + j * kHeadDim;
#pragma unroll
      for (int i = 0; i < kHeadDim; ++i) output[i] = fmaf(rounded, to_float(value[i]), output[i]);
    }
  }
  if (!inside) return;
  if (kFault == DeviceFault::kSum) sum /= 1.0f + 0.003f * kCoarser;
  const float inverse = sum > 0.0f && kFault != DeviceFault::kZeros ? 1.0f / sum : 0.0f;
  if (lse != nullptr) {
    float value = -INFINITY;
    if (sum > 0.0f) value = (kFault == DeviceFault::kLseFirstMax ? first_max : running_max) + logf(sum);
    if (kFault == DeviceFault::kLsePowers) value *= 1.44269504f;
    if (kFault == DeviceFault::kLseNoMax) value -= running_max;
    lse[head * seq_q + row] = value;
  }
  auto* out = reinterpret_cast<unsigned*>(o + (head * seq_q + row) * static_cast<std::int64_t>(kHeadDim));
#pragma unroll
  for (int i = 0; i < kHeadDim / 2; ++i)
    out[i] = pack<T>(output[2 * i] * inverse, output[2 * i + 1] * inverse);
}

struct Tensors {
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* lse;
};

template <int kHeadDim, DeviceFault kFault, typename T>
cudaError_t launch(const core::AttentionProblem& p, const Tensors& at) {
  const std::int64_t blocks = p.batch * p.heads * ((p.seq_q + kThreads - 1) / kThreads);
  faulty_attention<kHeadDim, kFault><<<static_cast<unsigned>(blocks), kThreads>>>(
      static_cast<const T*>(at.q), static_cast<const T*>(at.k), static_cast<const T*>(at.v),
      static_cast<T*>(at.o), at.lse, static_cast<int>(p.heads), static_cast<int>(p.heads / p.kv_heads),
      static_cast<int>(p.seq_q), static_cast<int>(p.seq_k), p.causal,
      static_cast<float>(1.0 / sqrt(static_cast<double>(p.head_dim))));
  return cudaGetLastError();
}

template <DeviceFault kFault>
cudaError_t with_fault(const core::AttentionProblem& p, const Tensors& at) {
  const bool half = p.dtype == "f16";
  if (p.head_dim == 64)
    return half ? launch<64, kFault, __half>(p, at) : launch<64, kFault, __nv_bfloat16>(p, at);
  if (p.head_dim == 128)
    return half ? launch<128, kFault, __half>(p, at) : launch<128, kFault, __nv_bfloat16>(p, at);
  return cudaErrorInvalidValue;
}

// The launcher of each fault, in the order of the list.
template <std::size_t... kAt>
cudaError_t launch_one_of(DeviceFault fault, const core::AttentionProblem& p, const Tensors& at,
                          std::index_sequence<kAt...>) {
  cudaError_t error = cudaErrorInvalidValue;
  const auto launch_if_it_is = [&]<DeviceFault kFault>() {
    if (fault == kFault) error = with_fault<kFault>(p, at);
  };
  (launch_if_it_is.template operator()<kDeviceFaults[kAt].first>(), ...);
  return error;
}

}  // namespace

cudaError_t launch_faulty(DeviceFault fault, const core::AttentionProblem& p, const void* q, const void* k,
                          const void* v, void* o, float* lse) {
  return launch_one_of(fault, p, {q, k, v, o, lse}, std::make_index_sequence<std::size(kDeviceFaults)>());
}

}  // namespace flashcore::kernels::bench
