// baseline: the first rung. One block a query row, scalar loads of 16 bits, FP32 arithmetic.
//
// Each of the block's warps walks its own keys and keeps a running maximum, sum and output, as in
// Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", algorithm 3; the warps'
// parts are then merged by the same rule. K and V are read once a row from L2: nothing is reused
// between queries, and that is what the next rungs change.
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#include "kernels/device/element.cuh"
#include "kernels/device/instance.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kBaselineWarps = 4;

template <typename T, int kHeadDim>
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

  const T* q = head_rows<T>(view.q, view.q_strides, batch, head) + row * view.q_strides.row;
  const T* keys = head_rows<T>(view.k, view.k_strides, batch, kv_head);
  const T* values = head_rows<T>(view.v, view.v_strides, batch, kv_head);

  float query[kPerLane];
  float output[kPerLane];
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    query[i] = to_float(q[lane + 32 * i]) * view.scale_log2;
    output[i] = 0.0f;
  }
  float running_max = -INFINITY;
  float running_sum = 0.0f;
  const int visible = visible_keys(view, row);
  for (int key = warp; key < visible; key += kBaselineWarps) {
    const T* k = keys + key * view.k_strides.row;
    const T* v = values + key * view.v_strides.row;
    float score = 0.0f;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) score = fmaf(query[i], to_float(k[lane + 32 * i]), score);
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
      output[i] = fmaf(weight, to_float(v[lane + 32 * i]), output[i] * correction);
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
  T* o = head_rows<T>(view.o, view.o_strides, batch, head) + row * view.o_strides.row;
  for (int d = static_cast<int>(threadIdx.x); d < kHeadDim; d += kBaselineWarps * 32) {
    float sum = 0.0f;
    float value = 0.0f;
#pragma unroll
    for (int w = 0; w < kBaselineWarps; ++w) {
      const float weight = exp2_approx(warp_max[w] - reference);
      sum = fmaf(weight, warp_sum[w], sum);
      value = fmaf(weight, warp_output[w][d], value);
    }
    o[d] = from_float<T>(sum > 0.0f ? value / sum : 0.0f);  // a row that sees no key is zero
    if (d == 0 && view.lse != nullptr)
      view.lse[blockIdx.x] = log_sum_exp(reference, sum);  // B, H, Sq, as the grid
  }
}

#endif  // FLASHCORE_CUDA

namespace {

std::int64_t baseline_blocks(const core::AttentionProblem& p) {
  return p.batch * p.heads * p.seq_q;
}

core::Status baseline_serves(const AttentionCall& call) {
  const Served served{.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}};
  if (auto ok = check_served("baseline", call, served); !ok) return ok;
  return check_grid("baseline", call.problem, baseline_blocks(call.problem));
}

#if FLASHCORE_CUDA
core::Result<std::unique_ptr<PlannedLaunch>> baseline_plan(const AttentionCall& call, const DeviceTraits&) {
  core::KernelPlan kernel = for_instance(call.problem, [&]<typename T, int kHeadDim>() {
    core::KernelPlan plan;
    plan.name = instance_name<T>("attention_baseline", kHeadDim);
    plan.function = reinterpret_cast<const void*>(&attention_baseline<T, kHeadDim>);
    plan.grid_x = baseline_blocks(call.problem);
    plan.block_x = kBaselineWarps * 32;
    return plan;
  });
  return plan_own_kernels(call, {.kernels = {std::move(kernel)}, .choice = "one block a query row"});
}
#endif

}  // namespace

FLASHCORE_PHASE(baseline) = {
    .info = {.id = "baseline",
             .title = "Scalar baseline",
             .idea =
                 "One block a query row: loads of 16 bits, FP32 arithmetic and an online softmax, with no "
                 "tensor cores and no reuse.",
             .builds_on = "",
             .rung = 1,
             .min_compute = 80,
             .problems = "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal"},
    .serves = baseline_serves,
#if FLASHCORE_CUDA
    .plan = baseline_plan,
#endif
};

}  // namespace flashcore::kernels
