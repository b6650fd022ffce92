// What is refused before a device is looked for, and what is told where there is none.
#include "kernels/bench/prepared_attention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "kernels/bench/check.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::ErrorCode;
using ::testing::HasSubstr;

TEST(Data, RefusesWhatNoReferenceServesBeforeItLooksForADevice) {
  for (const auto& [problem, says] : {std::pair{AttentionProblem{1, 1, 1, 64, 64, 64, "f32"}, "f32"},
                                      {AttentionProblem{1, 1, 1, 64, 64, 72 + 4}, "multiple of 8"},
                                      {AttentionProblem{1, 1, 1, 64, 64, 256}, "at most 128"},
                                      {AttentionProblem{1, 3, 2, 64, 64, 64}, "hkv = 2"},
                                      {AttentionProblem{1, 1, 1, 0, 64, 64}, ""}}) {
    auto data = AttentionData::create(problem);
    ASSERT_FALSE(data.has_value());
    EXPECT_EQ(data.error().code, ErrorCode::kUsage) << data.error().message;
    EXPECT_THAT(data.error().message, HasSubstr(says));
  }
}

TEST(Data, WithoutAGpuSaysSoWithTheRemedy) {
  auto data = AttentionData::create(AttentionProblem{1, 1, 1, 32, 32, 64});
  if (data.has_value()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(data.error().code, ErrorCode::kNoDevice) << data.error().message;
  EXPECT_FALSE(data.error().message.empty());
  EXPECT_FALSE(data.error().hint.empty());
}

TEST(Data, CheckBytesHoldTheReferenceAndTheFurtherDraws) {
  // Long enough for itself: the reference in FP64, the plain answer in halves, the comparison's parts.
  const AttentionProblem mission{1, 8, 8, 512, 512, 64};
  const std::int64_t elements = mission.q_elements();
  ASSERT_EQ(elements, kPlainElements);
  const auto parts = kCompareParts * static_cast<std::int64_t>(sizeof(Comparison));
  EXPECT_EQ(AttentionData::check_bytes(mission), 10 * elements + parts);
  // One element short of it: a whole further problem, with its own reference.
  const AttentionProblem shorter{1, 8, 8, 511, 512, 64};
  EXPECT_GE(AttentionData::check_bytes(shorter), 8 * shorter.q_elements() + 10 * kPlainElements + parts);
  EXPECT_LT(AttentionData::check_bytes(shorter), 64 << 20);
}

}  // namespace
}  // namespace flashcore::kernels::bench
