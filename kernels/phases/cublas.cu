// cublas: a reference, not a rung. Attention unfused: scores by a batched product, a softmax kernel,
// and a second batched product, with the scores in device memory in between.
//
// The scores are FP32 (B x H x Sq x Sk, so 4 bytes each); the softmax writes its weights as FP16
// over the front of the same row, which the second product then reads with twice the pitch.
#include <algorithm>

#include "kernels/cublas_library.h"
#include "kernels/launch.h"
#include "kernels/models.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kSoftmaxThreads = 256;

__device__ __forceinline__ float block_reduce(float value, bool maximum, float* parts) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, value, distance);
    value = maximum ? fmaxf(value, other) : value + other;
  }
  __syncthreads();  // `parts` may still be read from the reduction before
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  value = parts[0];
  for (int i = 1; i < kSoftmaxThreads / 32; ++i) value = maximum ? fmaxf(value, parts[i]) : value + parts[i];
  return value;
}

// One block a row. Weights are written over scores: those of a chunk end before the scores of the
// next begin, and a barrier keeps the chunk's own scores until all are read.
__global__ void __launch_bounds__(kSoftmaxThreads)
    cublas_softmax(float* scores, std::int64_t pitch, int seq_q, int seq_k, bool causal, float scale_log2) {
  __shared__ float parts[kSoftmaxThreads / 32];
  float* row = scores + static_cast<std::int64_t>(blockIdx.x) * pitch;
  __half* weights = reinterpret_cast<__half*>(row);
  const int query = static_cast<int>(blockIdx.x % seq_q);
  const int visible = causal ? min(seq_k, max(0, query + seq_k - seq_q + 1)) : seq_k;

  float row_max = -INFINITY;
  for (int key = static_cast<int>(threadIdx.x); key < visible; key += kSoftmaxThreads) {
    row_max = fmaxf(row_max, row[key]);
  }
  const float shift = block_reduce(row_max, true, parts) * scale_log2;
  float sum = 0.0f;
  for (int key = static_cast<int>(threadIdx.x); key < visible; key += kSoftmaxThreads) {
    sum += exp2_approx(fmaf(row[key], scale_log2, -shift));
  }
  sum = block_reduce(sum, false, parts);
  const float inverse = visible > 0 ? 1.0f / sum : 0.0f;  // a row that sees no key is zero
  for (int first = 0; first < seq_k; first += kSoftmaxThreads) {
    const int key = first + static_cast<int>(threadIdx.x);
    const float weight = key < visible ? exp2_approx(fmaf(row[key], scale_log2, -shift)) * inverse : 0.0f;
    __syncthreads();
    if (key < seq_k) weights[key] = __float2half(weight);
  }
}

#endif  // FLASHCORE_CUDA

