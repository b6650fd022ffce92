// fused: FlashAttention-2 in one kernel (Dao 2023, "FlashAttention-2", algorithm 1) for compute
// capability 8.0 and later: both products by mma.sync, S and P in registers only, K and V through shared
// memory by asynchronous copies.
//
// A block takes a tile of query rows and walks over the keys in tiles. Its warps share the rows (kRowWarps)
// and, where the rows are too few to fill the GPU, the keys of each tile as well (kKeyWarps): then the warps'
// O, m and l are merged at the end by the rule of the online softmax. Where that is not enough either, the
// keys are split over blocks and attention_fused_combine merges their parts, which pass through the
// workspace.
//
// The query heads that share a key head lie in one tile: packed row r is query r / G of head r % G of its
// group, G = H / Hkv. Keys and values are then read once a group, and a single query of grouped heads still
// fills a tile.
#include <algorithm>
#include <array>
#include <string>

#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/async_copy.cuh"
#include "kernels/device/attention_view.cuh"
#include "kernels/device/dependent_launch.cuh"
#include "kernels/device/instance.cuh"
#include "kernels/device/mma.cuh"
#include "kernels/device/online_softmax.cuh"
#include "kernels/device/swizzle.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

// The shape of a block's work.
template <int kHeadDim_, int kRowTiles_, int kRowWarps_, int kKeyWarps_, int kWarpKeys_, int kStages_,
          bool kQueryInRegisters_, bool kQueryApart_, int kMinBlocks_>
struct FusedTile {
  static constexpr int kHeadDim = kHeadDim_;
  static constexpr int kRowTiles = kRowTiles_;  // 16-row tiles of a warp
  static constexpr int kRowWarps = kRowWarps_;
  static constexpr int kKeyWarps = kKeyWarps_;
  static constexpr int kWarpKeys = kWarpKeys_;  // keys of a tile that a warp takes
  static constexpr int kStages = kStages_;      // tiles of K and V in shared memory
  static constexpr bool kQueryInRegisters = kQueryInRegisters_;
  static constexpr bool kQueryApart = kQueryApart_;  // else Q passes through the last stage
  static constexpr int kMinBlocks = kMinBlocks_;     // of an SM, for the compiler's allotment of registers

  static constexpr int kWarpRows = 16 * kRowTiles;
  static constexpr int kRows = kWarpRows * kRowWarps;
  static constexpr int kKeys = kWarpKeys * kKeyWarps;
  static constexpr int kGroupThreads = 32 * kRowWarps;  // of the warps that share keys
  static constexpr int kThreads = kGroupThreads * kKeyWarps;
  static constexpr int kRowBytes = 2 * kHeadDim;
  static constexpr int kTileBytes = kKeys * kRowBytes;  // of K, and of V
  static constexpr int kStageBytes = 2 * kTileBytes;
  static constexpr int kQueryBytes = kRows * kRowBytes;
  static constexpr int kQueryAt = (kQueryApart ? kStages : kStages - 1) * kStageBytes;
  // Where the warps' parts of O meet: FP32, a row padded by 16 bytes, m and l behind the rows.
  static constexpr int kMergePitch = kHeadDim + 4;  // floats
  static constexpr int kMergeBytes = kKeyWarps > 1 ? kKeyWarps* kRows*(kMergePitch + 2) *
                                                         static_cast<int>(sizeof(float))
                                                   : 0;
  static constexpr int kBytes = std::max(
      {kStages * kStageBytes + (kQueryApart ? kQueryBytes : 0), kQueryAt + kQueryBytes, kMergeBytes});

  static_assert(kQueryInRegisters || kQueryApart);
  static_assert(kStages >= 2);
};

// threadIdx.x, and the block's index below: asked for again where they are needed, because what follows from
// them would otherwise be kept in registers through the loop, which needs them all.
__device__ __forceinline__ int thread_again() {
  int thread;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
  return thread;
}

// Of the calling warp: its rows in the tile, and the group of warps with which it shares keys.
template <typename Tile>
__device__ __forceinline__ int first_row_of_warp() {
  return thread_again() / 32 % Tile::kRowWarps * Tile::kWarpRows;
}
template <typename Tile>
__device__ __forceinline__ int group_of_warp() {
  if constexpr (Tile::kKeyWarps == 1) return 0;  // which the compiler then knows
  return thread_again() / Tile::kGroupThreads;
}

// One tile's place in the problem. Rows are packed ones: of Sq * G.
struct FusedPlace {
  int batch, kv_head;
  int first_row;
  int split;
};

__device__ __forceinline__ int packed_rows(const AttentionView& view) {
  return view.seq_q * view.heads_per_kv;
}

template <typename Tile>
__device__ __forceinline__ FusedPlace fused_place(const AttentionView& view, unsigned block) {
  FusedPlace at;
  at.split = 0;
  if constexpr (Tile::kKeyWarps > 1) {  // a tile of one group of warps writes elements, no parts
    const unsigned part = block;
    block = view.by_splits.quotient(part);
    at.split = static_cast<int>(part - block * view.by_splits.divisor());
  }
  // From a head's last tile to its first: under a causal mask the longest come first. One head after another
  // keeps the blocks that run together on few keys; side by side the longest tiles of all heads are spread
  // over the SMs.
  const FastDivisor& by = view.heads_side_by_side ? view.by_all_heads : view.by_row_tiles;
  const unsigned slow = by.quotient(block), fast = block - slow * by.divisor();
  const unsigned tile = view.heads_side_by_side ? slow : fast;
  const unsigned head = view.heads_side_by_side ? fast : slow;
  at.first_row = static_cast<int>(view.by_row_tiles.divisor() - 1 - tile) * Tile::kRows;
  at.batch = static_cast<int>(view.by_kv_heads.quotient(head));
  at.kv_head = static_cast<int>(view.by_kv_heads.remainder(head));
  return at;
}

