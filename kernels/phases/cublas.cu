// cublas: a reference, not a rung. Attention unfused: scores by a batched product, a softmax kernel,
// and a second batched product, with the scores in device memory in between.
//
// The scores are FP32 (B x H x Sq x Sk, so 4 bytes each); the softmax writes its weights in the element type
// over the front of the same row, which the second product then reads with twice the pitch.
//
// A reference must not be held back by its own softmax: a row is kept in registers, read once and by 16
// bytes, with a warp a row for short rows and a block a row for long ones.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cublas_library.h"
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#include "kernels/device/attention_view.cuh"
#include "kernels/device/element.cuh"
#include "kernels/device/instance.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kChunk = 8;           // keys of a thread side by side: 32 bytes of scores, 16 of weights
inline constexpr int kRowsOfWarps = 4;     // rows of a block whose warps take one each
inline constexpr int kLongThreads = 1024;  // of a row that no block's registers hold

struct SoftmaxRows {
  float* scores;
  float* lse;          // one a row; null where it is not wanted
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
template <typename T>
__device__ __forceinline__ void store_chunk(float* row, int key, const float (&x)[kChunk], float factor) {
  __align__(16) std::uint32_t pairs[kChunk / 2];
#pragma unroll
  for (int i = 0; i < kChunk / 2; ++i) pairs[i] = pack<T>(x[2 * i] * factor, x[2 * i + 1] * factor);
  *reinterpret_cast<uint4*>(reinterpret_cast<T*>(row) + key) = *reinterpret_cast<const uint4*>(pairs);
}

// By every thread of a row, of which one writes.
__device__ __forceinline__ void store_lse(const SoftmaxRows& rows, std::int64_t row, bool first, float shift,
                                          float sum) {
  if (rows.lse != nullptr && first) rows.lse[row] = log_sum_exp(shift, sum);
}

// kThreads threads a row, of which each keeps kChunks chunks: rows of up to kThreads * kChunks * kChunk keys.
// Weights are written over scores, which the reductions make safe: no thread comes out of them before all
// threads of the row have read theirs.
template <typename T, int kThreads, int kChunks>
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
  store_lse(rows, row, threadIdx.x % kThreads == 0, shift, visible > 0 ? sum : 0.0f);
  const float inverse = visible > 0 ? 1.0f / sum : 0.0f;  // a row that sees no key is zero
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int key = first + c * kThreads * kChunk;
    if (key < rows.seq_k) store_chunk<T>(scores, key, x[c], inverse);
  }
}

// Rows that no block's registers hold: read for the maximum and the sum, and again for the weights.
template <typename T>
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
  store_lse(rows, row, threadIdx.x == 0, shift, visible > 0 ? sum : 0.0f);
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
    if (key < rows.seq_k) store_chunk<T>(scores, key, x, inverse);
  }
}

#endif  // FLASHCORE_CUDA