namespace {

// cuBLAS puts the batch on a grid's z axis.
constexpr std::int64_t kMaxBatch = 65535;
// cuBLAS asks for 32 MiB on Hopper (its manual, "cublasSetWorkspace"); less elsewhere.
constexpr std::int64_t kCublasWorkspaceBytes = std::int64_t{32} << 20;

core::Status cublas_supports(const core::AttentionProblem& p) {
  if (auto ok = check_served("cublas", p, {.dtypes = {"f16"}, .head_dims = {64, 128}}); !ok) return ok;
  if (auto ok = check_grid("cublas", p, p.batch * p.heads * p.seq_q); !ok) return ok;
  if (p.batch * p.heads <= kMaxBatch) return {};
  return core::fail(core::ErrorCode::kUsage,
                    "phase cublas serves at most 65535 heads (B * H), and " + core::problem_label(p) +
                        " has " + std::to_string(p.batch * p.heads),
                    "split the batch");
}

#if FLASHCORE_CUDA

// Rows of scores start on 32 bytes, and so do the weights in them.
std::int64_t score_pitch(const core::AttentionProblem& p) {
  return (p.seq_k + 7) / 8 * 8;
}

std::int64_t score_bytes(const core::AttentionProblem& p) {
  const std::int64_t bytes = 4 * p.batch * p.heads * p.seq_q * score_pitch(p);
  return (bytes + 255) / 256 * 256;
}

std::size_t cublas_workspace(const core::AttentionProblem& p) {
  return static_cast<std::size_t>(score_bytes(p) + kCublasWorkspaceBytes);
}

core::Status cublas_available() {
  auto library = CublasLibrary::open();
  if (!library) return core::fail(library.error());
  return {};
}

core::KernelPlan softmax_kernel(const core::AttentionProblem& p) {
  core::KernelPlan plan;
  plan.name = "cublas_softmax";
  plan.function = reinterpret_cast<const void*>(&cublas_softmax);
  plan.grid_x = p.batch * p.heads * p.seq_q;
  plan.block_x = kSoftmaxThreads;
  return plan;
}

// The products' kernels are cuBLAS's choice at the launch; see PreparedAttention for their count.
std::vector<core::KernelPlan> cublas_plan(const core::AttentionProblem& p) {
  return {softmax_kernel(p)};
}

// How one call covers many heads: all of them where strides and heads allow, else those that share
// a batch entry, or those that share a key head.
struct Batching {
  std::int64_t heads;  // of one call
};

Batching batching(const AttentionArgs& args) {
  const core::AttentionProblem& p = args.problem;
  if (p.kv_heads != p.heads) return {p.heads / p.kv_heads};
  const auto regular = [&](const Strides& s) { return p.batch == 1 || s.batch == p.heads * s.head; };
  const bool all = regular(args.q_strides) && regular(args.k_strides) && regular(args.v_strides) &&
                   regular(args.o_strides);
  return {all ? p.batch * p.heads : p.heads};
}

std::int64_t offset(const Strides& strides, std::int64_t batch, std::int64_t head) {
  return batch * strides.batch + head * strides.head;
}

// Row-major S = Q K^T is column-major S^T = K Q^T, and O = P V is O^T = V^T P^T.
core::Status multiply_heads(CublasLibrary& cublas, const AttentionArgs& args, bool scores) {
  const core::AttentionProblem& p = args.problem;
  const std::int64_t heads_per_call = batching(args).heads;
  const std::int64_t pitch = score_pitch(p);
  const bool grouped = p.kv_heads != p.heads;
  auto* workspace = static_cast<float*>(args.workspace);
  for (std::int64_t first = 0; first < p.batch * p.heads; first += heads_per_call) {
    const std::int64_t batch = first / p.heads;
    const std::int64_t head = first % p.heads;
    const std::int64_t kv_head = head / (p.heads / p.kv_heads);
    float* own_scores = workspace + first * p.seq_q * pitch;
    CublasProduct product;
    product.batch = heads_per_call;
    product.n = p.seq_q;
    if (scores) {
      product.transpose_a = true;
      product.m = p.seq_k;
      product.k = p.head_dim;
      product.a = static_cast<const __half*>(args.k) + offset(args.k_strides, batch, kv_head);
      product.lda = args.k_strides.row;
      product.stride_a = grouped ? 0 : args.k_strides.head;
      product.b = static_cast<const __half*>(args.q) + offset(args.q_strides, batch, head);
      product.ldb = args.q_strides.row;
      product.stride_b = args.q_strides.head;
      product.c = own_scores;
      product.c_is_float = true;
      product.ldc = pitch;
      product.stride_c = p.seq_q * pitch;
    } else {
      product.m = p.head_dim;
      product.k = p.seq_k;
      product.a = static_cast<const __half*>(args.v) + offset(args.v_strides, batch, kv_head);
      product.lda = args.v_strides.row;
      product.stride_a = grouped ? 0 : args.v_strides.head;
      product.b = own_scores;  // as halves, so every stride counts twice
      product.ldb = 2 * pitch;
      product.stride_b = 2 * p.seq_q * pitch;
      product.c = static_cast<__half*>(args.o) + offset(args.o_strides, batch, head);
      product.ldc = args.o_strides.row;
      product.stride_c = args.o_strides.head;
    }
    if (auto ok = cublas.multiply(product); !ok) return ok;
  }
  return {};
}

core::Status cublas_launch(const AttentionArgs& args, core::StreamHandle stream) {
  if (auto ok = check_arguments(args); !ok) return ok;
  if (auto ok = cublas_supports(args.problem); !ok) return ok;
  if (args.workspace == nullptr) {
    return core::fail(core::ErrorCode::kUsage, "phase cublas was launched without its workspace",
                      "allocate workspace_bytes() of device memory");
  }
  auto cublas = CublasLibrary::open();
  if (!cublas) return core::fail(cublas.error());
  const core::AttentionProblem& p = args.problem;
  auto* own = static_cast<unsigned char*>(args.workspace) + score_bytes(p);
  if (auto ok = (*cublas)->use(stream, own, kCublasWorkspaceBytes); !ok) return ok;
  if (auto ok = multiply_heads(**cublas, args, true); !ok) return ok;

  auto* scores = static_cast<float*>(args.workspace);
  std::int64_t pitch = score_pitch(p);
  int seq_q = static_cast<int>(p.seq_q);
  int seq_k = static_cast<int>(p.seq_k);
  bool causal = p.causal;
  float scale_log2 = make_view(args).scale_log2;
  void* arguments[] = {&scores, &pitch, &seq_q, &seq_k, &causal, &scale_log2};
  if (auto ok = launch_kernel(softmax_kernel(p), arguments, stream); !ok) return ok;
  return multiply_heads(**cublas, args, false);
}

#endif

}  // namespace

FLASHCORE_PHASE(cublas) = {
    .info = {.id = "cublas",
             .title = "cuBLAS, unfused",
             .idea = "Two batched products by cuBLAS with a softmax kernel between them; FP32 scores pass "
                     "through device memory.",
             .builds_on = "",
             .rung = 100,
             .reference = true,
             .min_compute = 80,
             .problems = "f16, D 64 or 128, any Sq and Sk, grouped heads, full or causal, B * H up to 65535"},
    .flops = attention_flops,
    .bytes = attention_min_bytes,
    .supports = cublas_supports,
#if FLASHCORE_CUDA
    .workspace_bytes = cublas_workspace,
    .plan = cublas_plan,
    .available = cublas_available,
    .launch = cublas_launch,
#endif
};

}  // namespace flashcore::kernels
