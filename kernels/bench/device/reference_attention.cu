// O in FP64. A block takes 64 queries, a warp 16 of them; keys and values pass through shared memory as
// doubles, 32 at a time, with the online softmax (Dao 2023, "FlashAttention-2", algorithm 1). Both products
// are DMMA, mma.m8n8k4.f64, which rounds as an FMA in FP64 does and is on every GPU from sm_80.
#include "kernels/bench/device/check_view.cuh"

namespace flashcore::kernels::bench {
namespace {

constexpr int kKeys = 32;  // of a tile

// Doubles a row in shared memory. A warp's half reads 4 rows x 4 columns of Q and K, and of V, whose rows it
// takes two apart, 4 x 4 as well: with these pitches all 16 fall into different banks.
template <int kWidth>
struct ReferenceTile {
  static constexpr int kPitch = kWidth + 4;
  static constexpr int kValuePitch = kWidth + 2;
  static constexpr int kBytes = (kCheckRows + kKeys) * kPitch * 8;
};

// c += a b, with a 8 x 4 (row group, column quad), b 4 x 8 (row quad, column group).
__device__ __forceinline__ void multiply_add(double (&c)[2], double a, double b) {
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+d"(c[0]), "+d"(c[1])
               : "d"(a), "d"(b));
}

// Rows [first, first + count) as doubles; what is past `end` or past the head's width is zero.
template <int kWidth, typename T>
__device__ __forceinline__ void load_tile(double* tile, int pitch, const T* rows, int first, int count,
                                          int end, int head_dim) {
  constexpr int kChunks = kWidth / 8;
  for (int i = static_cast<int>(threadIdx.x); i < count * kChunks; i += kCheckThreads) {
    const int row = i / kChunks;
    const int column = i % kChunks * 8;
    uint4 bits = make_uint4(0, 0, 0, 0);
    if (first + row < end && column < head_dim) {
      bits =
          *reinterpret_cast<const uint4*>(rows + static_cast<std::int64_t>(first + row) * head_dim + column);
    }
    const T* elements = reinterpret_cast<const T*>(&bits);
    double2* to = reinterpret_cast<double2*>(tile + row * pitch + column);
#pragma unroll
    for (int j = 0; j < 4; ++j)
      to[j] = make_double2(to_float(elements[2 * j]), to_float(elements[2 * j + 1]));
  }
}

struct RowState {
  double max = -INFINITY;
  double sum = 0;  // this lane's part
};

// Turns a row's scores of one tile into weights, and answers the factor for what was summed before.
__device__ __forceinline__ double soften(double (&scores)[kKeys / 8][2], RowState& state, int key, int quad,
                                         int visible, double scale) {
  double largest = state.max;
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const bool seen = key + 8 * n + 2 * quad + j < visible;
      scores[n][j] = seen ? scores[n][j] * scale : -INFINITY;
      largest = max(largest, scores[n][j]);
    }
  }
  largest = quad_max(largest);
  const double shift = largest == -INFINITY ? 0.0 : largest;  // -inf - -inf would be NaN
  const double factor = exp(state.max - shift);
  double sum = 0;
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      scores[n][j] = exp(scores[n][j] - shift);
      sum += scores[n][j];
    }
  }
  state.sum = state.sum * factor + sum;
  state.max = largest;
  return factor;
}

template <int kWidth, typename T>
__global__ void __launch_bounds__(kCheckThreads, 2)
    check_reference(const CheckView<T> view, double* o, double* lse) {
  using Tile = ReferenceTile<kWidth>;
  extern __shared__ __align__(16) double shared[];
  double* queries = shared;
  double* keys = shared + kCheckRows * Tile::kPitch;  // and the values, in turn
  const CheckPlace<T> at = make_place(view);
  load_tile<kWidth>(queries, Tile::kPitch, at.q, at.first_row, kCheckRows, view.seq_q, view.head_dim);

  double output[2][kWidth / 8][2] = {};
  RowState state[2];
  for (int key = 0; key < at.most; key += kKeys) {
    load_tile<kWidth>(keys, Tile::kPitch, at.k, key, kKeys, view.seq_k, view.head_dim);
    __syncthreads();
    double scores[2][kKeys / 8][2] = {};
    const double* a = queries + (16 * at.warp + at.group) * Tile::kPitch + at.quad;
    const double* b = keys + at.group * Tile::kPitch + at.quad;
#pragma unroll 4
    for (int k = 0; k < kWidth; k += 4) {
      const double upper = a[k];
      const double lower = a[8 * Tile::kPitch + k];
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) {
        const double column = b[8 * n * Tile::kPitch + k];
        multiply_add(scores[0][n], upper, column);
        multiply_add(scores[1][n], lower, column);
      }
    }
    __syncthreads();  // the keys have been read
    load_tile<kWidth>(keys, Tile::kValuePitch, at.v, key, kKeys, view.seq_k, view.head_dim);
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      const double factor = soften(scores[m], state[m], key, at.quad, at.visible[m], view.scale);
#pragma unroll
      for (int t = 0; t < kWidth / 8; ++t) {
        output[m][t][0] *= factor;
        output[m][t][1] *= factor;
      }
    }
    __syncthreads();  // the values have arrived
    // A product does not mind the order of its keys: what a lane holds of the weights, columns 2 * quad and
    // 2 * quad + 1, is taken as column `quad` of two products, and the values' rows follow suit.