namespace {

// cuBLAS puts the batch on a grid's z axis.
constexpr std::int64_t kMaxBatch = 65535;
// cuBLAS asks for 32 MiB on Hopper (its manual, "cublasSetWorkspace"); less elsewhere.
constexpr std::int64_t kCublasWorkspaceBytes = std::int64_t{32} << 20;

// The strides that cuBLAS is told: of an axis with one entry any stride is allowed and none is used, so it
// gets one that a dense tensor would have.
Strides used_strides(const Strides& strides, std::int64_t batch, std::int64_t heads, std::int64_t seq,
                     std::int64_t head_dim) {
  Strides used = strides;
  if (seq == 1) used.row = head_dim;
  if (heads == 1) used.head = seq * used.row;
  if (batch == 1) used.batch = heads * used.head;
  return used;
}

AttentionCall with_used_strides(AttentionCall call) {
  const core::AttentionProblem& p = call.problem;
  call.q_strides = used_strides(call.q_strides, p.batch, p.heads, p.seq_q, p.head_dim);
  call.k_strides = used_strides(call.k_strides, p.batch, p.kv_heads, p.seq_k, p.head_dim);
  call.v_strides = used_strides(call.v_strides, p.batch, p.kv_heads, p.seq_k, p.head_dim);
  call.o_strides = used_strides(call.o_strides, p.batch, p.heads, p.seq_q, p.head_dim);
  return call;
}

core::Status check_row_strides(const AttentionCall& call) {
  const AttentionCall used = with_used_strides(call);
  for (const auto& [name, strides] : {std::pair{"Q", used.q_strides}, std::pair{"K", used.k_strides},
                                      std::pair{"V", used.v_strides}, std::pair{"O", used.o_strides}}) {
    if (strides.row <= std::numeric_limits<int>::max()) continue;
    return core::fail(core::ErrorCode::kUsage,
                      "phase cublas serves row strides below 2^31 elements, which cuBLAS takes as 32-bit "
                      "numbers, and that of " +
                          std::string(name) + " is " + std::to_string(strides.row),
                      "take denser rows, or another phase");
  }
  return {};
}

core::Status cublas_serves(const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  const Served served{.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}};
  if (auto ok = check_served("cublas", call, served); !ok) return ok;
  if (auto ok = check_grid("cublas", p, p.batch * p.heads * p.seq_q); !ok) return ok;
  if (p.batch * p.heads > kMaxBatch) {
    return core::fail(core::ErrorCode::kUsage,
                      "phase cublas serves at most 65535 heads (B * H), and " + core::problem_label(p) +
                          " has " + std::to_string(p.batch * p.heads),
                      "split the batch");
  }
  return check_row_strides(call);
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

template <typename T, int kThreads, int kChunks>
SoftmaxChoice softmax_choice() {
  constexpr int kRows = kThreads == 32 ? kRowsOfWarps : 1;
  return {kThreads * kChunks * kChunk,
          "cublas_softmax<" + std::string(kElementName<T>) + ", " + std::to_string(kThreads) + ", " +
              std::to_string(kChunks) + ">",
          reinterpret_cast<const void*>(&cublas_softmax<T, kThreads, kChunks>), kThreads * kRows, kRows};
}

template <typename T>
SoftmaxChoice softmax_for(std::int64_t keys) {
  const std::array all{softmax_choice<T, 32, 1>(),  softmax_choice<T, 32, 2>(),  softmax_choice<T, 32, 4>(),
                       softmax_choice<T, 64, 4>(),  softmax_choice<T, 128, 4>(), softmax_choice<T, 256, 4>(),
                       softmax_choice<T, 512, 4>(), softmax_choice<T, 1024, 4>()};
  for (const SoftmaxChoice& choice : all) {
    if (keys <= choice.most_keys) return choice;
  }
  return {kMaxGridX, "cublas_softmax_long<" + std::string(kElementName<T>) + ">",
          reinterpret_cast<const void*>(&cublas_softmax_long<T>), kLongThreads, 1};
}

core::KernelPlan softmax_kernel(const core::AttentionProblem& p) {
  const SoftmaxChoice choice = for_element(p, [&]<typename T>() { return softmax_for<T>(p.seq_k); });
  core::KernelPlan plan;
  plan.name = choice.name;
  plan.function = choice.function;
  plan.grid_x = (p.batch * p.heads * p.seq_q + choice.rows - 1) / choice.rows;
  plan.block_x = choice.threads;
  return plan;
}

// How many heads one product covers: all of them where strides and heads allow, else those that share a batch
// entry, or those that share a key head.
std::int64_t heads_of_product(const AttentionCall& call) {
  const core::AttentionProblem& p = call.problem;
  if (p.kv_heads != p.heads) return p.heads / p.kv_heads;
  const auto regular = [&](const Strides& s) { return s.batch == p.heads * s.head; };
  const bool all = regular(call.q_strides) && regular(call.k_strides) && regular(call.v_strides) &&
                   regular(call.o_strides);
  return all ? p.batch * p.heads : p.heads;
}

std::int64_t offset(const Strides& strides, std::int64_t batch, std::int64_t head) {
  return batch * strides.batch + head * strides.head;
}

// The products of a launch as they are planned: all but where their tensors begin.
struct PlannedProduct {
  CublasProduct product;
  std::int64_t a_bytes = 0, b_bytes = 0, c_bytes = 0;  // from the tensor's first byte
};

// Row-major S = Q K^T is column-major S^T = K Q^T: a is K, b is Q, c the scores.
PlannedProduct score_product(const AttentionCall& call, std::int64_t first, std::int64_t heads) {
  const core::AttentionProblem& p = call.problem;
  const std::int64_t batch = first / p.heads, head = first % p.heads;
  const std::int64_t element = core::dtype_bytes(p.dtype);
  const std::int64_t pitch = score_pitch(p);
  PlannedProduct planned;
  CublasProduct& product = planned.product;
  product.type = p.dtype == "bf16" ? CublasType::kBfloat16 : CublasType::kHalf;
  product.batch = heads;
  product.transpose_a = true;
  product.m = p.seq_k;
  product.n = p.seq_q;
  product.k = p.head_dim;
  product.lda = call.k_strides.row;
  product.stride_a = p.kv_heads != p.heads ? 0 : call.k_strides.head;
  product.ldb = call.q_strides.row;
  product.stride_b = call.q_strides.head;
  product.c_is_float = true;
  product.ldc = pitch;
  product.stride_c = p.seq_q * pitch;
  planned.a_bytes = element * offset(call.k_strides, batch, head / (p.heads / p.kv_heads));
  planned.b_bytes = element * offset(call.q_strides, batch, head);
  planned.c_bytes = 4 * first * p.seq_q * pitch;
  return planned;
}

// O = P V is O^T = V^T P^T: a is V, b the weights, which lie in the rows of scores, so that in elements every
// stride counts twice, c is O.
PlannedProduct value_product(const AttentionCall& call, std::int64_t first, std::int64_t heads) {
  const core::AttentionProblem& p = call.problem;
  const std::int64_t batch = first / p.heads, head = first % p.heads;
  const std::int64_t element = core::dtype_bytes(p.dtype);
  const std::int64_t pitch = score_pitch(p);
  PlannedProduct planned;
  CublasProduct& product = planned.product;
  product.type = p.dtype == "bf16" ? CublasType::kBfloat16 : CublasType::kHalf;
  product.batch = heads;
  product.m = p.head_dim;
  product.n = p.seq_q;
  product.k = p.seq_k;
  product.lda = call.v_strides.row;
  product.stride_a = p.kv_heads != p.heads ? 0 : call.v_strides.head;
  product.ldb = 2 * pitch;
  product.stride_b = 2 * p.seq_q * pitch;
  product.ldc = call.o_strides.row;
  product.stride_c = call.o_strides.head;
  planned.a_bytes = element * offset(call.v_strides, batch, head / (p.heads / p.kv_heads));
  planned.b_bytes = 4 * first * p.seq_q * pitch;
  planned.c_bytes = element * offset(call.o_strides, batch, head);
  return planned;
}

const void* at_byte(const void* base, std::int64_t bytes) {
  return static_cast<const unsigned char*>(base) + bytes;
}
void* at_byte(void* base, std::int64_t bytes) {
  return static_cast<unsigned char*>(base) + bytes;
}

class CublasLaunch final : public PlannedLaunch {
 public:
  CublasLaunch(const AttentionCall& call, Parts parts, CublasLibrary::Handle handle, std::int64_t heads)
      : PlannedLaunch(call, std::move(parts)), cublas_(handle) {
    const core::AttentionProblem& p = call.problem;
    const AttentionCall used = with_used_strides(call);
    for (std::int64_t first = 0; first < p.batch * p.heads; first += heads) {
      scores_.push_back(score_product(used, first, heads));
      values_.push_back(value_product(used, first, heads));
    }
    rows_ = {.scores = nullptr,
             .lse = nullptr,
             .pitch = score_pitch(p),
             .count = p.batch * p.heads * p.seq_q,
             .seq_q = static_cast<int>(p.seq_q),
             .seq_k = static_cast<int>(p.seq_k),
             .causal = p.causal,
             .scale_log2 = make_view(call).scale_log2};
  }

