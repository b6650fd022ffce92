// wmma: both products on the tensor cores through nvcuda::wmma, 16x16x16, FP32 accumulation.
//
// One block takes 64 query rows, one warp 16 of them; K and V pass through shared memory in tiles
// of 64 keys (Dao et al. 2022, "FlashAttention", algorithm 1). WMMA does not say which thread holds
// which element, so the scores go through shared memory for the softmax. The output need not: a
// fragment of row factors, loaded from shared memory, has the same unknown layout as the output's
// fragments, so their elementwise product rescales the rows in registers.
#include <algorithm>

#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include <cuda_pipeline_primitives.h>
#include <mma.h>

#include "kernels/device/attention_view.cuh"
#include "kernels/device/element.cuh"
#include "kernels/device/instance.cuh"
#endif

namespace flashcore::kernels {

inline constexpr int kWmmaRows = 64;  // queries of a block
inline constexpr int kWmmaKeys = 64;  // keys of a tile
inline constexpr int kWmmaWarps = 4;
inline constexpr int kWmmaThreads = 32 * kWmmaWarps;

#if FLASHCORE_CUDA

namespace wmma = nvcuda::wmma;

// Pitches are padded by 16 bytes, so that the eight rows of a matrix load fall into different banks;
// every 16x16 block still starts on a 32-byte boundary, as load_matrix_sync demands.
template <int kHeadDim>
struct WmmaLayout {
  static constexpr int kPitch = kHeadDim + 8;           // elements, of K's and V's tiles
  static constexpr int kScorePitch = kWmmaKeys + 4;     // floats
  static constexpr int kWeightPitch = 2 * kScorePitch;  // the same rows, as elements
  static constexpr int kFactorColumn = 32;              // weights end after 64 elements = 32 floats
  static constexpr int kTileElements = kWmmaKeys * kPitch;
  static constexpr int kBytes = 2 * kTileElements * 2 + kWmmaRows * kScorePitch * 4;
};

using AccumulatorFragment = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;
template <typename T>
using RowFragment = wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major>;

// Starts the copy of rows [first, first + 64) into shared memory; rows past the end become zeros
// (a stale NaN there would survive the product with a weight of zero).
template <typename T, int kHeadDim>
__device__ __forceinline__ void start_copy(T* tile, const T* rows, std::int64_t stride, int first, int end) {
  constexpr int kChunks = kHeadDim / 8;  // 16 bytes each
#pragma unroll
  for (int i = static_cast<int>(threadIdx.x); i < kWmmaKeys * kChunks; i += kWmmaThreads) {
    const int row = i / kChunks;
    const int column = i % kChunks * 8;
    const bool inside = first + row < end;
    const T* source = rows + (inside ? first + row : 0) * stride + column;
    __pipeline_memcpy_async(tile + row * WmmaLayout<kHeadDim>::kPitch + column, source, 16, inside ? 0 : 16);
  }
}

// One tile's softmax for the warp's 16 rows. Two lanes share a row, 32 keys each. Reads the scores,
// then writes over them: weights as elements at the front of a row, the row's factor behind them.
// Returns whether any row's factor differs from one.
struct RowState {
  float shift = -INFINITY;  // the running maximum, times scale_log2
  float sum = 0.0f;         // this lane's part
};

template <typename T, int kHeadDim>
__device__ __forceinline__ bool softmax_tile(float* scores, RowState& state, float scale_log2, int keys_left,
                                             bool masked) {
  using Layout = WmmaLayout<kHeadDim>;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int half = lane / 16;
  float* row = scores + lane % 16 * Layout::kScorePitch;
  float value[32];
#pragma unroll
  for (int i = 0; i < 32; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(row + half * 32 + i);
    value[i] = four.x;
    value[i + 1] = four.y;
    value[i + 2] = four.z;
    value[i + 3] = four.w;
  }
  if (masked) {
#pragma unroll
    for (int i = 0; i < 32; ++i) {
      if (half * 32 + i >= keys_left) value[i] = -INFINITY;
    }
  }
  float tile_max = value[0];
#pragma unroll
  for (int i = 1; i < 32; ++i) tile_max = fmaxf(tile_max, value[i]);
  tile_max = fmaxf(tile_max, __shfl_xor_sync(0xffffffffu, tile_max, 16));

  const float new_shift = fmaxf(state.shift, tile_max * scale_log2);
  const float shift = new_shift == -INFINITY ? 0.0f : new_shift;  // -inf - -inf would be NaN
  const float factor = exp2_approx(state.shift - shift);
  float sum = 0.0f;
  __syncwarp();  // all scores are in registers before the first weight is written over them
#pragma unroll
  for (int i = 0; i < 32; i += 8) {
    __align__(16) std::uint32_t weights[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float a = exp2_approx(fmaf(value[i + 2 * j], scale_log2, -shift));
      const float b = exp2_approx(fmaf(value[i + 2 * j + 1], scale_log2, -shift));
      sum += a + b;
      weights[j] = pack<T>(a, b);
    }
    *reinterpret_cast<uint4*>(reinterpret_cast<T*>(row) + half * 32 + i) =
        *reinterpret_cast<const uint4*>(weights);
  }
  const float4 factors = make_float4(factor, factor, factor, factor);
  float* factor_row = row + Layout::kFactorColumn + half * 8;
  *reinterpret_cast<float4*>(factor_row) = factors;
  *reinterpret_cast<float4*>(factor_row + 4) = factors;
  state.sum = fmaf(state.sum, factor, sum);
  state.shift = new_shift;
  const bool rescale = __any_sync(0xffffffffu, factor != 1.0f);
  __syncwarp();  // weights and factors are visible to the whole warp
  return rescale;
}

template <int kHeadDim>
__device__ __forceinline__ void scale_rows(AccumulatorFragment (&output)[kHeadDim / 16],
                                           const float* factors) {
  AccumulatorFragment factor;
  wmma::load_matrix_sync(factor, factors, WmmaLayout<kHeadDim>::kScorePitch, wmma::mem_row_major);
#pragma unroll
  for (int n = 0; n < kHeadDim / 16; ++n) {
#pragma unroll
    for (int i = 0; i < factor.num_elements; ++i) output[n].x[i] *= factor.x[i];
  }
}

// Scores of the warp's 16 queries with the tile's 64 keys, into shared memory.
template <typename T, int kHeadDim>
__device__ __forceinline__ void score_tile(float* scores, const RowFragment<T> (&query)[kHeadDim / 16],
                                           const T* k_tile) {
  using Layout = WmmaLayout<kHeadDim>;
#pragma unroll
  for (int n = 0; n < kWmmaKeys / 16; ++n) {
    AccumulatorFragment score;
    wmma::fill_fragment(score, 0.0f);
#pragma unroll
    for (int k = 0; k < kHeadDim / 16; ++k) {
      wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::col_major> keys;
      wmma::load_matrix_sync(keys, k_tile + 16 * n * Layout::kPitch + 16 * k, Layout::kPitch);
      wmma::mma_sync(score, query[k], keys, score);
    }
    wmma::store_matrix_sync(scores + 16 * n, score, Layout::kScorePitch, wmma::mem_row_major);
  }
  __syncwarp();
}

template <typename T, int kHeadDim>
__device__ __forceinline__ void add_values(AccumulatorFragment (&output)[kHeadDim / 16], const float* scores,
                                           const T* v_tile) {
  using Layout = WmmaLayout<kHeadDim>;
#pragma unroll
  for (int k = 0; k < kWmmaKeys / 16; ++k) {
    RowFragment<T> weights;
    wmma::load_matrix_sync(weights, reinterpret_cast<const T*>(scores) + 16 * k, Layout::kWeightPitch);
#pragma unroll
    for (int n = 0; n < kHeadDim / 16; ++n) {
      wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::row_major> values;
      wmma::load_matrix_sync(values, v_tile + 16 * k * Layout::kPitch + 16 * n, Layout::kPitch);
      wmma::mma_sync(output[n], weights, values, output[n]);
    }
  }
}

// Divides by the row sums and writes the warp's rows, 64 columns at a time through shared memory.
template <typename T, int kHeadDim>
__device__ __forceinline__ void write_rows(AccumulatorFragment (&output)[kHeadDim / 16], float* scores,
                                           const RowState& state, T* o, std::int64_t stride, float* lse,
                                           bool inside) {
  using Layout = WmmaLayout<kHeadDim>;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int half = lane / 16;
  float* row = scores + lane % 16 * Layout::kScorePitch;
  const float sum = state.sum + __shfl_xor_sync(0xffffffffu, state.sum, 16);
  const float inverse = sum > 0.0f ? 1.0f / sum : 0.0f;  // a row that sees no key is zero
#pragma unroll
  for (int i = 0; i < 8; ++i) row[Layout::kFactorColumn + half * 8 + i] = inverse;
  if (lse != nullptr && inside && half == 0) lse[lane] = log_sum_exp(state.shift, sum);
  __syncwarp();
  scale_rows<kHeadDim>(output, scores + Layout::kFactorColumn);
#pragma unroll
  for (int part = 0; part < kHeadDim / 64; ++part) {
    __syncwarp();  // the factors, or the part before, have been read
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      wmma::store_matrix_sync(scores + 16 * n, output[4 * part + n], Layout::kScorePitch,
                              wmma::mem_row_major);
    }
    __syncwarp();
    if (!inside) continue;
#pragma unroll
    for (int i = 0; i < 32; i += 8) {
      __align__(16) std::uint32_t out[4];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const float2 two = *reinterpret_cast<const float2*>(row + half * 32 + i + 2 * j);
        out[j] = pack<T>(two.x, two.y);
      }
      *reinterpret_cast<uint4*>(o + lane % 16 * stride + part * 64 + half * 32 + i) =
          *reinterpret_cast<const uint4*>(out);
    }
  }
}

