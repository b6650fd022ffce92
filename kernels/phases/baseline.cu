// baseline: the first rung. One block a query row, scalar FP16 loads, FP32 arithmetic.
//
// Each of the block's warps walks its own keys and keeps a running maximum, sum and output, as in
// Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", algorithm 3; the warps'
// parts are then merged by the same rule. K and V are read once a row from L2: nothing is reused
// between queries, and that is what the next rungs change.
#include <limits>

#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kBaselineWarps = 4;

template <int kHeadDim>
__global__ void __launch_bounds__(kBaselineWarps * 32) attention_baseline(const AttentionView view) {
  constexpr int kPerLane = kHeadDim / 32;
  __shared__ float warp_max[kBaselineWarps];
  __shared__ float warp_sum[kBaselineWarps];
  __shared__ float warp_output[kBaselineWarps][kHeadDim];

  const int row = static_cast<int>(blockIdx.x % view.seq_q);
  const int batch_head = static_cast<int>(blockIdx.x / view.seq_q);
  const int head = batch_head % view.heads;
  const int batch = batch_head / view.heads;
  const int kv_head = head / view.heads_per_kv;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;

  const __half* q = head_rows(view.q, view.q_strides, batch, head) + row * view.q_strides.row;
  const __half* keys = head_rows(view.k, view.k_strides, batch, kv_head);
  const __half* values = head_rows(view.v, view.v_strides, batch, kv_head);

  float query[kPerLane];
  float output[kPerLane];
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    query[i] = __half2float(q[lane + 32 * i]) * view.scale_log2;
    output[i] = 0.0f;
  }
  float running_max = -INFINITY;
  float running_sum = 0.0f;
  const int visible = visible_keys(view, row);
  for (int key = warp; key < visible; key += kBaselineWarps) {
    const __half* k = keys + key * view.k_strides.row;
    const __half* v = values + key * view.v_strides.row;
    float score = 0.0f;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) score = fmaf(query[i], __half2float(k[lane + 32 * i]), score);
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
      score += __shfl_xor_sync(0xffffffffu, score, distance);
    }
    const float new_max = fmaxf(running_max, score);
    const float correction = exp2_approx(running_max - new_max);
    const float weight = exp2_approx(score - new_max);
    running_sum = fmaf(running_sum, correction, weight);
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      output[i] = fmaf(weight, __half2float(v[lane + 32 * i]), output[i] * correction);
    }
    running_max = new_max;
  }

  if (lane == 0) {
    warp_max[warp] = running_max;
    warp_sum[warp] = running_sum;
  }
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) warp_output[warp][lane + 32 * i] = output[i];
  __syncthreads();

  float row_max = warp_max[0];
#pragma unroll
  for (int w = 1; w < kBaselineWarps; ++w) row_max = fmaxf(row_max, warp_max[w]);
  const float reference = row_max == -INFINITY ? 0.0f : row_max;  // -inf - -inf would be NaN
  __half* o = head_rows(view.o, view.o_strides, batch, head) + row * view.o_strides.row;
  for (int d = static_cast<int>(threadIdx.x); d < kHeadDim; d += kBaselineWarps * 32) {
    float sum = 0.0f;
    float value = 0.0f;
#pragma unroll
    for (int w = 0; w < kBaselineWarps; ++w) {
      const float weight = exp2_approx(warp_max[w] - reference);
      sum = fmaf(weight, warp_sum[w], sum);
      value = fmaf(weight, warp_output[w][d], value);
    }
    o[d] = __float2half(sum > 0.0f ? value / sum : 0.0f);  // a row that sees no key is zero
  }
}

#endif  // FLASHCORE_CUDA

namespace {

std::int64_t baseline_blocks(const core::AttentionProblem& p) {
  return p.batch * p.heads * p.seq_q;
}

core::Status baseline_supports(const core::AttentionProblem& p) {
  if (auto ok = check_served("baseline", p, {.dtypes = {"f16"}, .head_dims = {64, 128}}); !ok) return ok;
  return check_grid("baseline", p, baseline_blocks(p));
}

#if FLASHCORE_CUDA
std::size_t baseline_workspace(const core::AttentionProblem&) {
  return 0;
}

core::KernelPlan baseline_kernel(const core::AttentionProblem& p) {
  core::KernelPlan plan;
  const bool narrow = p.head_dim == 64;
  plan.name = narrow ? "attention_baseline<64>" : "attention_baseline<128>";
  plan.function = narrow ? reinterpret_cast<const void*>(&attention_baseline<64>)
                         : reinterpret_cast<const void*>(&attention_baseline<128>);
  plan.grid_x = baseline_blocks(p);
  plan.block_x = kBaselineWarps * 32;
  return plan;
}

std::vector<core::KernelPlan> baseline_plan(const core::AttentionProblem& p) {
  return {baseline_kernel(p)};
}

core::Status baseline_launch(const AttentionArgs& args, core::StreamHandle stream) {
  if (auto ok = check_arguments(args); !ok) return ok;
  if (auto ok = baseline_supports(args.problem); !ok) return ok;
  AttentionView view = make_view(args);
  void* arguments[] = {&view};
  return launch_kernel(baseline_kernel(args.problem), arguments, stream);
}
#endif

}  // namespace

FLASHCORE_PHASE(baseline) = {
    .info = {.id = "baseline",
             .title = "Scalar baseline",
             .idea = "One block a query row: FP16 loads, FP32 arithmetic and an online softmax, with no "
                     "tensor cores and no reuse.",
             .builds_on = "",
             .rung = 1,
             .min_compute = 80,
             .problems = "f16, D 64 or 128, any Sq and Sk, grouped heads, full or causal"},
    .supports = baseline_supports,
#if FLASHCORE_CUDA
    .workspace_bytes = baseline_workspace,
    .plan = baseline_plan,
    .launch = baseline_launch,
#endif
};

}  // namespace flashcore::kernels
