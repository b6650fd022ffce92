// cudnn: a reference, not a rung. cuDNN's fused attention, as PyTorch reaches it: one kernel that cuDNN
// chooses and compiles when the launch is planned.
//
// No kernel of the project's is in it; a captured launch tells cuDNN's by name
// (kernels/bench/captured_launch.h).
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cudnn_attention.h"
#include "kernels/cudnn_library.h"
#include "kernels/launch.h"
#include "kernels/phase.h"

#if FLASHCORE_CUDA
#include "kernels/device/attention_view.cuh"
#endif

namespace flashcore::kernels {

#if FLASHCORE_CUDA

inline constexpr int kBlindThreads = 256;

// O = 0 and LSE = -infinity for the queries that see no key, 16 bytes of O a thread.
template <int kHeadDim>
__global__ void __launch_bounds__(kBlindThreads) cudnn_blind_rows(const AttentionView view) {
  constexpr int kChunks = kHeadDim / 8;
  const int blind = view.seq_q - view.seq_k;
  const std::int64_t all = static_cast<std::int64_t>(view.batch) * view.heads * blind * kChunks;
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * kBlindThreads + threadIdx.x;
  if (at >= all) return;
  const int chunk = static_cast<int>(at % kChunks);
  const int row = static_cast<int>(at / kChunks % blind);
  const int head = static_cast<int>(at / kChunks / blind % view.heads);
  const int batch = static_cast<int>(at / kChunks / blind / view.heads);
  auto* o =
      head_rows<unsigned short>(view.o, view.o_strides, batch, head) + row * view.o_strides.row + 8 * chunk;
  *reinterpret_cast<uint4*>(o) = make_uint4(0, 0, 0, 0);
  if (chunk == 0 && view.lse != nullptr) *lse_row(view, batch, head, row) = -INFINITY;
}

#endif

namespace {

core::Status cudnn_serves(const AttentionCall& call) {
  return check_served("cudnn", call, {.dtypes = {"f16", "bf16"}, .head_dims = {64, 128}});
}

#if FLASHCORE_CUDA

core::Status cudnn_available() {
  auto library = CudnnLibrary::open();
  if (!library) return core::fail(library.error());
  return {};
}

// The kernel for the queries that see no key; nothing where all see one.
std::vector<core::KernelPlan> blind_rows_kernel(const core::AttentionProblem& p) {
  const std::int64_t blind = p.seq_q - queries_that_see(p);
  if (blind == 0) return {};
  const std::int64_t chunks = p.batch * p.heads * blind * p.head_dim / 8;
  core::KernelPlan kernel;
  kernel.name = p.head_dim == 64 ? "cudnn_blind_rows<64>" : "cudnn_blind_rows<128>";
  kernel.function = p.head_dim == 64 ? reinterpret_cast<const void*>(&cudnn_blind_rows<64>)
                                     : reinterpret_cast<const void*>(&cudnn_blind_rows<128>);
  kernel.grid_x = (chunks + kBlindThreads - 1) / kBlindThreads;
  kernel.block_x = kBlindThreads;
  return {kernel};
}

class CudnnLaunch final : public PlannedLaunch {
 public:
  CudnnLaunch(const AttentionCall& call, CudnnLibrary& cudnn, void* handle, CudnnPlan plan,
              std::unique_ptr<PlannedLaunch> blind_rows)
      : PlannedLaunch(call, {.kernels = blind_rows_kernel(call.problem),
                             .workspace_bytes = static_cast<std::size_t>(plan.workspace_bytes),
                             .choice = "cuDNN " + cudnn.version_text() + ", " + plan.engine.name,
                             .calls_library = true}),
        cudnn_(cudnn),
        handle_(handle),
        plan_(std::move(plan)),
        blind_rows_(std::move(blind_rows)),
        first_(call.problem.seq_q - queries_that_see(call.problem)),
        scale_(call.scale),
        seq_q_(static_cast<std::int32_t>(queries_that_see(call.problem))),
        seq_k_(static_cast<std::int32_t>(call.problem.seq_k)) {}

 private:
  core::Status enqueue(const AttentionPointers& at, core::StreamHandle stream) const override {
    if (blind_rows_ != nullptr) {
      if (auto ok = blind_rows_->launch(at, stream); !ok) return ok;
    }
    if (auto ok = name_pointers(at); !ok) return ok;
    return cudnn_.execute(handle_, stream, plan_.plan.get(), pack_.get());
  }

