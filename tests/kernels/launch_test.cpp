// What is refused before anything reaches a GPU, and what the plans of own kernels say.
#include "kernels/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "tests/kernels/plan_without_gpu.h"

namespace flashcore::kernels {
namespace {

using core::AttentionProblem;
using core::ErrorCode;
using ::testing::HasSubstr;
using testing::kH200;
using testing::kL4;
using testing::own_phases;

core::Status supported(const PhaseDescriptor& phase, const AttentionProblem& problem) {
  return check_supported(phase, contiguous_call(problem));
}

core::Status supported(std::string_view id, const AttentionProblem& problem) {
  return supported(**find_phase(id), problem);
}

TEST(Supports, EveryPhaseServesTheNamedShapesInBothTypes) {
  for (const PhaseDescriptor* phase : phases(true)) {
    SCOPED_TRACE(phase->info.id);
    for (const core::NamedShape& shape : core::named_shapes()) {
      auto problem = core::parse_attention(shape.name);
      ASSERT_TRUE(problem.has_value());
      for (const char* dtype : {"f16", "bf16"}) {
        for (const bool causal : {false, true}) {
          problem->dtype = dtype;
          problem->causal = causal;
          EXPECT_TRUE(supported(*phase, *problem).has_value()) << core::problem_label(*problem);
        }
      }
    }
  }
}

TEST(Supports, EveryPhaseRefusesACallThatBreaksARule) {
  const AttentionCall good = contiguous_call(AttentionProblem{2, 4, 2, 32, 32, 64});
  const std::array<std::function<void(AttentionCall&)>, 5> rules{
      [](AttentionCall& c) { c.problem.seq_k = 0; }, [](AttentionCall& c) { c.problem.kv_heads = 3; },
      [](AttentionCall& c) { c.v_strides.head = -64; }, [](AttentionCall& c) { c.o_strides.head = 0; },
      [](AttentionCall& c) { c.scale = std::numeric_limits<float>::quiet_NaN(); }};
  for (const PhaseDescriptor* phase : phases(true)) {
    SCOPED_TRACE(phase->info.id);
    EXPECT_TRUE(check_supported(*phase, good).has_value());
    for (const auto& broken : rules) {
      AttentionCall call = good;
      broken(call);
      const auto status = check_supported(*phase, call);
      ASSERT_FALSE(status.has_value());
      EXPECT_EQ(status.error().code, ErrorCode::kUsage);
      EXPECT_EQ(status.error().message, check_call(call).error().message) << "all phases say the same";
      const auto plan = plan_launch(*phase, call, kH200);
      ASSERT_FALSE(plan.has_value());
      EXPECT_EQ(plan.error().message, status.error().message) << "and say it before anything else";
    }
  }
}

TEST(Supports, PhasesRefuseOtherHeadsAndTypesByTheirName) {
  const AttentionProblem wide{1, 1, 1, 64, 64, 80};
  const AttentionProblem single{1, 1, 1, 64, 64, 64, "f32"};
  for (const char* id : {"baseline", "wmma", "fused", "cublas", "broken"}) {
    const std::string says = "phase " + std::string(id) + " does not serve ";
    for (const auto& [problem, what] : {std::pair{wide, "D = 80: its kernels take D = 64 or 128"},
                                        {single, "dtype f32: its kernels take f16 or bf16"}}) {
      ASSERT_TRUE(core::validate(problem).has_value()) << "what is served is a phase's matter";
      auto status = supported(id, problem);
      ASSERT_FALSE(status.has_value()) << says << what;
      EXPECT_EQ(status.error().code, ErrorCode::kUsage);
      EXPECT_EQ(status.error().message, says + what);
      EXPECT_FALSE(status.error().hint.empty());
    }
  }
}

TEST(Supports, NoPhaseTakesATypeOfOneByteOrFour) {
  for (const PhaseDescriptor* phase : phases(true)) {
    for (const char* dtype : {"f32", "e4m3", "e5m2"}) {
      auto status = supported(*phase, AttentionProblem{1, 1, 1, 64, 64, 64, dtype});
      ASSERT_FALSE(status.has_value()) << phase->info.id;
      EXPECT_THAT(status.error().message, HasSubstr(std::string(phase->info.id)));
      EXPECT_THAT(status.error().message, HasSubstr(dtype));
    }
  }
}

TEST(Supports, ServedNamesAllThatItTakes) {
  const Served wide{.dtypes = {"f16", "bf16"}, .head_dims = {64, 80, 128}};
  const auto asked = [&](std::int64_t d, const char* dtype) {
    return check_served("wide", contiguous_call(AttentionProblem{1, 1, 1, 8, 8, d, dtype}), wide);
  };
  EXPECT_TRUE(asked(80, "bf16").has_value());
  auto status = asked(80, "f32");
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("f16 or bf16"));
  status = asked(96, "f16");
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("64 or 80 or 128"));
}