// A packed row's query, and its head.
__device__ __forceinline__ int query_of(const AttentionView& view, int row) {
  return static_cast<int>(view.by_group.quotient(static_cast<unsigned>(row)));
}
__device__ __forceinline__ int head_of(const AttentionView& view, const FusedPlace& at, int row) {
  return at.kv_head * view.heads_per_kv +
         static_cast<int>(view.by_group.remainder(static_cast<unsigned>(row)));
}

// The keys of a block.
struct FusedKeys {
  int first, end;
  int least;  // that every row of the tile sees
};

template <typename Tile>
__device__ __forceinline__ FusedKeys fused_keys(const AttentionView& view, const FusedPlace& at) {
  const int last_row = min(at.first_row + Tile::kRows, packed_rows(view)) - 1;
  FusedKeys keys;
  keys.first = at.split * view.split_keys;
  keys.end = min(visible_keys(view, query_of(view, last_row)), keys.first + view.split_keys);
  keys.least = visible_keys(view, query_of(view, at.first_row));
  return keys;
}

// The first element of a packed row.
template <typename T, typename Pointer>
__device__ __forceinline__ auto packed_row(Pointer tensor, const Strides& strides, const AttentionView& view,
                                           const FusedPlace& at, int row) {
  return head_rows<T>(tensor, strides, at.batch, head_of(view, at, row)) + query_of(view, row) * strides.row;
}

// A named barrier of some warps of the block (PTX ISA, "barrier"; number 0 is __syncthreads()'s). Its number
// is a constant, because racecheck loses count of barriers whose number comes from a register.
template <int kNumber, int kThreads>
__device__ __forceinline__ void named_barrier() {
  asm volatile("bar.sync %0, %1;" ::"n"(kNumber), "n"(kThreads) : "memory");
}

// The warps that share keys wait for each other, and for no others: groups drift apart, and the exponentials
// of one run beside the products of another.
template <typename Tile>
__device__ __forceinline__ void wait_for_group(int group) {
  if constexpr (Tile::kKeyWarps == 1) {
    __syncthreads();
  } else if constexpr (Tile::kRowWarps == 1) {
    __syncwarp();
  } else {
    static_assert(Tile::kKeyWarps <= 4);
    if (group == 0) {
      named_barrier<1, Tile::kGroupThreads>();
    } else if (group == 1) {
      named_barrier<2, Tile::kGroupThreads>();
    } else if (group == 2) {
      named_barrier<3, Tile::kGroupThreads>();
    } else {
      named_barrier<4, Tile::kGroupThreads>();
    }
  }
}

// Copies a group's part of the tiles of K and V one after another, each thread always the same chunk of its
// rows.
template <typename T, typename Tile>
class TileCopier {
 public:
  static constexpr int kChunks = Swizzled<Tile::kHeadDim>::kChunks;
  static constexpr int kRowStep = Tile::kGroupThreads / kChunks;  // rows that the group copies at once
  static constexpr int kSteps = Tile::kWarpKeys / kRowStep;
  static_assert(kRowStep > 0 && Tile::kWarpKeys % kRowStep == 0);

  // `first_key` is the group's first, `shared` the address of its part of the first stage.
  __device__ __forceinline__ TileCopier(const AttentionView& view, const FusedPlace& at, int first_key,
                                        std::uint32_t shared)
      : key_(first_key + row()), to_(shared + Swizzled<Tile::kHeadDim>::offset(row(), chunk())) {
    k_ = head_rows<T>(view.k, view.k_strides, at.batch, at.kv_head) + key_ * view.k_strides.row + 8 * chunk();
    v_ = head_rows<T>(view.v, view.v_strides, at.batch, at.kv_head) + key_ * view.v_strides.row + 8 * chunk();
  }

  // The next tile, into the stage at `stage_at` bytes.
  __device__ __forceinline__ void start(const AttentionView& view, std::uint32_t stage_at) {
    start(k_, view.k_strides.row, stage_at, view.seq_k);
    start(v_, view.v_strides.row, stage_at + Tile::kTileBytes, view.seq_k);
    key_ += Tile::kKeys;
    k_ += Tile::kKeys * view.k_strides.row;
    v_ += Tile::kKeys * view.v_strides.row;
  }

 private:
  __device__ __forceinline__ static int row() {
    return static_cast<int>(threadIdx.x) % Tile::kGroupThreads / kChunks;
  }
  __device__ __forceinline__ static int chunk() { return static_cast<int>(threadIdx.x) % kChunks; }

  // Rows past the last key become zeros: a stale NaN would survive a weight of zero.
  __device__ __forceinline__ void start(const T* from, std::int64_t stride, std::uint32_t stage_at,
                                        int end) const {
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
      std::uint32_t to = to_ + stage_at + i * kRowStep * Tile::kRowBytes;
      if constexpr (kRowStep % 8 != 0) {  // the row's place in the swizzle changes from step to step
        to = to - Swizzled<Tile::kHeadDim>::offset(row(), chunk()) - i * kRowStep * Tile::kRowBytes +
             Swizzled<Tile::kHeadDim>::offset(row() + i * kRowStep, chunk());
      }
      copy_async_or_zero(to, from + i * kRowStep * stride, key_ + i * kRowStep < end);
    }
  }

  int key_;           // of the thread's first row
  std::uint32_t to_;  // where its chunk lies in the first stage
  const T* k_;
  const T* v_;
};