  void* place_of(std::int64_t id, const AttentionPointers& at) const {
    switch (id) {
      case kCudnnQ:
        return const_cast<unsigned short*>(static_cast<const unsigned short*>(at.q) +
                                           first_ * call().q_strides.row);
      case kCudnnK: return const_cast<void*>(at.k);
      case kCudnnV: return const_cast<void*>(at.v);
      case kCudnnO: return static_cast<unsigned short*>(at.o) + first_ * call().o_strides.row;
      case kCudnnLse: return at.lse + first_;
      case kCudnnScale: return &scale_;
      case kCudnnMasked: return &masked_;
      case kCudnnSeqK: return &seq_k_;
      case kCudnnSeqQ: return &seq_q_;
      default: return nullptr;
    }
  }

  // A variant pack is kept for the next launch, which mostly has the same pointers.
  core::Status name_pointers(const AttentionPointers& at) const {
    std::vector<void*>& places = next_places_;
    places.clear();
    for (const std::int64_t id : plan_.graph.ids) places.push_back(place_of(id, at));
    places.push_back(at.workspace);
    if (pack_ != nullptr && places == places_) return {};
    places_ = places;
    places.pop_back();
    auto pack = cudnn_.make(
        cudnn::kVariantPack,
        std::array{CudnnSetting::numbers(cudnn::kPackIds, plan_.graph.ids),
                   CudnnSetting::pointers(cudnn::kPackPointers, cudnn::kVoidPointerType, places),
                   CudnnSetting::pointers(cudnn::kPackWorkspace, cudnn::kVoidPointerType, {at.workspace})});
    if (!pack) {
      pack_.reset();
      return core::fail(pack.error());
    }
    pack_ = std::move(*pack);
    return {};
  }

  CudnnLibrary& cudnn_;
  void* handle_;
  CudnnPlan plan_;
  std::unique_ptr<PlannedLaunch> blind_rows_;  // null where every query sees a key
  std::int64_t first_;                         // query that cuDNN gets
  // Tensors of one element that cuDNN reads from the host when it is launched; it takes them without const.
  mutable float scale_;
  mutable float masked_ = -std::numeric_limits<float>::infinity();
  mutable std::int32_t seq_q_, seq_k_;
  mutable CudnnLibrary::Descriptor pack_;
  mutable std::vector<void*> places_, next_places_;
};

core::Result<std::unique_ptr<PlannedLaunch>> cudnn_plan_launch(const AttentionCall& call,
                                                               const DeviceTraits&) {
  std::unique_ptr<PlannedLaunch> blind_rows;
  if (auto kernels = blind_rows_kernel(call.problem); !kernels.empty()) {
    if (auto ok = check_grid("cudnn", call.problem, kernels.front().grid_x); !ok)
      return core::fail(ok.error());
    auto own = plan_own_kernels(call, {.kernels = std::move(kernels)});
    if (!own) return core::fail(own.error());
    blind_rows = std::move(*own);
  }
  auto cudnn = CudnnLibrary::open();
  if (!cudnn) return core::fail(cudnn.error());
  auto handle = (*cudnn)->handle_of_current_device();
  if (!handle) return core::fail(handle.error());
  const CudnnTarget target{.handle = *handle};
  auto plan = cudnn_plan(**cudnn, call, CudnnForm::kOperations, target);
  if (!plan) {
    auto other = cudnn_plan(**cudnn, call, CudnnForm::kOneOperation, target);
    if (!other) return core::fail(plan.error());
    plan = std::move(other);
  }
  return std::make_unique<CudnnLaunch>(call, **cudnn, *handle, std::move(*plan), std::move(blind_rows));
}

#endif

}  // namespace

FLASHCORE_PHASE(cudnn) = {
    .info = {.id = "cudnn",
             .title = "cuDNN's fused attention",
             .idea = "One fused kernel that cuDNN chooses and compiles for the problem and the GPU.",
             .builds_on = "",
             .rung = 101,
             .reference = true,
             .min_compute = 80,
             .problems = "f16 or bf16, D 64 or 128, any Sq and Sk, grouped heads, full or causal"},
    .serves = cudnn_serves,
#if FLASHCORE_CUDA
    .available = cudnn_available,
    .plan = cudnn_plan_launch,
#endif
};

}  // namespace flashcore::kernels
