#include "collectors/cupti_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/device.h"

namespace flashcore::collectors {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CuptiPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!built_with_cuda()) GTEST_SKIP() << "this build has no CUDA toolkit";
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "CUPTI cannot be loaded beside the address sanitizer";
#endif
  }
};

TEST_F(CuptiPlan, KnowsTheChipsThatFlashCoreServes) {
  const auto chips = supported_chips();
  ASSERT_TRUE(chips) << core::to_text(chips.error());
  for (const char* chip : {"GA100", "GA102", "AD102", "AD104", "GH100", "GB100", "GB202"}) {
    EXPECT_THAT(*chips, Contains(chip));
  }
}

TEST_F(CuptiPlan, UnknownNamesDoNotSpoilTheOthers) {
  const std::vector<std::string> names{
      "no_such_counter.sum",  // unknown, and first
      "gpu__time_duration.sum",
      "sm__cycles_active",      // a base name without a roll-up cannot be collected
      "sm__cycles_active.foo",  // an unknown roll-up
      "dram__bytes.sum",
  };
  const auto plan = plan_counters("GH100", names);
  ASSERT_TRUE(plan) << core::to_text(plan.error());
  EXPECT_THAT(plan->known, ElementsAre("gpu__time_duration.sum", "dram__bytes.sum"));
  EXPECT_THAT(plan->unknown,
              ElementsAre("no_such_counter.sum", "sm__cycles_active", "sm__cycles_active.foo"));
  EXPECT_GE(plan->passes, 1u);
  const std::vector<std::string> alone{"gpu__time_duration.sum", "dram__bytes.sum"};
  EXPECT_EQ(plan->passes, plan_counters("GH100", alone)->passes);
}

TEST_F(CuptiPlan, NamesDifferByChip) {
  const std::vector<std::string> names{"sm__ops_path_tensor_op_hgmma_src_fp16.sum",
                                       "sm__ops_path_tensor_src_fp16_dst_fp32.sum"};
  const auto hopper = plan_counters("GH100", names);
  const auto ada = plan_counters("AD104", names);
  ASSERT_TRUE(hopper && ada);
  EXPECT_THAT(hopper->known, Contains(names[0]));
  EXPECT_THAT(ada->unknown, ElementsAre(names[0]));
  EXPECT_THAT(ada->known, ElementsAre(names[1]));
}

TEST_F(CuptiPlan, NothingKnownTakesNoPass) {
  const std::vector<std::string> names{"no_such_counter.sum"};
  const auto plan = plan_counters("AD104", names);
  ASSERT_TRUE(plan) << core::to_text(plan.error());
  EXPECT_EQ(plan->passes, 0u);
  EXPECT_THAT(plan->known, IsEmpty());
}

TEST_F(CuptiPlan, UnknownChipIsAUsageErrorThatOffersNearNames) {
  const auto plan = plan_counters("GH10", {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(plan.error().message, HasSubstr("GH100"));
}

TEST_F(CuptiPlan, CanBeAskedManyTimes) {
  const std::vector<std::string> names{"gpu__time_duration.sum"};
  for (int i = 0; i < 50; ++i) {
    for (const char* chip : {"GA100", "GH100"}) {
      const auto plan = plan_counters(chip, names);
      ASSERT_TRUE(plan) << core::to_text(plan.error());
      ASSERT_THAT(plan->known, SizeIs(1));
    }
  }
}

TEST(CuptiPlanInAViewer, SaysWhatIsMissing) {
  if (built_with_cuda()) GTEST_SKIP() << "this build has a CUDA toolkit";
  const auto chips = supported_chips();
  ASSERT_FALSE(chips);
  EXPECT_THAT(chips.error().message, HasSubstr("without a CUDA toolkit"));
  EXPECT_FALSE(chips.error().hint.empty());
}

}  // namespace
}  // namespace flashcore::collectors