TEST(Supports, AGridThatDoesNotFitIsRefused) {
  const AttentionProblem many_rows{1 << 10, 1 << 10, 1, 1 << 12, 1, 64};  // 2^32 query rows, 2^38 elements
  ASSERT_TRUE(core::validate(many_rows).has_value());
  for (const char* id : {"baseline", "cublas", "broken"}) {
    auto status = supported(id, many_rows);
    ASSERT_FALSE(status.has_value()) << id;
    EXPECT_THAT(status.error().message, HasSubstr("4294967296 blocks"));
  }
  EXPECT_FALSE(supported("fused", many_rows).has_value()) << "its smallest tile could be of one row";
  EXPECT_TRUE(supported("wmma", many_rows).has_value()) << "2^26 blocks of 64 rows";
  auto status = check_grid("any", many_rows, kMaxGridX + 1);
  ASSERT_FALSE(status.has_value());
  EXPECT_TRUE(check_grid("any", many_rows, kMaxGridX).has_value());
}

TEST(Supports, CublasNamesItsLimits) {
  auto status = supported("cublas", AttentionProblem{1 << 10, 1 << 10, 1 << 10, 1, 1, 64});
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("65535"));

  AttentionCall sparse = contiguous_call(AttentionProblem{1, 1, 1, 2, 2, 64});
  sparse.v_strides.row = std::int64_t{1} << 31;
  status = check_supported(**find_phase("cublas"), sparse);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("row strides below 2^31"));
  EXPECT_THAT(status.error().message, HasSubstr("V is 2147483648"));
  EXPECT_TRUE(check_supported(**find_phase("wmma"), sparse).has_value());
  sparse.v_strides.row -= 8;
  EXPECT_TRUE(check_supported(**find_phase("cublas"), sparse).has_value());
  sparse = contiguous_call(AttentionProblem{1, 1, 1, 1, 1, 64});
  sparse.v_strides.row = std::int64_t{1} << 40;
  EXPECT_TRUE(check_supported(**find_phase("cublas"), sparse).has_value()) << "of one row it says nothing";
}

class Plans : public ::testing::Test {
 protected:
  void SetUp() override {
    if (own_phases().empty()) GTEST_SKIP() << "a viewer: phases have no plan";
  }
};

TEST_F(Plans, NeedAGpuThatTheKernelsRunOn) {
  const DeviceTraits old{0, 75, 40, 64 << 10, 64 << 10, 4 << 20};
  for (const PhaseDescriptor* phase : own_phases()) {
    const auto plan = plan_launch(*phase, contiguous_call(AttentionProblem{1, 1, 1, 64, 64, 64}), old);
    ASSERT_FALSE(plan.has_value()) << phase->info.id;
    EXPECT_EQ(plan.error().code, ErrorCode::kNoDevice);
    EXPECT_THAT(plan.error().message, HasSubstr("and this one has 7.5"));
  }
}

