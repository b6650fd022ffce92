// broken: a wrong kernel on purpose, for the tests that a wrong answer is found and told.
//
// It computes an online softmax like the baseline and then forgets to divide by the row sum: a
// mistake that is plausible, finite and far outside every tolerance as soon as a row sees two keys.
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

template <int kHeadDim>
__global__ void __launch_bounds__(32) attention_broken(const AttentionView view) {
  constexpr int kPerLane = kHeadDim / 32;
  const int row = static_cast<int>(blockIdx.x % view.seq_q);
  const int batch_head = static_cast<int>(blockIdx.x / view.seq_q);
  const int head = batch_head % view.heads;
  const int batch = batch_head / view.heads;
  const int kv_head = head / view.heads_per_kv;
  const int lane = static_cast<int>(threadIdx.x);
  const __half* q = head_rows(view.q, view.q_strides, batch, head) + row * view.q_strides.row;
  const __half* keys = head_rows(view.k, view.k_strides, batch, kv_head);
  const __half* values = head_rows(view.v, view.v_strides, batch, kv_head);

  float output[kPerLane] = {};
  float running_max = -INFINITY;
  const int visible = visible_keys(view, row);
  for (int key = 0; key < visible; ++key) {
    float score = 0.0f;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      score = fmaf(__half2float(q[lane + 32 * i]),
                   __half2float(keys[key * view.k_strides.row + lane + 32 * i]), score);
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
      const float value = __half2float(values[key * view.v_strides.row + lane + 32 * i]);
      output[i] = fmaf(weight, value, output[i] * correction);
    }
    running_max = new_max;
  }
  __half* o = head_rows(view.o, view.o_strides, batch, head) + row * view.o_strides.row;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) o[lane + 32 * i] = __float2half(output[i]);  // no division: the mistake
}

#endif  // FLASHCORE_CUDA

namespace {

std::int64_t broken_blocks(const core::AttentionProblem& p) {
  return p.batch * p.heads * p.seq_q;
}

core::Status broken_supports(const core::AttentionProblem& p) {
  if (auto ok = check_served("broken", p, {.dtypes = {"f16"}, .head_dims = {64, 128}}); !ok) return ok;
  return check_grid("broken", p, broken_blocks(p));
}

#if FLASHCORE_CUDA
std::size_t broken_workspace(const core::AttentionProblem&) {
  return 0;
}

core::KernelPlan broken_kernel(const core::AttentionProblem& p) {
  core::KernelPlan plan;
  const bool narrow = p.head_dim == 64;
  plan.name = narrow ? "attention_broken<64>" : "attention_broken<128>";
  plan.function = narrow ? reinterpret_cast<const void*>(&attention_broken<64>)
                         : reinterpret_cast<const void*>(&attention_broken<128>);
  plan.grid_x = broken_blocks(p);
  plan.block_x = 32;
  return plan;
}

std::vector<core::KernelPlan> broken_plan(const core::AttentionProblem& p) {
  return {broken_kernel(p)};
}

core::Status broken_launch(const AttentionArgs& args, core::StreamHandle stream) {
  if (auto ok = check_arguments(args); !ok) return ok;
  if (auto ok = broken_supports(args.problem); !ok) return ok;
  AttentionView view = make_view(args);
  void* arguments[] = {&view};
  return launch_kernel(broken_kernel(args.problem), arguments, stream);
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
             .problems = "f16, D 64 or 128, any Sq and Sk, grouped heads, full or causal",
             .hidden = true},
    .supports = broken_supports,
#if FLASHCORE_CUDA
    .workspace_bytes = broken_workspace,
    .plan = broken_plan,
    .launch = broken_launch,
#endif
};

}  // namespace flashcore::kernels
