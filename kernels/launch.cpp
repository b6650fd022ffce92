#include "kernels/launch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#if FLASHCORE_CUDA
#include <cuda_runtime_api.h>

#include "cuda/runtime/error.h"
#endif

namespace flashcore::kernels {

core::Status check_served(std::string_view phase, const core::AttentionProblem& problem,
                          const Served& served) {
  if (auto ok = core::validate(problem); !ok) return ok;
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

core::Status failed(const core::KernelPlan& plan, const char* call, cudaError_t result) {
  auto status = cuda::cuda_status(result, "launch " + plan.name);
  status.error().context += fmt::format(
      " from {}: grid {}x{}x{}, block {}x{}x{}, {} bytes of dynamic shared memory", call, plan.grid_x,
      plan.grid_y, plan.grid_z, plan.block_x, plan.block_y, plan.block_z, plan.dynamic_shared_bytes);
  return status;
}
}  // namespace

core::Status launch_kernel(const core::KernelPlan& plan, void** arguments, core::StreamHandle stream) {
  if (plan.dynamic_shared_bytes > kSharedWithoutOptIn) {
    const cudaError_t error = cudaFuncSetAttribute(plan.function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                   static_cast<int>(plan.dynamic_shared_bytes));
    if (error != cudaSuccess) return failed(plan, "cudaFuncSetAttribute", error);
  }
  const dim3 grid(static_cast<unsigned>(plan.grid_x), static_cast<unsigned>(plan.grid_y),
                  static_cast<unsigned>(plan.grid_z));
  const dim3 block(static_cast<unsigned>(plan.block_x), static_cast<unsigned>(plan.block_y),
                   static_cast<unsigned>(plan.block_z));
  const cudaError_t error = cudaLaunchKernel(plan.function, grid, block, arguments,
                                             static_cast<std::size_t>(plan.dynamic_shared_bytes),
                                             static_cast<cudaStream_t>(stream));
  if (error != cudaSuccess) return failed(plan, "cudaLaunchKernel", error);
  return {};
}

#else

core::Status launch_kernel(const core::KernelPlan& plan, void**, core::StreamHandle) {
  return core::fail(core::ErrorCode::kNoDevice,
                    fmt::format("{} cannot be launched: this build has no CUDA toolkit", plan.name),
                    "build with the CUDA toolkit, or look at a recording with --replay");
}

#endif

}  // namespace flashcore::kernels
