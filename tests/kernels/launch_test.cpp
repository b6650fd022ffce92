// What is refused before anything reaches a GPU.
#include "kernels/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "kernels/phase_index.h"

namespace flashcore::kernels {
namespace {

using core::AttentionProblem;
using core::ErrorCode;
using ::testing::HasSubstr;

TEST(Strides, OfAContiguousTensor) {
  const Strides s = contiguous_strides(8, 512, 64);
  EXPECT_EQ(s.row, 64);
  EXPECT_EQ(s.head, 512 * 64);
  EXPECT_EQ(s.batch, 8 * 512 * 64);
}

class Arguments : public ::testing::Test {
 protected:
  static AttentionArgs good() {
    alignas(16) static unsigned char memory[64];
    AttentionArgs args;
    args.problem = AttentionProblem{2, 4, 2, 32, 32, 64};
    args.q = args.k = args.v = args.o = memory;
    args.q_strides = args.o_strides = contiguous_strides(4, 32, 64);
    args.k_strides = args.v_strides = contiguous_strides(2, 32, 64);
    args.scale = 0.125F;
    return args;
  }
  static void refused(const std::function<void(AttentionArgs&)>& change, const std::string& says) {
    AttentionArgs args = good();
    change(args);
    auto status = check_arguments(args);
    ASSERT_FALSE(status.has_value()) << says;
    EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(says));
    EXPECT_FALSE(status.error().hint.empty());
    // Every launcher asks the same, before it touches the device.
    for (const PhaseDescriptor* phase : phases(true)) {
      if (phase->launch == nullptr) continue;
      auto launched = phase->launch(args, nullptr);
      ASSERT_FALSE(launched.has_value()) << phase->info.id;
      EXPECT_EQ(launched.error().message, status.error().message) << phase->info.id;
    }
  }
};

TEST_F(Arguments, GoodOnesPass) {
  EXPECT_TRUE(check_arguments(good()).has_value());
  AttentionArgs broadcast = good();
  broadcast.k_strides.batch = broadcast.k_strides.head = 0;
  EXPECT_TRUE(check_arguments(broadcast).has_value()) << "inputs may be broadcast";
}

TEST_F(Arguments, BadOnesAreNamed) {
  refused([](AttentionArgs& a) { a.q = nullptr; }, "pointer of Q is null");
  refused([](AttentionArgs& a) { a.o = static_cast<char*>(a.o) + 8; },
          "O does not start on a 16-byte boundary");
  refused([](AttentionArgs& a) { a.k_strides.row = 68; }, "row stride of K is 68");
  refused([](AttentionArgs& a) { a.v_strides.head = -64; }, "head stride of V is -64");
  refused([](AttentionArgs& a) { a.q_strides.row = 56; }, "rows would overlap");
  refused([](AttentionArgs& a) { a.o_strides.head = 0; }, "results would overlap");
  refused([](AttentionArgs& a) { a.scale = 0; }, "the scale is 0");
  refused([](AttentionArgs& a) { a.scale = std::numeric_limits<float>::quiet_NaN(); }, "the scale is nan");
  refused([](AttentionArgs& a) { a.problem.kv_heads = 3; }, "hkv = 3 does not divide h = 4");
}

TEST_F(Arguments, OfAProblemThatIsNotServedAreRefusedByTheLauncher) {
  AttentionArgs wide = good();
  wide.problem.head_dim = 80;
  wide.q_strides = wide.o_strides = contiguous_strides(4, 32, 80);
  wide.k_strides = wide.v_strides = contiguous_strides(2, 32, 80);
  ASSERT_TRUE(check_arguments(wide).has_value());
  AttentionArgs other_type = good();
  other_type.problem.dtype = "bf16";
  ASSERT_TRUE(check_arguments(other_type).has_value());
  for (const PhaseDescriptor* phase : phases(true)) {
    if (phase->launch == nullptr) continue;
    for (const AttentionArgs& args : {wide, other_type}) {
      auto launched = phase->launch(args, nullptr);
      ASSERT_FALSE(launched.has_value()) << phase->info.id;
      EXPECT_EQ(launched.error().code, ErrorCode::kUsage);
      EXPECT_THAT(launched.error().message, HasSubstr("does not serve")) << phase->info.id;
    }
  }
}

TEST(Supports, EveryPhaseServesTheNamedShapesAndNamesWhatItDoesNot) {
  for (const PhaseDescriptor* phase : phases(true)) {
    SCOPED_TRACE(phase->info.id);
    for (const core::NamedShape& shape : core::named_shapes()) {
      auto problem = core::parse_attention(shape.name);
      ASSERT_TRUE(problem.has_value());
      EXPECT_TRUE(phase->supports(*problem).has_value()) << shape.name;
      problem->causal = true;
      EXPECT_TRUE(phase->supports(*problem).has_value()) << shape.name;
    }
    for (const AttentionProblem& bad :
         {AttentionProblem{1, 1, 1, 0, 64, 64}, AttentionProblem{1, 3, 2, 64, 64, 64}}) {
      auto status = phase->supports(bad);
      ASSERT_FALSE(status.has_value());
      EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    }
  }
}

TEST(Supports, EveryPhaseRefusesOtherHeadsAndTypesByItsName) {
  const AttentionProblem wide{1, 1, 1, 64, 64, 80};
  const AttentionProblem brain_float{1, 1, 1, 64, 64, 64, "bf16"};
  const AttentionProblem single{1, 1, 1, 64, 64, 64, "f32"};
  for (const AttentionProblem& p : {wide, brain_float, single}) {
    ASSERT_TRUE(core::validate(p).has_value()) << "what is served is a phase's matter";
  }
  for (const PhaseDescriptor* phase : phases(true)) {
    const std::string says = "phase " + std::string(phase->info.id) + " does not serve ";
    for (const auto& [problem, what] : {std::pair{wide, "D = 80: its kernels take D = 64 or 128"},
                                        {brain_float, "dtype bf16: its kernels take f16"},
                                        {single, "dtype f32: its kernels take f16"}}) {
      auto status = phase->supports(problem);
      ASSERT_FALSE(status.has_value()) << says << what;
      EXPECT_EQ(status.error().code, ErrorCode::kUsage);
      EXPECT_EQ(status.error().message, says + what);
      EXPECT_FALSE(status.error().hint.empty());
    }
  }
}

TEST(Supports, ServedNamesAllThatItTakes) {
  const Served wide{.dtypes = {"f16", "bf16"}, .head_dims = {64, 80, 128}};
  EXPECT_TRUE(check_served("wide", AttentionProblem{1, 1, 1, 8, 8, 80, "bf16"}, wide).has_value());
  auto status = check_served("wide", AttentionProblem{1, 1, 1, 8, 8, 80, "f32"}, wide);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("f16 or bf16"));
  status = check_served("wide", AttentionProblem{1, 1, 1, 8, 8, 96}, wide);
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("64 or 80 or 128"));
  // What no phase could serve has core's own sentence.
  status = check_served("wide", AttentionProblem{1, 1, 1, 8, 8, 2048}, wide);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message, core::validate(AttentionProblem{1, 1, 1, 8, 8, 2048}).error().message);
}

