// The same maths done plainly in the element type: scores rounded to it after scaling, the softmax in FP32,
// weights rounded to it, sums in FP32, the output rounded to it. What PyTorch does with three calls; here the
// scores are computed twice rather than kept. Both products are HMMA, mma.m16n8k16 with FP32 accumulators.
#include "kernels/bench/device/check_view.cuh"

namespace flashcore::kernels::bench {
namespace {

constexpr int kKeys = 64;  // of a tile

template <int kWidth>
inline constexpr int kPitch =
    kWidth + 8;  // elements a row in shared memory, so that 8 rows fall into all banks

// c += a b, with a 16 x 16 and b 16 x 8 in the layouts of PTX ISA, "mma.m16n8k16".
template <typename T>
__device__ __forceinline__ void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1);
template <>
__device__ __forceinline__ void multiply_add<__half>(float (&c)[4], const unsigned (&a)[4], unsigned b0,
                                                     unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
template <>
__device__ __forceinline__ void multiply_add<__nv_bfloat16>(float (&c)[4], const unsigned (&a)[4],
                                                            unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// 16 rows x 8 columns, transposed: the second operand of a product whose rows lie as they are.
__device__ __forceinline__ void load_transposed(unsigned& b0, unsigned& b1, const void* row) {
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(b0), "=r"(b1)
               : "r"(address)
               : "memory");
}

// Rows [first, first + 64); what is past `end` or past the head's width is zero.
template <int kWidth, typename T>
__device__ __forceinline__ void load_tile(T* tile, const T* rows, int first, int end, int head_dim) {
  constexpr int kChunks = kWidth / 8;
  for (int i = static_cast<int>(threadIdx.x); i < kKeys * kChunks; i += kCheckThreads) {
    const int row = i / kChunks;
    const int column = i % kChunks * 8;
    uint4 bits = make_uint4(0, 0, 0, 0);
    if (first + row < end && column < head_dim) {
      bits =
          *reinterpret_cast<const uint4*>(rows + static_cast<std::int64_t>(first + row) * head_dim + column);
    }
    *reinterpret_cast<uint4*>(tile + row * kPitch<kWidth> + column) = bits;
  }
}

template <int kWidth, typename T>
__device__ __forceinline__ void load_queries(unsigned (&query)[kWidth / 16][4], const CheckView<T>& view,
                                             const CheckPlace<T>& at) {
#pragma unroll
  for (int k = 0; k < kWidth / 16; ++k) {
#pragma unroll
    for (int part = 0; part < 4; ++part) {  // upper and lower rows, then the same 8 columns on
      const int row = at.row[part % 2];
      const int column = 16 * k + part / 2 * 8 + 2 * at.quad;
      query[k][part] = 0;
      if (row < view.seq_q && column < view.head_dim) {
        query[k][part] = *reinterpret_cast<const unsigned*>(
            at.q + static_cast<std::int64_t>(row) * view.head_dim + column);
      }
    }
  }
}

// The tile's scores, scaled and rounded to the element; those that are not seen are -infinity.
template <int kWidth, typename T>
__device__ __forceinline__ void score_tile(float (&scores)[kKeys / 8][4],
                                           const unsigned (&query)[kWidth / 16][4], const T* keys,
                                           const CheckPlace<T>& at, int key, float scale) {
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
    for (float& score : scores[n]) score = 0.0f;
    const T* column = keys + (8 * n + at.group) * kPitch<kWidth> + 2 * at.quad;
#pragma unroll
    for (int k = 0; k < kWidth / 16; ++k) {
      multiply_add<T>(scores[n], query[k], *reinterpret_cast<const unsigned*>(column + 16 * k),
                      *reinterpret_cast<const unsigned*>(column + 16 * k + 8));
    }
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const bool seen = key + 8 * n + 2 * at.quad + j % 2 < at.visible[j / 2];
      scores[n][j] = seen ? to_float(from_float<T>(scores[n][j] * scale)) : -INFINITY;
    }
  }
}

struct RowState {
  float max = -INFINITY;
  float sum = 0.0f;
};

// One row's maximum and its sum of exponentials, tile after tile; both are the whole row's in all four lanes.
__device__ __forceinline__ void add_scores(RowState& state, const float (&scores)[kKeys / 8][4], int m) {
  float largest = state.max;
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n) largest = max(largest, max(scores[n][2 * m], scores[n][2 * m + 1]));
  largest = quad_max(largest);
  const float shift = largest == -INFINITY ? 0.0f : largest;
  float sum = 0.0f;