TEST_F(Plans, FitTheGridAndTheBlocksOfTheirGpu) {
  for (const PhaseDescriptor* phase : own_phases()) {
    for (const DeviceTraits& device : {kH200, kL4}) {
      for (const char* dtype : {"f16", "bf16"}) {
        if (device.compute < phase->info.min_compute) continue;
        const auto plan = phase->plan(contiguous_call(AttentionProblem{3, 4, 2, 130, 7, 128, dtype}), device);
        ASSERT_TRUE(plan.has_value()) << phase->info.id << ": " << plan.error().message;
        EXPECT_FALSE((*plan)->kernels().empty());
        EXPECT_FALSE((*plan)->calls_library());
        for (const core::KernelPlan& kernel : (*plan)->kernels()) {
          SCOPED_TRACE(kernel.name);
          EXPECT_NE(kernel.function, nullptr);
          EXPECT_GE(kernel.block_x, 32);
          EXPECT_LE(kernel.block_x * kernel.block_y * kernel.block_z, 1024);
          EXPECT_LE(kernel.grid_x, kMaxGridX);
          EXPECT_LE(kernel.dynamic_shared_bytes, device.shared_per_block_bytes);
          EXPECT_THAT(kernel.name, HasSubstr(std::string_view(dtype) == "f16" ? "__half" : "__nv_bfloat16"));
          EXPECT_THAT(kernel.name, HasSubstr("128"));
        }
      }
    }
  }
}

TEST_F(Plans, CoverEveryRowOnce) {
  const AttentionCall call = contiguous_call(AttentionProblem{3, 4, 2, 130, 7, 128});
  for (const auto& [id, blocks] : {std::pair{"baseline", 3 * 4 * 130},
                                   {"broken", 3 * 4 * 130},
                                   {"wmma", 3 * 4 * 3},
                                   {"fused", 3 * 2 * 9}}) {
    const auto plan = (*find_phase(id))->plan(call, kH200);
    ASSERT_TRUE(plan.has_value()) << id;
    ASSERT_EQ((*plan)->kernels().size(), 1u) << id;
    EXPECT_EQ((*plan)->kernels().front().grid_x, blocks) << id;
    EXPECT_EQ((*plan)->workspace_bytes(), 0u) << id;
  }
}

TEST_F(Plans, KeepTheCallAndSayWhatWasChosen) {
  AttentionCall call = contiguous_call(AttentionProblem{1, 2, 1, 64, 64, 64, "bf16", true}, true);
  call.scale = 0.3F;
  for (const PhaseDescriptor* phase : own_phases()) {
    const auto plan = phase->plan(call, kH200);
    ASSERT_TRUE(plan.has_value()) << phase->info.id;
    EXPECT_EQ((*plan)->call().problem, call.problem);
    EXPECT_EQ((*plan)->call().scale, 0.3F);
    EXPECT_TRUE((*plan)->call().with_lse);
    EXPECT_EQ((*plan)->choice().empty(), phase->info.hidden) << phase->info.id;
  }
}

// No GPU is needed to be refused: what is wrong with the pointers is said before the driver is asked.
TEST_F(Plans, RefusePointersAtEveryLaunch) {
  alignas(256) static std::array<unsigned char, 4096> memory{};
  const AttentionPointers good{.q = memory.data(),
                               .k = memory.data(),
                               .v = memory.data(),
                               .o = memory.data() + 1024,
                               .lse = reinterpret_cast<float*>(memory.data() + 2048),
                               .workspace = memory.data() + 3072};
  const AttentionCall call = contiguous_call(AttentionProblem{1, 1, 1, 1, 1, 64}, true);
  for (const PhaseDescriptor* phase : own_phases()) {
    const auto plan = phase->plan(call, kH200);
    ASSERT_TRUE(plan.has_value()) << phase->info.id;
    const std::array<std::function<void(AttentionPointers&)>, 3> rules{
        [](AttentionPointers& at) { at.q = nullptr; },
        [](AttentionPointers& at) { at.o = static_cast<unsigned char*>(at.o) + 8; },
        [](AttentionPointers& at) { at.lse = nullptr; }};
    for (const auto& broken : rules) {
      AttentionPointers at = good;
      broken(at);
      const auto launched = (*plan)->launch(at, nullptr);
      ASSERT_FALSE(launched.has_value()) << phase->info.id;
      EXPECT_EQ(launched.error().code, ErrorCode::kUsage);
      EXPECT_EQ(launched.error().message, check_pointers(call, at, true).error().message);
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels
