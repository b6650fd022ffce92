// cublas: a reference, not a rung. Attention unfused: scores by a batched product, a softmax kernel,
// and a second batched product, with the scores in device memory in between.
//
// The scores are FP32 (B x H x Sq x Sk, so 4 bytes each); the softmax writes its weights as FP16
// over the front of the same row, which the second product then reads with twice the pitch.
//
// A reference must not be held back by its own softmax: a row is kept in registers, read once and by 16
// bytes, with a warp a row for short rows and a block a row for long ones.
#include <algorithm>
#include <array>
#include <string>

#include "kernels/cublas_library.h"
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kChunk = 8;           // keys of a thread side by side: 32 bytes of scores, 16 of weights
inline constexpr int kRowsOfWarps = 4;     // rows of a block whose warps take one each
inline constexpr int kLongThreads = 1024;  // of a row that no block's registers hold

struct SoftmaxRows {
  float* scores;
  std::int64_t pitch;  // floats; a multiple of kChunk, so that a chunk never leaves its row
  std::int64_t count;
  int seq_q, seq_k;
  bool causal;
  float scale_log2;
};

__device__ __forceinline__ int visible_keys(const SoftmaxRows& rows, std::int64_t row) {
  // check_grid() keeps the rows below 2^31, where a division takes a fraction of the 64-bit one.
  const int query = static_cast<int>(static_cast<unsigned>(row) % static_cast<unsigned>(rows.seq_q));
  return rows.causal ? min(rows.seq_k, max(0, query + rows.seq_k - rows.seq_q + 1)) : rows.seq_k;
}

template <bool kMaximum>
__device__ __forceinline__ float combined(float a, float b) {
  return kMaximum ? fmaxf(a, b) : a + b;
}

// Over the kThreads threads of a row; all of them get the result, after all of them have come here.
template <bool kMaximum, int kThreads>
__device__ __forceinline__ float row_reduce(float value, float* parts) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = combined<kMaximum>(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  if constexpr (kThreads == 32) {
    __syncwarp();
  } else {
    constexpr int kWarps = kThreads / 32;
    __syncthreads();  // `parts` may still be read from the reduction before
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    value = parts[threadIdx.x % kWarps];
#pragma unroll
    for (int distance = kWarps / 2; distance > 0; distance /= 2) {
      value = combined<kMaximum>(value, __shfl_xor_sync(0xffffffffu, value, distance));
    }
  }
  return value;
}

// Loading and masking stand apart, so that all loads of a thread are under way before one is waited for. A
// chunk that reaches beyond the visible keys lies in the row still, and holds anything there.
__device__ __forceinline__ void load_chunk(const float* row, int key, int visible, float (&x)[kChunk]) {
  float4 low = make_float4(-INFINITY, -INFINITY, -INFINITY, -INFINITY);
  float4 high = low;
  if (key < visible) {
    low = *reinterpret_cast<const float4*>(row + key);
    high = *reinterpret_cast<const float4*>(row + key + 4);
  }
  x[0] = low.x, x[1] = low.y, x[2] = low.z, x[3] = low.w;
  x[4] = high.x, x[5] = high.y, x[6] = high.z, x[7] = high.w;
}

__device__ __forceinline__ void mask_chunk(int key, int visible, float (&x)[kChunk]) {
  if (key + kChunk <= visible) return;
#pragma unroll
  for (int i = 0; i < kChunk; ++i) {
    if (key + i >= visible) x[i] = -INFINITY;
  }
}

// Up to seven weights beyond seq_k are written too, as zeros: they lie in the row's own room.
__device__ __forceinline__ void store_chunk(float* row, int key, const float (&x)[kChunk], float factor) {
  __half2 pairs[kChunk / 2];
#pragma unroll
  for (int i = 0; i < kChunk / 2; ++i) pairs[i] = __floats2half2_rn(x[2 * i] * factor, x[2 * i + 1] * factor);
  *reinterpret_cast<uint4*>(reinterpret_cast<__half*>(row) + key) = *reinterpret_cast<const uint4*>(pairs);
}

// kThreads threads a row, of which each keeps kChunks chunks: rows of up to kThreads * kChunks * kChunk keys.
// Weights are written over scores, which the reductions make safe: no thread comes out of them before all
// threads of the row have read theirs.
template <int kThreads, int kChunks>
__global__ void __launch_bounds__(kThreads == 32 ? 32 * kRowsOfWarps : kThreads)
    cublas_softmax(const SoftmaxRows rows) {
  __shared__ float parts[32];
  std::int64_t row = blockIdx.x;
  if constexpr (kThreads == 32) row = row * kRowsOfWarps + threadIdx.x / 32;
  if (row >= rows.count) return;  // a whole warp, in blocks that have no barrier
  float* const scores = rows.scores + row * rows.pitch;
  const int first = static_cast<int>(threadIdx.x % kThreads) * kChunk;
  const int visible = visible_keys(rows, row);

  float x[kChunks][kChunk];
#pragma unroll
  for (int c = 0; c < kChunks; ++c) load_chunk(scores, first + c * kThreads * kChunk, visible, x[c]);
  float most = -INFINITY;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    mask_chunk(first + c * kThreads * kChunk, visible, x[c]);
#pragma unroll
    for (const float value : x[c]) most = fmaxf(most, value);
  }
  most = row_reduce<true, kThreads>(most, parts);
  const float shift = visible > 0 ? most * rows.scale_log2 : 0.0f;
  float sum = 0.0f;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
