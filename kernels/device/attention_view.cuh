// What every phase does with an AttentionView: which keys a query sees, where its rows lie, the exponential.
#pragma once

#include "kernels/attention_view.h"

namespace flashcore::kernels {

// How many keys, from the first, query `row` sees; the causal mask is aligned bottom right.
__device__ __forceinline__ int visible_keys(const AttentionView& view, int row) {
  if (!view.causal) return view.seq_k;
  return min(view.seq_k, max(0, row + view.seq_k - view.seq_q + 1));
}

// The first element of one head's rows.
template <typename T>
__device__ __forceinline__ const T* head_rows(const void* tensor, const Strides& strides, int batch,
                                              int head) {
  return static_cast<const T*>(tensor) + batch * strides.batch + head * strides.head;
}
template <typename T>
__device__ __forceinline__ T* head_rows(void* tensor, const Strides& strides, int batch, int head) {
  return static_cast<T*>(tensor) + batch * strides.batch + head * strides.head;
}

// 2^x by the special function unit; 2 ulp, and exactly 0 for -infinity (PTX ISA, "ex2").
__device__ __forceinline__ float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// The logarithm of a row's sum of exponentials from its running maximum (`shift`, in powers of two) and its
// sum (FlashAttention, algorithm 1: L = m + log l). -infinity for a row that sees no key.
__device__ __forceinline__ float log_sum_exp(float shift, float sum) {
  constexpr float kLn2 = 0.6931471805599453f;
  return sum == 0.0f ? -INFINITY : (shift + log2f(sum)) * kLn2;  // NaN stays NaN
}

// Where the LSE of a row lies.
__device__ __forceinline__ float* lse_row(const AttentionView& view, int batch, int head, int row) {
  return view.lse + (static_cast<std::int64_t>(batch) * view.heads + head) * view.seq_q + row;
}

}  // namespace flashcore::kernels
