// AttentionView: the arguments of a launch as the project's own kernels take them, by value.
//
// Owns: nothing. Units: strides in elements. Offsets are 64-bit (a tensor may pass 2^31 elements);
// positions in a sequence fit an int, as core::kMaxExtent is 2^24. kernels/device/attention_view.cuh has what
// a kernel does with it.
#pragma once

#include "kernels/attention_call.h"
#include "kernels/fast_divisor.h"

namespace flashcore::kernels {

struct AttentionView {
  const void* q = nullptr;  // the problem's element type, as k, v and o
  const void* k = nullptr;
  const void* v = nullptr;
  void* o = nullptr;
  float* lse = nullptr;  // B x H x Sq; null where it is not wanted
  void* workspace = nullptr;
  Strides q_strides, k_strides, v_strides, o_strides;
  int batch = 0;
  int heads = 0;
  int heads_per_kv = 1;  // H / Hkv: query head h reads key head h / heads_per_kv
  int seq_q = 0;
  int seq_k = 0;
  bool causal = false;
  float scale_log2 = 0;  // scale * log2(e): the softmax is computed in powers of two
  int splits = 1;        // parts that the keys are split into over blocks
  int split_keys = 0;    // keys of a part; the last may have fewer
  // The order of blocks: all heads' last rows first, or one head after another.
  bool heads_side_by_side = false;
  FastDivisor by_group, by_kv_heads, by_all_heads;  // H / Hkv, Hkv, B * Hkv
  FastDivisor by_row_tiles, by_splits;              // tiles of a head's rows, `splits`
};

// All but the pointers.
inline AttentionView make_view(const AttentionCall& call) {
  constexpr float kLog2E = 1.4426950408889634F;
  const core::AttentionProblem& p = call.problem;
  AttentionView view;
  view.q_strides = call.q_strides;
  view.k_strides = call.k_strides;
  view.v_strides = call.v_strides;
  view.o_strides = call.o_strides;
  view.batch = static_cast<int>(p.batch);
  view.heads = static_cast<int>(p.heads);
  view.heads_per_kv = static_cast<int>(p.heads / p.kv_heads);
  view.seq_q = static_cast<int>(p.seq_q);
  view.seq_k = static_cast<int>(p.seq_k);
  view.causal = p.causal;
  view.scale_log2 = call.scale * kLog2E;
  view.split_keys = view.seq_k;
  view.by_group = FastDivisor(p.heads / p.kv_heads);
  view.by_kv_heads = FastDivisor(p.kv_heads);
  view.by_all_heads = FastDivisor(p.batch * p.kv_heads);
  return view;
}

}  // namespace flashcore::kernels