template <typename T, int kHeadDim>
__global__ void __launch_bounds__(kWmmaThreads, kHeadDim == 64 ? 3 : 2)
    attention_wmma(const AttentionView view) {
  using Layout = WmmaLayout<kHeadDim>;
  extern __shared__ __align__(128) unsigned char shared[];
  T* k_tile = reinterpret_cast<T*>(shared);
  T* v_tile = k_tile + Layout::kTileElements;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  float* scores = reinterpret_cast<float*>(v_tile + Layout::kTileElements) + warp * 16 * Layout::kScorePitch;

  const int row_tiles = (view.seq_q + kWmmaRows - 1) / kWmmaRows;
  // From the last tile of a head to its first: under a causal mask the longest come first.
  const int first_row = (row_tiles - 1 - static_cast<int>(blockIdx.x % row_tiles)) * kWmmaRows;
  const int batch_head = static_cast<int>(blockIdx.x / row_tiles);
  const int head = batch_head % view.heads;
  const int batch = batch_head / view.heads;
  const int kv_head = head / view.heads_per_kv;
  const T* keys = head_rows<T>(view.k, view.k_strides, batch, kv_head);
  const T* values = head_rows<T>(view.v, view.v_strides, batch, kv_head);

  // The queries pass through K's tile once and stay in registers.
  start_copy<T, kHeadDim>(k_tile, head_rows<T>(view.q, view.q_strides, batch, head), view.q_strides.row,
                          first_row, view.seq_q);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  RowFragment<T> query[kHeadDim / 16];
  AccumulatorFragment output[kHeadDim / 16];
#pragma unroll
  for (int k = 0; k < kHeadDim / 16; ++k) {
    wmma::load_matrix_sync(query[k], k_tile + 16 * warp * Layout::kPitch + 16 * k, Layout::kPitch);
    wmma::fill_fragment(output[k], 0.0f);
  }
  __syncthreads();

  const int row = first_row + 16 * warp + lane % 16;
  const int row_keys = visible_keys(view, min(row, view.seq_q - 1));
  const int least_keys = visible_keys(view, first_row);
  const int most_keys = visible_keys(view, min(first_row + kWmmaRows, view.seq_q) - 1);
  RowState state;
  if (most_keys > 0) start_copy<T, kHeadDim>(k_tile, keys, view.k_strides.row, 0, view.seq_k);
  __pipeline_commit();
  for (int key = 0; key < most_keys; key += kWmmaKeys) {
    start_copy<T, kHeadDim>(v_tile, values, view.v_strides.row, key, view.seq_k);
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();  // K's tile has arrived for everybody
    score_tile<T, kHeadDim>(scores, query, k_tile);
    __syncthreads();  // K's tile has been read by everybody
    if (key + kWmmaKeys < most_keys) {
      start_copy<T, kHeadDim>(k_tile, keys, view.k_strides.row, key + kWmmaKeys, view.seq_k);
    }
    __pipeline_commit();
    const bool masked = key + kWmmaKeys > least_keys;
    if (softmax_tile<T, kHeadDim>(scores, state, view.scale_log2, row_keys - key, masked)) {
      scale_rows<kHeadDim>(output, scores + Layout::kFactorColumn);
    }
    __pipeline_wait_prior(1);
    __syncthreads();  // V's tile has arrived
    add_values<T, kHeadDim>(output, scores, v_tile);
    __syncthreads();  // V's tile and the weights have been read
  }
  T* o = head_rows<T>(view.o, view.o_strides, batch, head) +
         static_cast<std::int64_t>(first_row + 16 * warp) * view.o_strides.row;
  float* lse = view.lse == nullptr ? nullptr : lse_row(view, batch, head, first_row + 16 * warp);
  write_rows<T, kHeadDim>(output, scores, state, o, view.o_strides.row, lse, row < view.seq_q);
}

