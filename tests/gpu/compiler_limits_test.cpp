// What runs is what was judged without a GPU: kernels/compiler_limits.toml holds ptxas's numbers and the
// plans' dynamic shared memory, and here the driver's own numbers are held against both.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gpu_phase_test.h"
#include "kernels/device_traits.h"

namespace flashcore::kernels::bench {
namespace {

class CompilerLimits : public GpuPhaseTest {
 protected:
  static const CompilerReport* report(std::string_view phase, std::string_view kernel, int compute) {
    for (const CompilerReport& one : compiler_reports()) {
      if (one.phase == phase && one.kernel == kernel && one.arch == compute) return &one;
    }
    return nullptr;
  }
};

TEST_P(CompilerLimits, AreOfTheKernelsThatRun) {
  const auto device = current_device_traits();
  ASSERT_TRUE(device) << core::to_text(device.error());
  int kernels = 0;
  for (const char* text :
       {"mission", "mission,causal", "multi_batch", "large", "1,4,1000,64", "1,4,1000,128", "long",
        "long128,causal", "b=8,h=32,hkv=8,sq=1,sk=8192,d=128", "b=1,h=8,hkv=2,sq=3,sk=5000,d=64"}) {
    SCOPED_TRACE(text);
    auto problem = core::parse_attention(text);
    ASSERT_TRUE(problem) << core::to_text(problem.error());
    problem->dtype = dtype();
    const AttentionCall call = contiguous_call(*problem, true);
    if (!check_supported(phase(), call)) continue;
    const auto plan = plan_launch(phase(), call, *device);
    ASSERT_TRUE(plan) << core::to_text(plan.error());
    for (const core::KernelPlan& kernel : (*plan)->kernels()) {
      if (kernel.function == nullptr) continue;  // a library's
      SCOPED_TRACE(kernel.name);
      const CompilerReport* judged = report(phase().info.id, kernel.name, device->compute);
      if (judged == nullptr) continue;  // compiled from PTX for this GPU
      ++kernels;
      cudaFuncAttributes runs{};
      cuda_ok(cudaFuncGetAttributes(&runs, kernel.function), "cudaFuncGetAttributes");
      EXPECT_EQ(runs.numRegs, judged->registers);
      EXPECT_EQ(static_cast<std::int64_t>(runs.sharedSizeBytes), judged->static_shared_bytes);
      EXPECT_EQ(static_cast<std::int64_t>(runs.localSizeBytes), judged->stack_bytes);
      EXPECT_LE(judged->static_shared_bytes + kernel.dynamic_shared_bytes, device->shared_per_block_bytes);
      if (is_library()) {
        EXPECT_EQ(kernel.dynamic_shared_bytes, 0) << "the TOML counts on it";
      }
    }
  }
  const bool compiled_for_it =
      std::any_of(compiler_reports().begin(), compiler_reports().end(),
                  [&](const CompilerReport& one) { return one.arch == device->compute; });
  if (kernels == 0) {
    GTEST_SKIP() << phase().info.id
                 << (compiled_for_it ? " has no kernels of the project's own"
                                     : " was not compiled for this GPU");
  }
}

FLASHCORE_FOR_EVERY_PHASE(CompilerLimits);

}  // namespace
}  // namespace flashcore::kernels::bench