#pragma unroll
    for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const double* value = keys + (8 * n + 2 * at.quad + j) * Tile::kValuePitch + at.group;
#pragma unroll
        for (int t = 0; t < kWidth / 8; ++t) {
          const double column = value[8 * t];
          multiply_add(output[0][t], scores[0][n][j], column);
          multiply_add(output[1][t], scores[1][n][j], column);
        }
      }
    }
    __syncthreads();  // the values have been read
  }
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    const double sum = quad_sum(state[m].sum);
    const double inverse = sum > 0 ? 1.0 / sum : 0.0;  // a row that sees no key is zero
    if (at.row[m] >= view.seq_q) continue;
    const std::int64_t place = at.head * view.seq_q + at.row[m];
    if (lse != nullptr && at.quad == 0) lse[place] = sum > 0 ? state[m].max + log(sum) : -INFINITY;
    double* row = o + place * view.head_dim;
#pragma unroll
    for (int t = 0; t < kWidth / 8; ++t) {
      if (8 * t >= view.head_dim) break;
      *reinterpret_cast<double2*>(row + 8 * t + 2 * at.quad) =
          make_double2(output[m][t][0] * inverse, output[m][t][1] * inverse);
    }
  }
}

// A warp a row.
template <typename T>
__global__ void __launch_bounds__(kCheckThreads)
    row_lengths(const T* tensor, std::int64_t rows, int head_dim, double* norms) {
  constexpr int kWarps = kCheckThreads / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  for (std::int64_t row = first; row < rows; row += static_cast<std::int64_t>(gridDim.x) * kWarps) {
    double sum = 0;
    for (int i = lane; i < head_dim; i += 32) {
      const double x = to_float(tensor[row * head_dim + i]);
      sum += x * x;
    }
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
    if (lane == 0) norms[row] = sqrt(sum);
  }
}

template <typename T>
cudaError_t reference_of(const core::AttentionProblem& p, const DeviceInputs& inputs, double* o,
                         double* lse) {
  if (p.head_dim <= 64) {
    return launch_check(check_reference<64, T>, p, inputs, ReferenceTile<64>::kBytes, o, lse);
  }
  return launch_check(check_reference<128, T>, p, inputs, ReferenceTile<128>::kBytes, o, lse);
}

}  // namespace

cudaError_t reference_attention(const core::AttentionProblem& p, const DeviceInputs& inputs, double* o,
                                double* lse) {
  if (p.head_dim > kMaxCheckedHeadDim || p.head_dim % 8 != 0) return cudaErrorInvalidValue;
  return element_of(p) == Element::kF16 ? reference_of<__half>(p, inputs, o, lse)
                                        : reference_of<__nv_bfloat16>(p, inputs, o, lse);
}

cudaError_t row_norms(const core::AttentionProblem& p, const void* tensor, std::int64_t rows, double* norms) {
  constexpr unsigned kBlocks = 1 << 12;
  const auto d = static_cast<int>(p.head_dim);
  if (element_of(p) == Element::kF16) {
    row_lengths<<<kBlocks, kCheckThreads>>>(static_cast<const __half*>(tensor), rows, d, norms);
  } else {
    row_lengths<<<kBlocks, kCheckThreads>>>(static_cast<const __nv_bfloat16*>(tensor), rows, d, norms);
  }
  return cudaGetLastError();
}

}  // namespace flashcore::kernels::bench
