#include "kernels/launch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#endif

namespace flashcore::kernels {

core::Status check_served(std::string_view phase, const AttentionCall& call, const Served& served) {
  const core::AttentionProblem& problem = call.problem;
  const auto has = [](const auto& list, const auto& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (!has(served.dtypes, problem.dtype)) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("phase {} does not serve dtype {}: its kernels take {}", phase,
                                  problem.dtype, fmt::join(served.dtypes, " or ")),
                      fmt::format("take a problem of {}, or another phase", *served.dtypes.begin()));
  }
  if (!has(served.head_dims, problem.head_dim)) {
    return core::fail(core::ErrorCode::kUsage,
                      fmt::format("phase {} does not serve D = {}: its kernels take D = {}", phase,
                                  problem.head_dim, fmt::join(served.head_dims, " or ")),
                      "take a problem with such a D, or another phase");
  }
  return {};
}

core::Status check_grid(std::string_view phase, const core::AttentionProblem& problem, std::int64_t blocks) {
  if (blocks <= kMaxGridX) return {};
  return core::fail(core::ErrorCode::kUsage,
                    fmt::format("phase {} would need {} blocks for {}, and a grid holds {}", phase, blocks,
                                core::problem_label(problem), kMaxGridX),
                    "split the batch, or take fewer heads or queries");
}

#if FLASHCORE_CUDA

namespace {

// What a kernel may use without asking (CUDA C++ Programming Guide, "Shared Memory").
constexpr std::int64_t kSharedWithoutOptIn = 48 << 10;

core::Error failed(const core::KernelPlan& plan, const char* call, cudaError_t result) {
  core::Error error = cuda::cuda_error(result, "launch " + plan.name);
  error.context += fmt::format(" from {}: grid {}x{}x{}, block {}x{}x{}, {} bytes of dynamic shared memory",
                               call, plan.grid_x, plan.grid_y, plan.grid_z, plan.block_x, plan.block_y,
                               plan.block_z, plan.dynamic_shared_bytes);
  return error;
}

class OwnLaunch final : public PlannedLaunch {
 public:
  OwnLaunch(const AttentionCall& call, Parts parts, const AttentionView& view, bool overlapped)
      : PlannedLaunch(call, std::move(parts)), view_(view) {
    attribute_.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute_.val.programmaticStreamSerializationAllowed = 1;
    for (const core::KernelPlan& kernel : kernels()) {
      cudaLaunchConfig_t config{};
      config.gridDim = dim3(static_cast<unsigned>(kernel.grid_x), static_cast<unsigned>(kernel.grid_y),
                            static_cast<unsigned>(kernel.grid_z));
      config.blockDim = dim3(static_cast<unsigned>(kernel.block_x), static_cast<unsigned>(kernel.block_y),
                             static_cast<unsigned>(kernel.block_z));
      config.dynamicSmemBytes = static_cast<std::size_t>(kernel.dynamic_shared_bytes);
      if (overlapped && !configs_.empty()) {
        config.attrs = &attribute_;
        config.numAttrs = 1;
      }
      configs_.push_back(config);
    }
  }

 private:
  core::Status enqueue(const AttentionPointers& at, core::StreamHandle stream) const override {
    AttentionView view = view_;
    view.q = at.q;
    view.k = at.k;
    view.v = at.v;
    view.o = at.o;
    view.lse = call().with_lse ? at.lse : nullptr;
    view.workspace = at.workspace;
    void* arguments[] = {&view};
    for (std::size_t i = 0; i < configs_.size(); ++i) {
      cudaLaunchConfig_t config = configs_[i];
      config.stream = static_cast<cudaStream_t>(stream);
      const cudaError_t error = cudaLaunchKernelExC(&config, kernels()[i].function, arguments);
      if (error != cudaSuccess) {
        (void)cudaGetLastError();
        return core::fail(failed(kernels()[i], "cudaLaunchKernelExC", error));
      }
    }
    return {};
  }

  AttentionView view_;
  mutable cudaLaunchAttribute attribute_{};  // the driver's call takes it without const, and only reads
  std::vector<cudaLaunchConfig_t> configs_;
};

// Whether the code that runs knows programmatic dependent launch: a GPU that does may run code compiled for
// an older one, whose kernels do not wait.
bool code_waits(const std::vector<core::KernelPlan>& kernels) {
  for (const core::KernelPlan& kernel : kernels) {
    cudaFuncAttributes attributes{};
    if (cudaFuncGetAttributes(&attributes, kernel.function) != cudaSuccess) {
      (void)cudaGetLastError();
      return false;
    }
    if (attributes.ptxVersion < 90) return false;
  }
  return true;
}

}  // namespace

core::Result<std::unique_ptr<PlannedLaunch>> plan_own_kernels(const AttentionCall& call, OwnKernels own) {
  for (const core::KernelPlan& kernel : own.kernels) {
    if (kernel.dynamic_shared_bytes <= kSharedWithoutOptIn) continue;
    const cudaError_t error =
        cudaFuncSetAttribute(kernel.function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(kernel.dynamic_shared_bytes));
    if (error != cudaSuccess) {
      (void)cudaGetLastError();
      return core::fail(failed(kernel, "cudaFuncSetAttribute", error));
    }
  }
  AttentionView view = make_view(call);
  view.by_row_tiles = FastDivisor(own.row_tiles);
  view.splits = own.splits;
  view.by_splits = FastDivisor(own.splits);
  view.heads_side_by_side = own.heads_side_by_side;
  if (own.split_keys > 0) view.split_keys = static_cast<int>(own.split_keys);
  const bool overlapped = own.overlapped && code_waits(own.kernels);
  return std::make_unique<OwnLaunch>(
      call, OwnLaunch::Parts{std::move(own.kernels), own.workspace_bytes, std::move(own.choice), false}, view,
      overlapped);
}

#else

core::Result<std::unique_ptr<PlannedLaunch>> plan_own_kernels(const AttentionCall&, OwnKernels) {
  return core::fail(core::ErrorCode::kNoDevice, "no kernel can be launched: this build has no CUDA toolkit",
                    "build with the CUDA toolkit, or look at a recording with --replay");
}

#endif

}  // namespace flashcore::kernels