 private:
  core::Status enqueue(const AttentionPointers& at, core::StreamHandle stream) const override {
    void* own = at_byte(at.workspace, score_bytes(call().problem));
    if (auto ok = cublas_.use(stream, own, kCublasWorkspaceBytes); !ok) return ok;
    if (auto ok = multiply(scores_, at.k, at.q, at.workspace); !ok) return ok;
    if (auto ok = softmax(at, stream); !ok) return ok;
    return multiply(values_, at.v, at.workspace, at.o);
  }

  core::Status multiply(const std::vector<PlannedProduct>& products, const void* a, const void* b,
                        void* c) const {
    for (const PlannedProduct& planned : products) {
      if (auto ok = cublas_.multiply(planned.product, at_byte(a, planned.a_bytes),
                                     at_byte(b, planned.b_bytes), at_byte(c, planned.c_bytes));
          !ok) {
        return ok;
      }
    }
    return {};
  }

  core::Status softmax(const AttentionPointers& at, core::StreamHandle stream) const {
    SoftmaxRows rows = rows_;
    rows.scores = static_cast<float*>(at.workspace);
    rows.lse = call().with_lse ? at.lse : nullptr;
    void* arguments[] = {&rows};
    const core::KernelPlan& kernel = kernels().front();
    const cudaError_t error = cudaLaunchKernel(kernel.function, dim3(static_cast<unsigned>(kernel.grid_x)),
                                               dim3(static_cast<unsigned>(kernel.block_x)), arguments, 0,
                                               static_cast<cudaStream_t>(stream));
    if (error == cudaSuccess) return {};
    (void)cudaGetLastError();
    return cuda::cuda_status(error, "launch " + kernel.name);
  }

  CublasLibrary::Handle cublas_;
  std::vector<PlannedProduct> scores_, values_;
  SoftmaxRows rows_{};
};

core::Result<std::unique_ptr<PlannedLaunch>> cublas_plan(const AttentionCall& call, const DeviceTraits&) {
  auto library = CublasLibrary::open();
  if (!library) return core::fail(library.error());
  auto handle = (*library)->handle_of_current_device();
  if (!handle) return core::fail(handle.error());
  const core::AttentionProblem& p = call.problem;
  const std::int64_t heads = heads_of_product(with_used_strides(call));
  const std::int64_t products = p.batch * p.heads / heads;
  PlannedLaunch::Parts parts;
  // The products' kernels are cuBLAS's choice at the launch.
  parts.kernels = {softmax_kernel(p)};
  parts.workspace_bytes = static_cast<std::size_t>(score_bytes(p) + kCublasWorkspaceBytes);
  parts.choice = std::to_string(heads) + (heads == 1 ? " head a product, " : " heads a product, ") +
                 std::to_string(2 * products) + " products";
  parts.calls_library = true;
  return std::make_unique<CublasLaunch>(call, std::move(parts), *handle, heads);
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
             .problems =
                 "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal, B * H up to "
                 "65535"},
    .serves = cublas_serves,
#if FLASHCORE_CUDA
    .available = cublas_available,
    .plan = cublas_plan,
#endif
};

}  // namespace flashcore::kernels