#endif  // FLASHCORE_CUDA

namespace {

std::int64_t wmma_blocks(const core::AttentionProblem& p) {
  return p.batch * p.heads * ((p.seq_q + kWmmaRows - 1) / kWmmaRows);
}

core::Status wmma_serves(const AttentionCall& call) {
  const Served served{.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}};
  if (auto ok = check_served("wmma", call, served); !ok) return ok;
  return check_grid("wmma", call.problem, wmma_blocks(call.problem));
}

#if FLASHCORE_CUDA
core::Result<std::unique_ptr<PlannedLaunch>> wmma_plan(const AttentionCall& call, const DeviceTraits&) {
  core::KernelPlan kernel = for_instance(call.problem, [&]<typename T, int kHeadDim>() {
    core::KernelPlan plan;
    plan.name = instance_name<T>("attention_wmma", kHeadDim);
    plan.function = reinterpret_cast<const void*>(&attention_wmma<T, kHeadDim>);
    plan.dynamic_shared_bytes = WmmaLayout<kHeadDim>::kBytes;
    plan.grid_x = wmma_blocks(call.problem);
    plan.block_x = kWmmaThreads;
    return plan;
  });
  return plan_own_kernels(call, {.kernels = {std::move(kernel)}, .choice = "64 x 64 tiles"});
}
#endif

}  // namespace

FLASHCORE_PHASE(wmma) = {
    .info = {.id = "wmma",
             .title = "Tensor cores through WMMA",
             .idea = "Tiles of 64 queries and 64 keys: both products by nvcuda::wmma 16x16x16, the softmax "
                     "through shared memory, the output in registers.",
             .builds_on = "baseline",
             .rung = 2,
             .min_compute = 80,
             .problems = "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal"},
    .serves = wmma_serves,
#if FLASHCORE_CUDA
    .plan = wmma_plan,
#endif
};

}  // namespace flashcore::kernels
