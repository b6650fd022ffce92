// AttentionView: the arguments of a launch as a kernel takes them, and the few rules that every
// phase shares: which keys a query sees, and where its rows lie.
//
// Owns: nothing. Units: strides in elements. Offsets are 64-bit (a tensor may pass 2^31 elements);
// positions in a sequence fit an int, as core::kMaxExtent is 2^24.
#pragma once

#include <cuda_fp16.h>

#include "kernels/phase.h"

namespace flashcore::kernels {

struct AttentionView {
  const __half* q;
  const __half* k;
  const __half* v;
  __half* o;
  Strides q_strides, k_strides, v_strides, o_strides;
  int heads;
  int heads_per_kv;  // H / Hkv: query head h reads key head h / heads_per_kv
  int seq_q;
  int seq_k;
  bool causal;
  float scale_log2;  // scale * log2(e): the softmax is computed in powers of two
};

inline AttentionView make_view(const AttentionArgs& args) {
  constexpr float kLog2E = 1.4426950408889634f;
  const core::AttentionProblem& p = args.problem;
  return AttentionView{static_cast<const __half*>(args.q),
                       static_cast<const __half*>(args.k),
                       static_cast<const __half*>(args.v),
                       static_cast<__half*>(args.o),
                       args.q_strides,
                       args.k_strides,
                       args.v_strides,
                       args.o_strides,
                       static_cast<int>(p.heads),
                       static_cast<int>(p.heads / p.kv_heads),
                       static_cast<int>(p.seq_q),
                       static_cast<int>(p.seq_k),
                       p.causal,
                       args.scale * kLog2E};
}

// How many keys, from the first, query `row` sees; the causal mask is aligned bottom right.
__device__ __forceinline__ int visible_keys(const AttentionView& view, int row) {
  if (!view.causal) return view.seq_k;
  return min(view.seq_k, max(0, row + view.seq_k - view.seq_q + 1));
}

// The first element of one head's rows.
template <typename T>
__device__ __forceinline__ T* head_rows(T* tensor, const Strides& strides, int batch, int head) {
  return tensor + batch * strides.batch + head * strides.head;
}

// 2^x by the special function unit; 2 ulp, and exactly 0 for -infinity (PTX ISA, "ex2").
__device__ __forceinline__ float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

}  // namespace flashcore::kernels
