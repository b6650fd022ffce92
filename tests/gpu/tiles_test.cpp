// Every tile that `fused` is compiled with, launched on the GPU at hand. A phase chooses its tile by the
// device's traits, and a GPU of one size chooses some tiles only, so plans are made here for other sizes: few
// SMs, as many as there are tiles, little shared memory. What is planned for a smaller GPU runs on this one.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

constexpr std::int64_t kAllTilesFit = 164 << 10;  // of an SM: an A100's

class Tiles : public GpuPhaseTest {
 protected:
  std::vector<DeviceTraits> traits_for(const AttentionProblem& p) const;
  void launch_all(const AttentionProblem& p);
  std::set<std::string> launched_;  // kernels, by their names
};
INSTANTIATE_TEST_SUITE_P(Fused, Tiles,
                         ::testing::Combine(::testing::Values(std::string("fused")),
                                            ::testing::Values(std::string("f16"), std::string("bf16"))),
                         [](const auto& info) { return std::get<1>(info.param); });

// The real ones, and those of other GPUs of this compute capability.
std::vector<DeviceTraits> Tiles::traits_for(const AttentionProblem& p) const {
  const auto real = current_device_traits();
  if (!real) {
    ADD_FAILURE() << core::to_text(real.error());
    return {};
  }
  const std::int64_t packed = p.seq_q * (p.heads / p.kv_heads);
  const auto tiles = static_cast<int>(p.batch * p.kv_heads * ((packed + 63) / 64));
  std::vector<DeviceTraits> all{*real};
  const auto add = [&](int sms, std::int64_t block_kb, std::int64_t sm_kb) {
    DeviceTraits other = *real;
    other.sm_count = sms;
    other.shared_per_block_bytes = std::min(real->shared_per_block_bytes, block_kb << 10);
    other.shared_per_sm_bytes = std::min(real->shared_per_sm_bytes, sm_kb << 10);
    all.push_back(other);
  };
  add(16, 99, 100);
  add(58, 99, 100);
  add(108, 163, 164);
  for (const int sms : {1, tiles, std::max(1, tiles / 2)}) add(sms, 227, 228);
  return all;
}

// On each size of GPU; once where two sizes have the same plan.
void Tiles::launch_all(const AttentionProblem& p) {
  SCOPED_TRACE(core::problem_label(p));
  const Layout padded = Layout::kPadded;
  DeviceAttention attention({p, padded, padded, padded, padded, 0, true}, normal(p, 21));
  std::set<std::string> plans;
  for (const DeviceTraits& device : traits_for(p)) {
    std::string why;
    ASSERT_TRUE(attention.plan(phase(), device, why)) << why;
    const PlannedLaunch& plan = attention.planned();
    const std::string name = plan.kernels().front().name + ", " + plan.choice();
    if (!plans.insert(name).second) continue;
    for (const core::KernelPlan& kernel : plan.kernels()) launched_.insert(kernel.name);
    attention.poison();
    attention.launch();
    const Answer answer = attention.look();
    EXPECT_TRUE(answer.right()) << name << " for " << device.sm_count << " SMs of "
                                << device.shared_per_sm_bytes << " bytes: " << answer.text();
  }
}

TEST_P(Tiles, AreRightAndAllOfThemAreLaunched) {
  for (const int d : {64, 128}) {
    for (const bool causal : {false, true}) {
      launch_all(problem(1, 2, 1, 70, 150, d, causal));
      launch_all(problem(2, 8, 4, 257, 300, d, causal));  // more than four tiles of 64 rows for 16 SMs
      launch_all(problem(2, 4, 2, 257, 129, d, causal));  // rows that see nothing, where it is causal
      launch_all(problem(1, 3, 3, 67, 2500, d, causal));  // keys split over blocks
      launch_all(problem(1, 4, 2, 19, 1100, d, causal));
      launch_all(problem(2, 6, 2, 1, 2100, d, causal));
      launch_all(problem(1, 10, 2, 3, 77, d, causal));
    }
  }
  const auto device = current_device_traits();
  ASSERT_TRUE(device) << core::to_text(device.error());
  if (device->shared_per_sm_bytes < kAllTilesFit) return;  // this GPU holds some of them only
  const std::string element = dtype() == "f16" ? "<__half, " : "<__nv_bfloat16, ";
  std::set<std::string> compiled;
  for (const CompilerReport& one : compiler_reports()) {
    if (one.phase == "fused" && one.kernel.find(element) != std::string_view::npos) {
      compiled.emplace(one.kernel);
    }
  }
  EXPECT_FALSE(compiled.empty());
  EXPECT_EQ(launched_, compiled);
}

}  // namespace
}  // namespace flashcore::kernels::bench