#pragma unroll
    for (float& value : x[c]) {
      value = exp2_approx(fmaf(value, rows.scale_log2, -shift));
      sum += value;
    }
  }
  sum = row_reduce<false, kThreads>(sum, parts);
  const float inverse = visible > 0 ? 1.0f / sum : 0.0f;  // a row that sees no key is zero
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int key = first + c * kThreads * kChunk;
    if (key < rows.seq_k) store_chunk(scores, key, x[c], inverse);
  }
}

// Rows that no block's registers hold: read for the maximum and the sum, and again for the weights.
__global__ void __launch_bounds__(kLongThreads) cublas_softmax_long(const SoftmaxRows rows) {
  __shared__ float parts[32];
  constexpr int kStride = kLongThreads * kChunk;
  const std::int64_t row = blockIdx.x;
  float* const scores = rows.scores + row * rows.pitch;
  const int own = static_cast<int>(threadIdx.x) * kChunk;
  const int visible = visible_keys(rows, row);

  float most = -INFINITY, sum = 0.0f;
  for (int key = own; key < visible; key += kStride) {
    float x[kChunk];
    load_chunk(scores, key, visible, x);
    mask_chunk(key, visible, x);
    float larger = most;
#pragma unroll
    for (const float value : x) larger = fmaxf(larger, value);
    if (larger == -INFINITY) continue;
    const float shift = larger * rows.scale_log2;
    sum *= exp2_approx(fmaf(most, rows.scale_log2, -shift));
    most = larger;
#pragma unroll
    for (const float value : x) sum += exp2_approx(fmaf(value, rows.scale_log2, -shift));
  }
  const float row_most = row_reduce<true, kLongThreads>(most, parts);
  const float shift = visible > 0 ? row_most * rows.scale_log2 : 0.0f;
  sum = row_reduce<false, kLongThreads>(sum * exp2_approx(fmaf(most, rows.scale_log2, -shift)), parts);
  const float inverse = visible > 0 ? 1.0f / sum : 0.0f;
  // Weights of a stride end before the scores of the next begin, and the barrier keeps the stride's own
  // scores until all are read.
  for (int start = 0; start < rows.seq_k; start += kStride) {
    const int key = start + own;
    float x[kChunk];
    load_chunk(scores, key, visible, x);
    mask_chunk(key, visible, x);
#pragma unroll
    for (float& value : x) value = exp2_approx(fmaf(value, rows.scale_log2, -shift));
    __syncthreads();
    if (key < rows.seq_k) store_chunk(scores, key, x, inverse);
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
  return (p.seq_k + kChunk - 1) / kChunk * kChunk;
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

// One instance of the softmax and the longest row that it takes.
struct SoftmaxChoice {
  std::int64_t most_keys;
  std::string name;
  const void* function;
  int threads;  // a block
  int rows;     // a block
};

template <int kThreads, int kChunks>
SoftmaxChoice softmax_choice() {
  constexpr int kRows = kThreads == 32 ? kRowsOfWarps : 1;
  return {kThreads * kChunks * kChunk,
          "cublas_softmax<" + std::to_string(kThreads) + ", " + std::to_string(kChunks) + ">",
          reinterpret_cast<const void*>(&cublas_softmax<kThreads, kChunks>), kThreads * kRows, kRows};
}

const SoftmaxChoice& softmax_for(std::int64_t keys) {
  static const std::array all{softmax_choice<32, 1>(),  softmax_choice<32, 2>(),  softmax_choice<32, 4>(),
                              softmax_choice<64, 4>(),  softmax_choice<128, 4>(), softmax_choice<256, 4>(),
                              softmax_choice<512, 4>(), softmax_choice<1024, 4>()};
  static const SoftmaxChoice longer{kMaxGridX, "cublas_softmax_long",
                                    reinterpret_cast<const void*>(&cublas_softmax_long), kLongThreads, 1};
  for (const SoftmaxChoice& choice : all) {
    if (keys <= choice.most_keys) return choice;
  }
  return longer;
}

core::KernelPlan softmax_kernel(const core::AttentionProblem& p) {
  const SoftmaxChoice& choice = softmax_for(p.seq_k);
  core::KernelPlan plan;
  plan.name = choice.name;
  plan.function = choice.function;
  plan.grid_x = (p.batch * p.heads * p.seq_q + choice.rows - 1) / choice.rows;
  plan.block_x = choice.threads;
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

  SoftmaxRows rows{.scores = static_cast<float*>(args.workspace),
                   .pitch = score_pitch(p),
                   .count = p.batch * p.heads * p.seq_q,
                   .seq_q = static_cast<int>(p.seq_q),
                   .seq_k = static_cast<int>(p.seq_k),
                   .causal = p.causal,
                   .scale_log2 = make_view(args).scale_log2};
  void* arguments[] = {&rows};
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
    .supports = cublas_supports,
#if FLASHCORE_CUDA
    .workspace_bytes = cublas_workspace,
    .plan = cublas_plan,
    .available = cublas_available,
    .launch = cublas_launch,
#endif
};

}  // namespace flashcore::kernels
