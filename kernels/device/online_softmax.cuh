// The online softmax of FlashAttention-2 (Dao 2023, algorithm 1, lines 8 to 10) in a warp's registers, on
// scores in the layout of C of mma.m16n8k16 (kernels/device/mma.cuh): four lanes, a quad, share a row.
//
// Everything is in powers of two: with c = scale * log2(e), exp(scale * s - m) = 2^(c * s - shift), one
// multiply-add and one special function. `shift` is c times the running maximum, rounded once; all weights of
// a tile and the factor between tiles use that one number, so its rounding cancels in O / l.
//
// Numbers: a row that has seen no key has shift = -infinity and l = 0. Weights are at most 1, but for the
// rounding of `shift` and of c * s: half a unit in the last place of either is below 0.01 for scores (after
// scaling) up to 1e5, and from about 4e8 on weights pass what FP16 holds. check_call() cannot see the inputs;
// such scores are nobody's.
#pragma once

#include "kernels/device/attention_view.cuh"

namespace flashcore::kernels {

// m and l of a row. l is this lane's part until quad_sum() joins the quad's.
struct RowState {
  float shift = -INFINITY;
  float sum = 0.0f;
};

__device__ __forceinline__ float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
__device__ __forceinline__ float quad_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

// One row's part of a tile: the new maximum m = max(m, rowmax S), and P = exp(S - m) over S. Returns the
// factor exp(m_old - m) for what was summed before. `s[n][first]`, `s[n][first + 1]` are the row's.
template <int kColumns>
__device__ __forceinline__ float softmax_row(float (&s)[kColumns][4], int first, float scale_log2,
                                             RowState& state) {
  float most = fmaxf(s[0][first], s[0][first + 1]);
#pragma unroll
  for (int n = 1; n < kColumns; ++n) most = fmaxf(most, fmaxf(s[n][first], s[n][first + 1]));
  const float shift = fmaxf(state.shift, quad_max(most) * scale_log2);
  const float safe = shift == -INFINITY ? 0.0f : shift;  // no key so far: -inf - -inf would be NaN
  const float factor = exp2_approx(state.shift - safe);
  float sum = state.sum * factor;
#pragma unroll
  for (int n = 0; n < kColumns; ++n) {
    s[n][first] = exp2_approx(fmaf(s[n][first], scale_log2, -safe));
    s[n][first + 1] = exp2_approx(fmaf(s[n][first + 1], scale_log2, -safe));
    sum += s[n][first] + s[n][first + 1];
  }
  state.shift = shift;
  state.sum = sum;
  return factor;
}

}  // namespace flashcore::kernels