TEST(Supports, AGridThatDoesNotFitIsRefused) {
  const AttentionProblem many_rows{1 << 10, 1 << 10, 1, 1 << 12, 1, 64};  // 2^32 query rows, 2^38 elements
  ASSERT_TRUE(core::validate(many_rows).has_value());
  for (const char* id : {"baseline", "cublas", "broken"}) {
    auto status = (*find_phase(id))->supports(many_rows);
    ASSERT_FALSE(status.has_value()) << id;
    EXPECT_THAT(status.error().message, HasSubstr("4294967296 blocks"));
  }
  EXPECT_TRUE((*find_phase("wmma"))->supports(many_rows).has_value()) << "2^26 blocks of 64 rows";
  auto status = check_grid("any", many_rows, kMaxGridX + 1);
  ASSERT_FALSE(status.has_value());
  EXPECT_TRUE(check_grid("any", many_rows, kMaxGridX).has_value());
}

TEST(Supports, CublasNamesItsLimitOfHeads) {
  auto status = (*find_phase("cublas"))->supports(AttentionProblem{1 << 10, 1 << 10, 1 << 10, 1, 1, 64});
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message, HasSubstr("65535"));
}

TEST(Plan, CoversEveryRowOnce) {
  for (const PhaseDescriptor* phase : phases(true)) {
    if (phase->plan == nullptr) GTEST_SKIP() << "a viewer: phases have no plan";
    for (const core::KernelPlan& plan : phase->plan(AttentionProblem{3, 4, 2, 130, 7, 128})) {
      SCOPED_TRACE(plan.name);
      EXPECT_NE(plan.function, nullptr);
      const std::int64_t rows = 3 * 4 * 130;
      // A row, a few rows of any head, or a tile of one head's 64 a block.
      EXPECT_TRUE(plan.grid_x == rows || plan.grid_x == (rows + 3) / 4 || plan.grid_x == 3 * 4 * 3)
          << plan.grid_x;
      EXPECT_GE(plan.block_x, 32);
      EXPECT_LE(plan.dynamic_shared_bytes, 99 << 10) << "what a block may have on sm_86 and sm_89";
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels
