// broken: a wrong kernel on purpose, for the tests that a wrong answer is found and told.
//
// It computes an online softmax like the baseline and then forgets to divide by the row sum: a
// mistake that is plausible, finite and far outside every tolerance as soon as a row sees two keys.
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#include "kernels/device/element.cuh"
#include "kernels/device/instance.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

template <typename T, int kHeadDim>
__global__ void __launch_bounds__(32) attention_broken(const AttentionView view) {
  constexpr int kPerLane = kHeadDim / 32;
  const int row = static_cast<int>(blockIdx.x % view.seq_q);
  const int batch_head = static_cast<int>(blockIdx.x / view.seq_q);
  const int head = batch_head % view.heads;
  const int batch = batch_head / view.heads;
  const int kv_head = head / view.heads_per_kv;
  const int lane = static_cast<int>(threadIdx.x);
  const T* q = head_rows<T>(view.q, view.q_strides, batch, head) + row * view.q_strides.row;
  const T* keys = head_rows<T>(view.k, view.k_strides, batch, kv_head);
  const T* values = head_rows<T>(view.v, view.v_strides, batch, kv_head);

  float output[kPerLane] = {};
  float running_max = -INFINITY;
  const int visible = visible_keys(view, row);
  for (int key = 0; key < visible; ++key) {
    float score = 0.0f;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      score =
          fmaf(to_float(q[lane + 32 * i]), to_float(keys[key * view.k_strides.row + lane + 32 * i]), score);
    }
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
      score += __shfl_xor_sync(0xffffffffu, score, distance);
    }
    score *= view.scale_log2;
    const float new_max = fmaxf(running_max, score);
    const float correction = exp2_approx(running_max - new_max);
    const float weight = exp2_approx(score - new_max);
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      const float value = to_float(values[key * view.v_strides.row + lane + 32 * i]);
      output[i] = fmaf(weight, value, output[i] * correction);
    }
    running_max = new_max;
  }
  T* o = head_rows<T>(view.o, view.o_strides, batch, head) + row * view.o_strides.row;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) o[lane + 32 * i] = from_float<T>(output[i]);  // no division: the mistake
}

#endif  // FLASHCORE_CUDA

namespace {

std::int64_t broken_blocks(const core::AttentionProblem& p) {
  return p.batch * p.heads * p.seq_q;
}

core::Status broken_serves(const AttentionCall& call) {
  const Served served{.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}};
  if (auto ok = check_served("broken", call, served); !ok) return ok;
  return check_grid("broken", call.problem, broken_blocks(call.problem));
}

#if FLASHCORE_CUDA
core::Result<std::unique_ptr<PlannedLaunch>> broken_plan(const AttentionCall& call, const DeviceTraits&) {
  core::KernelPlan kernel = for_instance(call.problem, [&]<typename T, int kHeadDim>() {
    core::KernelPlan plan;
    plan.name = instance_name<T>("attention_broken", kHeadDim);
    plan.function = reinterpret_cast<const void*>(&attention_broken<T, kHeadDim>);
    plan.grid_x = broken_blocks(call.problem);
    plan.block_x = 32;
    return plan;
  });
  return plan_own_kernels(call, {.kernels = {std::move(kernel)}});
}
#endif

}  // namespace

FLASHCORE_PHASE(broken) = {
    .info = {.id = "broken",
             .title = "Wrong on purpose",
             .idea = "Forgets to divide by the row sum, so that tests can see a wrong answer found.",
             .builds_on = "baseline",
             .rung = 1000,
             .min_compute = 80,
             .problems = "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal",
             .hidden = true},
    .serves = broken_serves,
#if FLASHCORE_CUDA
    .plan = broken_plan,
#endif
};

}  // namespace flashcore::kernels