#pragma unroll
  for (int n = 0; n < kKeys / 8; ++n)
    sum += expf(scores[n][2 * m] - shift) + expf(scores[n][2 * m + 1] - shift);
  state.sum = state.sum * expf(state.max - shift) + quad_sum(sum);
  state.max = largest;
}

template <int kWidth, typename T>
__device__ __forceinline__ void add_values(float (&output)[kWidth / 8][4],
                                           const float (&weights)[kKeys / 8][4], const T* values) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int k = 0; k < kKeys / 16; ++k) {
    // Two accumulators of 8 keys are, packed, the first operand of 16.
    const float(&low)[4] = weights[2 * k];
    const float(&high)[4] = weights[2 * k + 1];
    const unsigned a[4] = {pack<T>(low[0], low[1]), pack<T>(low[2], low[3]), pack<T>(high[0], high[1]),
                           pack<T>(high[2], high[3])};
#pragma unroll
    for (int t = 0; t < kWidth / 8; ++t) {
      unsigned b0 = 0, b1 = 0;
      load_transposed(b0, b1, values + (16 * k + lane % 16) * kPitch<kWidth> + 8 * t);
      multiply_add<T>(output[t], a, b0, b1);
    }
  }
}

template <int kWidth, typename T>
__global__ void __launch_bounds__(kCheckThreads) check_plain(const CheckView<T> view, T* o) {
  __shared__ __align__(16) T keys[kKeys * kPitch<kWidth>];
  __shared__ __align__(16) T values[kKeys * kPitch<kWidth>];
  const CheckPlace<T> at = make_place(view);
  const auto scale = static_cast<float>(view.scale);
  unsigned query[kWidth / 16][4];
  load_queries<kWidth>(query, view, at);
  float scores[kKeys / 8][4];

  RowState state[2];
  for (int key = 0; key < at.most; key += kKeys) {
    load_tile<kWidth>(keys, at.k, key, view.seq_k, view.head_dim);
    __syncthreads();
    score_tile<kWidth>(scores, query, keys, at, key, scale);
    add_scores(state[0], scores, 0);
    add_scores(state[1], scores, 1);
    __syncthreads();  // the keys have been read
  }

  float output[kWidth / 8][4] = {};
  for (int key = 0; key < at.most; key += kKeys) {
    load_tile<kWidth>(keys, at.k, key, view.seq_k, view.head_dim);
    load_tile<kWidth>(values, at.v, key, view.seq_k, view.head_dim);
    __syncthreads();
    score_tile<kWidth>(scores, query, keys, at, key, scale);
#pragma unroll
    for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const RowState& row = state[j / 2];
        scores[n][j] = row.sum > 0.0f ? expf(scores[n][j] - row.max) / row.sum : 0.0f;
      }
    }
    add_values<kWidth>(output, scores, values);
    __syncthreads();
  }
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    if (at.row[m] >= view.seq_q) continue;
    T* row = o + (at.head * view.seq_q + at.row[m]) * view.head_dim;
#pragma unroll
    for (int t = 0; t < kWidth / 8; ++t) {
      if (8 * t >= view.head_dim) break;
      *reinterpret_cast<unsigned*>(row + 8 * t + 2 * at.quad) =
          pack<T>(output[t][2 * m], output[t][2 * m + 1]);
    }
  }
}

template <typename T>
cudaError_t plain_of(const core::AttentionProblem& p, const DeviceInputs& inputs, T* o) {
  if (p.head_dim <= 64) return launch_check(check_plain<64, T>, p, inputs, 0, o);
  return launch_check(check_plain<128, T>, p, inputs, 0, o);
}

}  // namespace

cudaError_t plain_attention(const core::AttentionProblem& p, const DeviceInputs& inputs, void* o) {
  if (p.head_dim > kMaxCheckedHeadDim || p.head_dim % 8 != 0) return cudaErrorInvalidValue;
  return element_of(p) == Element::kF16 ? plain_of(p, inputs, static_cast<__half*>(o))
                                        : plain_of(p, inputs, static_cast<__nv_bfloat16*>(o));
}

}  // namespace flashcore::kernels::bench