template <typename T, typename Tile>
__device__ __forceinline__ void start_queries(const AttentionView& view, const FusedPlace& at,
                                              std::uint32_t query) {
  constexpr int kChunks = Swizzled<Tile::kHeadDim>::kChunks;
  constexpr int kRowStep = Tile::kThreads / kChunks;
  const int chunk = static_cast<int>(threadIdx.x) % kChunks;
#pragma unroll
  for (int i = 0; i < (Tile::kRows + kRowStep - 1) / kRowStep; ++i) {
    const int row = static_cast<int>(threadIdx.x) / kChunks + i * kRowStep;
    if (Tile::kRows % kRowStep != 0 && row >= Tile::kRows) break;
    const bool inside = at.first_row + row < packed_rows(view);
    const T* from =
        packed_row<T>(view.q, view.q_strides, view, at, inside ? at.first_row + row : 0) + 8 * chunk;
    copy_async_or_zero(query + Swizzled<Tile::kHeadDim>::offset(row, chunk), from, inside);
  }
}

// Lane i of an ldmatrix asks, of Q and V, for row i % 16 and chunk i / 16 of a pair, of K for row i / 16 * 8
// + i % 8 and chunk i / 8 % 2: then the four matrices come as the fragments of A and of two B.
template <typename Tile>
__device__ __forceinline__ LanePlace query_place(std::uint32_t shared, int warp_row) {
  const int lane = thread_again() % 32;
  return lane_place<Tile::kHeadDim>(shared + Tile::kQueryAt + warp_row * Tile::kRowBytes, lane % 16,
                                    lane / 16);
}
template <typename Tile>
__device__ __forceinline__ LanePlace key_place(std::uint32_t group_keys) {
  const int lane = thread_again() % 32;
  return lane_place<Tile::kHeadDim>(group_keys, lane / 16 * 8 + lane % 8, lane / 8 % 2);
}
template <typename Tile>
__device__ __forceinline__ LanePlace value_place(std::uint32_t group_keys) {
  const int lane = thread_again() % 32;
  return lane_place<Tile::kHeadDim>(group_keys + Tile::kTileBytes, lane % 16, lane / 16);
}

// What a warp holds in registers.
template <typename Tile>
struct FusedRegisters {
  float o[Tile::kRowTiles][Tile::kHeadDim / 8][4];    // O, not yet divided by l
  FragmentA q[Tile::kRowTiles][Tile::kHeadDim / 16];  // Q; unused where it stays in shared memory
  RowState rows[Tile::kRowTiles][2];                  // m and l
};

// Q's fragments of 16 columns, where they are not kept in registers.
template <typename Tile>
__device__ __forceinline__ void load_queries(FragmentA (&a)[Tile::kRowTiles], const LanePlace& query, int k) {
  if constexpr (!Tile::kQueryInRegisters) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) load_matrices(a[m].x, query.at(k) + 16 * m * Tile::kRowBytes);
  }
}

// S = Q K^T of the warp's rows and keys.
template <typename T, typename Tile>
__device__ __forceinline__ void score_tile(float (&s)[Tile::kRowTiles][Tile::kWarpKeys / 8][4],
                                           const FusedRegisters<Tile>& warp, const LanePlace& query,
                                           const LanePlace& keys) {
  constexpr int kPairs = Tile::kWarpKeys / 16;  // of 8 keys
  constexpr int kSteps = kPairs * (Tile::kHeadDim / 16);
  FragmentA loaded[2][Tile::kRowTiles];
  FragmentB2 ahead[2];
  load_queries<Tile>(loaded[0], query, 0);
  load_matrices(ahead[0].x, keys.at(0));
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int k = i / kPairs, n = i % kPairs;
    if (i + 1 < kSteps) {
      load_matrices(ahead[(i + 1) % 2].x,
                    keys.at((i + 1) / kPairs) + 16 * ((i + 1) % kPairs) * Tile::kRowBytes);
      if (n + 1 == kPairs) load_queries<Tile>(loaded[(k + 1) % 2], query, k + 1);
    }
    const FragmentB2& b = ahead[i % 2];
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
      const FragmentA& a = Tile::kQueryInRegisters ? warp.q[m][k] : loaded[k % 2][m];
      if (k == 0) {
        multiply<T>(s[m][2 * n], a, b.low());
        multiply<T>(s[m][2 * n + 1], a, b.high());
      } else {
        multiply_add<T>(s[m][2 * n], a, b.low());
        multiply_add<T>(s[m][2 * n + 1], a, b.high());
      }
    }
  }
}

template <typename Tile>
__device__ __forceinline__ FusedPlace fused_place_again(const AttentionView& view) {
  unsigned block = blockIdx.x;
  asm volatile("" : "+r"(block));
  return fused_place<Tile>(view, block);
}

// Keys that a row does not see get the score -infinity. `key` is the first of the warp's.
template <typename Tile>
__device__ __forceinline__ void mask_tile(float (&s)[Tile::kRowTiles][Tile::kWarpKeys / 8][4],
                                          const AttentionView& view, int warp_row, int key) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first_row = fused_place_again<Tile>(view).first_row + warp_row + lane / 4;
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + 16 * m + 8 * half;
      const int left = visible_keys(view, query_of(view, row)) - key - 2 * (lane % 4);
