// What is refused before a device is looked for, and what is told where there is none.
#include "kernels/bench/prepared_attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/phase_index.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::ErrorCode;
using ::testing::HasSubstr;

TEST(Create, RefusesTheProblemBeforeItLooksForADevice) {
  for (const PhaseDescriptor* phase : phases(true)) {
    auto wide = PreparedAttention::create(*phase, AttentionProblem{1, 1, 1, 64, 64, 80}, 0);
    ASSERT_FALSE(wide.has_value());
    EXPECT_EQ(wide.error().code, ErrorCode::kUsage);
    EXPECT_THAT(wide.error().message, HasSubstr("D = 80"));
    auto other_type = PreparedAttention::create(*phase, AttentionProblem{1, 1, 1, 64, 64, 64, "bf16"}, 0);
    ASSERT_FALSE(other_type.has_value());
    EXPECT_EQ(other_type.error().code, ErrorCode::kUsage);
    EXPECT_THAT(other_type.error().message, HasSubstr("dtype bf16"));
  }
}

TEST(Create, WithoutAGpuSaysSoWithTheRemedy) {
  auto run = PreparedAttention::create(**find_phase("baseline"), AttentionProblem{1, 1, 1, 32, 32, 64}, 0);
  if (run.has_value()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(run.error().code, ErrorCode::kNoDevice) << run.error().message;
  EXPECT_FALSE(run.error().message.empty());
  EXPECT_FALSE(run.error().hint.empty());
}

}  // namespace
}  // namespace flashcore::kernels::bench