#pragma unroll
      for (int n = 0; n < Tile::kWarpKeys / 8; ++n) {
        if (8 * n >= left) s[m][n][2 * half] = -INFINITY;
        if (8 * n + 1 >= left) s[m][n][2 * half + 1] = -INFINITY;
      }
    }
  }
}

// The online softmax of the tile: P over S, and O rescaled where a maximum grew.
template <typename Tile>
__device__ __forceinline__ void softmax_tile(float (&s)[Tile::kRowTiles][Tile::kWarpKeys / 8][4],
                                             FusedRegisters<Tile>& warp, float scale_log2) {
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
    const float upper = softmax_row(s[m], 0, scale_log2, warp.rows[m][0]);
    const float lower = softmax_row(s[m], 2, scale_log2, warp.rows[m][1]);
    // After some tiles a new maximum is rare.
    if (!__any_sync(0xffffffffu, upper != 1.0f || lower != 1.0f)) continue;
#pragma unroll
    for (int d = 0; d < Tile::kHeadDim / 8; ++d) {
      warp.o[m][d][0] *= upper;
      warp.o[m][d][1] *= upper;
      warp.o[m][d][2] *= lower;
      warp.o[m][d][3] *= lower;
    }
  }
}

// Two neighbouring C of S are, packed, an A of P.
template <typename T>
__device__ __forceinline__ FragmentA packed_weights(const float (&low)[4], const float (&high)[4]) {
  return {{pack<T>(low[0], low[1]), pack<T>(low[2], low[3]), pack<T>(high[0], high[1]),
           pack<T>(high[2], high[3])}};
}

// O += P V
template <typename T, typename Tile>
__device__ __forceinline__ void add_values(FusedRegisters<Tile>& warp,
                                           const float (&p)[Tile::kRowTiles][Tile::kWarpKeys / 8][4],
                                           const LanePlace& values) {
  constexpr int kPairs = Tile::kHeadDim / 16;  // of 8 columns
  constexpr int kSteps = kPairs * (Tile::kWarpKeys / 16);
  FragmentA a[Tile::kRowTiles];
  FragmentB2 ahead[2];
  load_matrices_transposed(ahead[0].x, values.at(0));
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const int k = i / kPairs, d = i % kPairs;
    if (i + 1 < kSteps)
      load_matrices_transposed(ahead[(i + 1) % 2].x,
                               values.at((i + 1) % kPairs) + 16 * ((i + 1) / kPairs) * Tile::kRowBytes);
    const FragmentB2& b = ahead[i % 2];
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
      if (d == 0) a[m] = packed_weights<T>(p[m][2 * k], p[m][2 * k + 1]);
      multiply_add<T>(warp.o[m][2 * d], a[m], b.low());
      multiply_add<T>(warp.o[m][2 * d + 1], a[m], b.high());
    }
  }
}

// O / l, as elements, through shared memory to whole chunks of rows. Every warp writes its own rows.
template <typename T, typename Tile>
__device__ __forceinline__ void write_rows(FusedRegisters<Tile>& warp, const AttentionView& view,
                                           const FusedPlace& at, unsigned char* shared) {
  const int warp_row = first_row_of_warp<Tile>();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  unsigned char* own = shared + warp_row * Tile::kRowBytes;
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const RowState& state = warp.rows[m][half];
      const float inverse = state.sum > 0.0f ? 1.0f / state.sum : 0.0f;  // a row that sees no key is zero
      const int local = 16 * m + 8 * half + lane / 4;
#pragma unroll
      for (int d = 0; d < Tile::kHeadDim / 8; ++d) {
        *reinterpret_cast<std::uint32_t*>(own + Swizzled<Tile::kHeadDim>::offset(local, d) + 4 * (lane % 4)) =
            pack<T>(warp.o[m][d][2 * half] * inverse, warp.o[m][d][2 * half + 1] * inverse);
      }
      const int row = at.first_row + warp_row + local;
      if (view.lse != nullptr && lane % 4 == 0 && row < packed_rows(view)) {
        *lse_row(view, at.batch, head_of(view, at, row), query_of(view, row)) =
            log_sum_exp(state.shift, state.sum);
      }
    }
  }
  __syncwarp();
  constexpr int kChunks = Swizzled<Tile::kHeadDim>::kChunks;
#pragma unroll
  for (int i = 0; i < Tile::kWarpRows * kChunks / 32; ++i) {
    const int local = (32 * i + lane) / kChunks;
    const int chunk = lane % kChunks;
    const int row = at.first_row + warp_row + local;
    if (row >= packed_rows(view)) break;
    *reinterpret_cast<uint4*>(packed_row<T>(view.o, view.o_strides, view, at, row) + 8 * chunk) =
        *reinterpret_cast<const uint4*>(own + Swizzled<Tile::kHeadDim>::offset(local, chunk));
  }
}

// Where the parts of a split row lie in the workspace: the row's O (FP32, not divided by l) part after part,
// and behind all rows the m and l of each.
struct SplitParts {
  float* o;
  float2* state;
};
template <int kHeadDim>
__device__ __forceinline__ SplitParts split_parts(const AttentionView& view) {
  const std::int64_t parts = static_cast<std::int64_t>(view.batch) * view.heads * view.seq_q * view.splits;
  auto* o = static_cast<float*>(view.workspace);
  return {o, reinterpret_cast<float2*>(o + parts * kHeadDim)};
}

// The warps that share rows put their O, m and l side by side in shared memory; then every thread merges
// eight columns of some rows, in the order of the warps.
template <typename T, typename Tile>
__device__ __forceinline__ void merge_warps(const FusedRegisters<Tile>& warp, const AttentionView& view,
                                            const FusedPlace& at, unsigned char* shared) {
  const int warp_row = first_row_of_warp<Tile>();
  const int group = group_of_warp<Tile>();
  auto* parts = reinterpret_cast<float*>(shared);
  auto* states = reinterpret_cast<float2*>(parts + Tile::kKeyWarps * Tile::kRows * Tile::kMergePitch);
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = group * Tile::kRows + warp_row + 16 * m + 8 * half + lane / 4;
      float* to = parts + row * Tile::kMergePitch + 2 * (lane % 4);
#pragma unroll
      for (int d = 0; d < Tile::kHeadDim / 8; ++d) {
        *reinterpret_cast<float2*>(to + 8 * d) =
            make_float2(warp.o[m][d][2 * half], warp.o[m][d][2 * half + 1]);
      }
      if (lane % 4 == 0) states[row] = make_float2(warp.rows[m][half].shift, warp.rows[m][half].sum);
    }
  }
  __syncthreads();
  constexpr int kChunks = Tile::kHeadDim / 8;
  constexpr int kRowStep = Tile::kThreads / kChunks;
  const int chunk = static_cast<int>(threadIdx.x) % kChunks;
#pragma unroll
  for (int i = 0; i < (Tile::kRows + kRowStep - 1) / kRowStep; ++i) {
    const int local = static_cast<int>(threadIdx.x) / kChunks + i * kRowStep;
    const int row = at.first_row + local;
    if (local >= Tile::kRows || row >= packed_rows(view)) break;
    float shift = -INFINITY;
#pragma unroll
    for (int w = 0; w < Tile::kKeyWarps; ++w) shift = fmaxf(shift, states[w * Tile::kRows + local].x);
    const float safe = shift == -INFINITY ? 0.0f : shift;
    float sum = 0.0f;
    float o[8] = {};
#pragma unroll
    for (int w = 0; w < Tile::kKeyWarps; ++w) {
      const float2 state = states[w * Tile::kRows + local];
      const float weight = exp2_approx(state.x - safe);
      const float* from = parts + (w * Tile::kRows + local) * Tile::kMergePitch + 8 * chunk;
      const float4 low = *reinterpret_cast<const float4*>(from);
      const float4 high = *reinterpret_cast<const float4*>(from + 4);
      sum = fmaf(weight, state.y, sum);
      o[0] = fmaf(weight, low.x, o[0]), o[1] = fmaf(weight, low.y, o[1]);
      o[2] = fmaf(weight, low.z, o[2]), o[3] = fmaf(weight, low.w, o[3]);
      o[4] = fmaf(weight, high.x, o[4]), o[5] = fmaf(weight, high.y, o[5]);
      o[6] = fmaf(weight, high.z, o[6]), o[7] = fmaf(weight, high.w, o[7]);
    }
    if (view.splits > 1) {
      const SplitParts out = split_parts<Tile::kHeadDim>(view);
      const std::int64_t kv = static_cast<std::int64_t>(at.batch) * view.by_kv_heads.divisor() + at.kv_head;
      const std::int64_t part = (kv * packed_rows(view) + row) * view.splits + at.split;
      auto* to = reinterpret_cast<float4*>(out.o + part * Tile::kHeadDim + 8 * chunk);
      to[0] = make_float4(o[0], o[1], o[2], o[3]);
      to[1] = make_float4(o[4], o[5], o[6], o[7]);
      if (chunk == 0) out.state[part] = make_float2(shift, sum);
      continue;
    }
    const float inverse = sum > 0.0f ? 1.0f / sum : 0.0f;
    uint4 elements;
    elements.x = pack<T>(o[0] * inverse, o[1] * inverse);
    elements.y = pack<T>(o[2] * inverse, o[3] * inverse);
    elements.z = pack<T>(o[4] * inverse, o[5] * inverse);
    elements.w = pack<T>(o[6] * inverse, o[7] * inverse);
    *reinterpret_cast<uint4*>(packed_row<T>(view.o, view.o_strides, view, at, row) + 8 * chunk) = elements;
    if (view.lse != nullptr && chunk == 0) {
      *lse_row(view, at.batch, head_of(view, at, row), query_of(view, row)) = log_sum_exp(shift, sum);
    }
  }
}

template <typename T, typename Tile>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kMinBlocks)
    attention_fused(const AttentionView view) {
  extern __shared__ __align__(128) unsigned char shared[];
  const std::uint32_t shared_at = shared_address(shared);
  const int warp_row = first_row_of_warp<Tile>();
  const int group = group_of_warp<Tile>();
  const FusedPlace at = fused_place<Tile>(view, blockIdx.x);
  const FusedKeys block_keys = fused_keys<Tile>(view, at);
  const int first_key = block_keys.first + group * Tile::kWarpKeys;
  const std::uint32_t own_keys = shared_at + group * Tile::kWarpKeys * Tile::kRowBytes;
  TileCopier<T, Tile> copier(view, at, first_key, own_keys);

  // Q first, then as many tiles of K and V as the stages hold but one; Q's room may be the last stage.
  start_queries<T, Tile>(view, fused_place_again<Tile>(view), shared_at + Tile::kQueryAt);
  commit_copies();
#pragma unroll
  for (int stage = 0; stage < Tile::kStages - 1; ++stage) {
    const int key = first_key + stage * Tile::kKeys;
    if (key < block_keys.end) copier.start(view, stage * Tile::kStageBytes);
    commit_copies();
  }

  const LanePlace query = query_place<Tile>(shared_at, warp_row);
  const LanePlace keys = key_place<Tile>(own_keys);
  const LanePlace values = value_place<Tile>(own_keys);
  FusedRegisters<Tile> warp;
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
    for (int d = 0; d < Tile::kHeadDim / 8; ++d) {
#pragma unroll
      for (float& x : warp.o[m][d]) x = 0.0f;
    }
  }
  wait_for_copies<Tile::kStages - 1>();
  __syncthreads();
  if constexpr (Tile::kQueryInRegisters) {
#pragma unroll
    for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
      for (int k = 0; k < Tile::kHeadDim / 16; ++k) {
        load_matrices(warp.q[m][k].x, query.at(k) + 16 * m * Tile::kRowBytes);
      }
    }
  }

  std::uint32_t stage_at = 0;
  for (int key = first_key; key < block_keys.end; key += Tile::kKeys) {
    wait_for_copies<Tile::kStages - 2>();
    // The keys have arrived for the group, and nobody in it reads those before them any more (or Q).
    wait_for_group<Tile>(group);
    constexpr std::uint32_t kLastStage = (Tile::kStages - 1) * Tile::kStageBytes;
    const int next_key = key + (Tile::kStages - 1) * Tile::kKeys;
    if (next_key < block_keys.end) {
      copier.start(view, stage_at == 0 ? kLastStage : stage_at - Tile::kStageBytes);
    }
    commit_copies();

    float s[Tile::kRowTiles][Tile::kWarpKeys / 8][4];
    score_tile<T, Tile>(s, warp, query, {keys.row + stage_at, keys.chunk});
    if (key + Tile::kWarpKeys > block_keys.least) mask_tile<Tile>(s, view, warp_row, key);
    softmax_tile<Tile>(s, warp, view.scale_log2);
    add_values<T, Tile>(warp, s, {values.row + stage_at, values.chunk});
    stage_at = stage_at == kLastStage ? 0 : stage_at + Tile::kStageBytes;
  }
  wait_for_copies<0>();
  let_next_kernel_start();
#pragma unroll
  for (int m = 0; m < Tile::kRowTiles; ++m) {
#pragma unroll
    for (RowState& row : warp.rows[m]) row.sum = quad_sum(row.sum);
  }
  __syncthreads();  // the stages have been read
  if constexpr (Tile::kKeyWarps > 1) {
    merge_warps<T, Tile>(warp, view, fused_place_again<Tile>(view), shared);
  } else {
    write_rows<T, Tile>(warp, view, fused_place_again<Tile>(view), shared);
  }
}

inline constexpr int kCombineWarps = 4;

// Merges the parts of a row, in their order; a warp a row.
template <typename T, int kHeadDim>
__global__ void __launch_bounds__(32 * kCombineWarps) attention_fused_combine(const AttentionView view) {
  constexpr int kPerLane = kHeadDim / 32;
  wait_for_kernel_before();
  const std::int64_t rows = static_cast<std::int64_t>(view.batch) * view.heads * view.seq_q;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kCombineWarps + threadIdx.x / 32;
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const SplitParts parts = split_parts<kHeadDim>(view);
  const float* part = parts.o + row * view.splits * kHeadDim + kPerLane * lane;
  const float2* states = parts.state + row * view.splits;

  float shift = -INFINITY, sum = 0.0f;
  float o[kPerLane] = {};
  for (int split = 0; split < view.splits; ++split) {
    const float2 state = states[split];
    if (state.y == 0.0f) continue;  // it saw no key
    const float most = fmaxf(shift, state.x);
    const float before = exp2_approx(shift - most);
    const float now = exp2_approx(state.x - most);
    sum = sum * before + now * state.y;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) o[i] = o[i] * before + now * part[split * kHeadDim + i];
    shift = most;
  }
  const float inverse = sum > 0.0f ? 1.0f / sum : 0.0f;
  // Rows lie as the tiles had them: key head by key head, packed.
  const int group = view.heads_per_kv;
  const auto packed = static_cast<int>(row % packed_rows(view));
  const auto kv = static_cast<int>(row / packed_rows(view));
  const int kv_heads = view.heads / group;
  const int query = packed / group;
  const int head = kv % kv_heads * group + packed - query * group;
  const int batch = kv / kv_heads;
  T* to = head_rows<T>(view.o, view.o_strides, batch, head) + query * view.o_strides.row + kPerLane * lane;
#pragma unroll
  for (int i = 0; i < kPerLane; i += 2) {
    *reinterpret_cast<std::uint32_t*>(to + i) = pack<T>(o[i] * inverse, o[i + 1] * inverse);
  }
  if (view.lse != nullptr && lane == 0) *lse_row(view, batch, head, query) = log_sum_exp(shift, sum);
}

// The tiles that are compiled, rows x keys, and what each is for (docs/kernels.md, "fused", has the
// measurements). Large: blocks enough for two an SM. 32 rows a warp halve what a product takes from shared
// memory.
struct FusedLarge64 : FusedTile<64, 2, 4, 1, 64, 3, true, false, 2> {};    // 128 x 64
struct FusedLarge128 : FusedTile<128, 2, 4, 1, 48, 2, false, true, 2> {};  // 128 x 48
// Modest: a causal mask, where smaller tiles waste less of the diagonal, and GPUs of 100 KB of shared memory
// an SM.
struct FusedModest64 : FusedTile<64, 1, 4, 1, 64, 2, true, false, 4> {};    // 64 x 64
struct FusedModest128 : FusedTile<128, 1, 4, 1, 32, 2, true, false, 2> {};  // 64 x 32
// Wide: one to four tiles an SM.
struct FusedWide64 : FusedTile<64, 1, 4, 1, 128, 2, true, true, 2> {};  // 64 x 128
// Medium: a tile an SM. Its warps share the rows two by two, and the keys in groups.
struct FusedMedium64 : FusedTile<64, 2, 2, 4, 64, 2, true, true, 1> {};    // 64 x 256
struct FusedMedium128 : FusedTile<128, 1, 4, 2, 64, 2, true, true, 1> {};  // 64 x 128
// Small: half as many rows, where tiles of 64 leave SMs idle.
struct FusedSmall64 : FusedTile<64, 1, 2, 4, 64, 2, true, true, 1> {};    // 32 x 256
struct FusedSmall128 : FusedTile<128, 1, 2, 4, 32, 2, true, true, 1> {};  // 32 x 128
// Few: one query and its group's.
struct FusedFew64 : FusedTile<64, 1, 1, 4, 32, 3, true, true, 2> {};    // 16 x 128
struct FusedFew128 : FusedTile<128, 1, 1, 4, 16, 2, true, true, 3> {};  // 16 x 64

#endif  // FLASHCORE_CUDA

namespace {

core::Status fused_serves(const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  if (auto ok = check_served("fused", call, {.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}}); !ok)
    return ok;
  // No tile takes more blocks than there are rows; and a kernel counts packed rows, up to the end of the last
  // tile, as an int.
  return check_grid("fused", p, p.batch * p.heads * p.seq_q + 127);
}

#if FLASHCORE_CUDA

// What the choice weighs of a tile, and how it is launched.
struct FusedChoice {
  int rows = 0, keys = 0;
  int key_warps = 1;  // over which the keys of a tile are split
  core::KernelPlan kernel;
};

template <typename T, typename Tile>
FusedChoice fused_choice(const char* tile) {
  FusedChoice choice{.rows = Tile::kRows, .keys = Tile::kKeys, .key_warps = Tile::kKeyWarps, .kernel = {}};
  choice.kernel.name = "attention_fused<" + std::string(kElementName<T>) + ", " + tile + ">";
  choice.kernel.function = reinterpret_cast<const void*>(&attention_fused<T, Tile>);
  choice.kernel.block_x = Tile::kThreads;
  choice.kernel.dynamic_shared_bytes = Tile::kBytes;
  return choice;
}

// The tiles of one element type and D.
struct FusedTiles {
  FusedChoice large, modest, wide, medium, small, few;
  core::KernelPlan combine;
};

template <typename T, int kHeadDim>
FusedTiles fused_tiles() {
  FusedTiles tiles;
  if constexpr (kHeadDim == 64) {
    tiles.large = fused_choice<T, FusedLarge64>("FusedLarge64");
    tiles.modest = fused_choice<T, FusedModest64>("FusedModest64");
    tiles.wide = fused_choice<T, FusedWide64>("FusedWide64");
    tiles.medium = fused_choice<T, FusedMedium64>("FusedMedium64");
    tiles.small = fused_choice<T, FusedSmall64>("FusedSmall64");
    tiles.few = fused_choice<T, FusedFew64>("FusedFew64");
  } else {
    tiles.large = fused_choice<T, FusedLarge128>("FusedLarge128");
    tiles.modest = fused_choice<T, FusedModest128>("FusedModest128");
    tiles.wide = fused_choice<T, FusedMedium128>("FusedMedium128");
    tiles.medium = tiles.wide;
    tiles.small = fused_choice<T, FusedSmall128>("FusedSmall128");
    tiles.few = fused_choice<T, FusedFew128>("FusedFew128");
  }
  tiles.combine.name = instance_name<T>("attention_fused_combine", kHeadDim);
  tiles.combine.function = reinterpret_cast<const void*>(&attention_fused_combine<T, kHeadDim>);
  tiles.combine.block_x = 32 * kCombineWarps;
  return tiles;
}

std::int64_t fused_blocks(const core::AttentionProblem& p, const FusedChoice& tile) {
  const std::int64_t packed = p.seq_q * (p.heads / p.kv_heads);
  return p.batch * p.kv_heads * ((packed + tile.rows - 1) / tile.rows);
}

// The largest tile whose blocks fill the GPU: a larger one reads K and V less often, a smaller one leaves
// fewer SMs idle. What a GPU's shared memory does not hold is passed over.
const FusedChoice& choose_tile(const FusedTiles& tiles, const core::AttentionProblem& p,
                               const DeviceTraits& device) {
  const auto fits = [&](const FusedChoice& tile) {
    return tile.kernel.dynamic_shared_bytes <= device.shared_per_block_bytes;
  };
  const auto fills = [&](const FusedChoice& tile, double blocks_per_sm) {
    return static_cast<double>(fused_blocks(p, tile)) >= blocks_per_sm * device.sm_count;
  };
  constexpr double kNearlyOne = 0.875;  // blocks an SM: mission has 128 for 132 SMs
  const std::int64_t packed = p.seq_q * (p.heads / p.kv_heads);
  if (packed <= tiles.few.rows && fits(tiles.few)) return tiles.few;
  const bool two_large =
      device.shared_per_sm_bytes >= 2 * (tiles.large.kernel.dynamic_shared_bytes + (1 << 10));
  const bool little_shared = device.shared_per_sm_bytes <= (100 << 10);  // 8.6 and 8.9
  const bool modest = !two_large || little_shared || (p.head_dim == 64 && p.causal);
  const FusedChoice& most = modest ? tiles.modest : tiles.large;
  constexpr std::int64_t kHalfLarge = 64;  // so few rows would leave half of a large tile empty
  if (packed > kHalfLarge && fills(most, modest ? 4 : 2)) return most;
  // With few keys there is one tile of them, and nothing to run beside its softmax.
  const bool long_rows = p.seq_k > tiles.medium.keys;
  if (fits(tiles.medium) && long_rows && fills(tiles.medium, kNearlyOne) && !fills(tiles.medium, 1.01)) {
    return tiles.medium;
  }
  const FusedChoice& wide = little_shared ? tiles.modest : tiles.wide;
  if (fits(wide) && fills(wide, kNearlyOne)) return wide;
  if (fits(tiles.small)) return tiles.small;
  return fits(tiles.few) ? tiles.few : tiles.modest;
}

// Over how many blocks the keys of a tile are split where the tiles do not fill the GPU: a block an SM, or
// two where an SM holds two and that makes a few parts only, for a merge costs more with each part; and no
// part of fewer than some tiles of keys.
std::int64_t choose_splits(const core::AttentionProblem& p, const FusedChoice& tile,
                           const DeviceTraits& device) {
  constexpr std::int64_t kLeastTiles = 4, kFewParts = 4;
  if (tile.key_warps == 1) return 1;  // such a tile writes elements, no parts
  const std::int64_t blocks = fused_blocks(p, tile);
  const std::int64_t resident = device.shared_per_sm_bytes / (tile.kernel.dynamic_shared_bytes + (1 << 10));
  std::int64_t wanted = device.sm_count / blocks;
  if (resident > 1) wanted = std::min(2 * device.sm_count / blocks, std::max(wanted, kFewParts));
  const std::int64_t tiles = (p.seq_k + tile.keys - 1) / tile.keys;
  return std::max<std::int64_t>(1, std::min(wanted, tiles / kLeastTiles));
}

// Whether the keys and values of all heads stay in L2 while all heads are at work.
bool heads_stay_in_l2(const core::AttentionProblem& p, const DeviceTraits& device) {
  return 2 * 2 * p.kv_elements() <= device.l2_bytes / 2;
}

std::string fused_text(const FusedChoice& tile, std::int64_t splits) {
  std::string text = std::to_string(tile.rows) + " x " + std::to_string(tile.keys) + " tiles";
  if (tile.key_warps > 1) text += ", keys over " + std::to_string(tile.key_warps) + " warps";
  if (splits > 1) text += " and " + std::to_string(splits) + " blocks";
  return text;
}

core::Result<std::unique_ptr<PlannedLaunch>> fused_plan(const AttentionCall& call,
                                                        const DeviceTraits& device) {
  const core::AttentionProblem& p = call.problem;
  const FusedTiles tiles =
      for_instance(p, [&]<typename T, int kHeadDim>() { return fused_tiles<T, kHeadDim>(); });
  FusedChoice tile = choose_tile(tiles, p, device);
  std::int64_t splits = choose_splits(p, tile, device);
  OwnKernels own;
  if (splits > 1) {
    const std::int64_t all = (p.seq_k + tile.keys - 1) / tile.keys;
    own.split_keys = (all + splits - 1) / splits * tile.keys;
    splits = (p.seq_k + own.split_keys - 1) / own.split_keys;  // of whole tiles, fewer may be enough
  }
  own.row_tiles = fused_blocks(p, tile) / (p.batch * p.kv_heads);
  own.splits = static_cast<int>(splits);
  own.heads_side_by_side = p.causal && heads_stay_in_l2(p, device);
  own.choice = fused_text(tile, splits);
  tile.kernel.grid_x = fused_blocks(p, tile) * splits;
  own.kernels.push_back(tile.kernel);
  if (splits > 1) {
    const std::int64_t rows = p.batch * p.heads * p.seq_q;
    own.workspace_bytes = static_cast<std::size_t>(rows * splits * (p.head_dim + 2)) * sizeof(float);
    own.kernels.push_back(tiles.combine);
    own.kernels.back().grid_x = (rows + kCombineWarps - 1) / kCombineWarps;
    own.overlapped = device.compute >= 90;
  }
  return plan_own_kernels(call, std::move(own));
}

#endif

}  // namespace

FLASHCORE_PHASE(fused) = {
    .info = {.id = "fused",
             .title = "FlashAttention-2 in one kernel",
             .idea = "Scores and weights stay in registers between the two products by mma.sync; keys and "
                     "values stream "
                     "through swizzled shared memory by asynchronous copies, and are split over warps or "
                     "blocks where "
                     "the queries are too few.",
             .builds_on = "wmma",
             .rung = 3,
             .min_compute = 80,
             .problems = "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal"},
    .serves = fused_serves,
#if FLASHCORE_CUDA
    .plan = fused_plan,
#endif
};

}  // namespace flashcore::kernels
