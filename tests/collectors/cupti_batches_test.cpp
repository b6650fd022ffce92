#include "collectors/cupti_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace flashcore::collectors {
namespace {

using core::CacheState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CuptiBatches, WarmTheLaunchBeforeIsLetGoByAndColdTheFlush) {
  EXPECT_EQ(pass_share(3, CacheState::kWarm), (PassShare{.lead = 3, .kernels = 3}));
  EXPECT_EQ(pass_share(3, CacheState::kCold), (PassShare{.lead = 1, .kernels = 3}));
  EXPECT_EQ(pass_share(1, CacheState::kWarm).ranges(), 2u);
  EXPECT_EQ(pass_share(3, CacheState::kCold).ranges(), 4u);
  // Nobody said how many: one at least, and the count of ranges tells when there are more.
  EXPECT_EQ(pass_share(0, CacheState::kWarm).kernels, 1u);
}

// What does not fit is dropped without a word: with room for exactly the ranges that are expected a launch of
// more kernels would look right.
TEST(CuptiBatches, TheRoomIsAlwaysLargerThanTheRanges) {
  for (std::size_t ranges = 0; ranges < 300; ++ranges) {
    EXPECT_GT(room_for(ranges), ranges);
    EXPECT_GE(room_for(ranges), kLeastRoom);
  }
  EXPECT_EQ(room_for(15), 16u);
  EXPECT_EQ(room_for(16), 32u);
  EXPECT_EQ(room_for(63), 64u);
  EXPECT_EQ(room_for(64), 128u);
}

TEST(CuptiBatches, ASecondRequestOfAboutTheSameSizeFindsItsRoom) {
  EXPECT_EQ(room_for(17), room_for(30));
  EXPECT_EQ(room_for(1), room_for(10));
}

std::vector<CounterBatch> batches(std::initializer_list<int> kernels, CacheState cache = CacheState::kWarm) {
  std::vector<PassShare> shares;
  for (const int k : kernels) shares.push_back(pass_share(k, cache));
  return batches_of(shares);
}

TEST(CuptiBatches, RunsShareTheirPassesAsLongAsTheyFit) {
  EXPECT_THAT(batches({}), IsEmpty());
  EXPECT_THAT(batches({1, 1, 3}), ElementsAre(CounterBatch{.first = 0, .count = 3, .ranges = 10}));
  EXPECT_THAT(batches({1, 1, 3}, CacheState::kCold),
              ElementsAre(CounterBatch{.first = 0, .count = 3, .ranges = 8}));
  // 63 ranges fit, 64 do not: one place of the room stays free.
  EXPECT_THAT(batches({30, 1}), ElementsAre(CounterBatch{.first = 0, .count = 2, .ranges = 62}));
  EXPECT_THAT(batches({30, 2}), ElementsAre(CounterBatch{.first = 0, .count = 1, .ranges = 60},
                                            CounterBatch{.first = 1, .count = 1, .ranges = 4}));
}

TEST(CuptiBatches, SeventyRunsGoThroughSeveralBatchesAndNoneIsLost) {
  const std::vector<PassShare> shares(70, pass_share(1, CacheState::kWarm));
  const auto all = batches_of(shares);
  EXPECT_THAT(all, ElementsAre(CounterBatch{.first = 0, .count = 31, .ranges = 62},
                               CounterBatch{.first = 31, .count = 31, .ranges = 62},
                               CounterBatch{.first = 62, .count = 8, .ranges = 16}));
  for (const auto& batch : all) EXPECT_LE(room_for(batch.ranges), kMostRoom);
}

TEST(CuptiBatches, ALaunchOfVeryManyKernelsHasABatchAndARoomOfItsOwn) {
  const auto all = batches({1, 100, 1});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1], (CounterBatch{.first = 1, .count = 1, .ranges = 200}));
  EXPECT_EQ(room_for(all[1].ranges), 256u);
}

TEST(CuptiBatches, WhatCameMustBeWhatWasLaunched) {
  PassesTaken taken{.expected_ranges = 10, .ranges = 10, .dropped = 0, .expected_passes = 16, .passes = 16};
  EXPECT_EQ(passes_trouble(taken), std::nullopt);
  taken.ranges = 9;
  ASSERT_TRUE(passes_trouble(taken));
  EXPECT_THAT(*passes_trouble(taken), HasSubstr("10 kernels were expected"));
  EXPECT_THAT(*passes_trouble(taken), HasSubstr("counted 9"));
  taken.ranges = 16;  // more than expected: also none of them can be told whose it is
  EXPECT_THAT(passes_trouble(taken).value_or(""), HasSubstr("counted 16"));
  taken.ranges = 10;
  taken.dropped = 2;
  EXPECT_THAT(passes_trouble(taken).value_or(""), HasSubstr("dropped 2 of the 10"));
  taken.dropped = 0;
  taken.passes = 15;  // begun half-way: some counters would be of another launch, or of none
  EXPECT_THAT(passes_trouble(taken).value_or(""), HasSubstr("need 16 passes, and CUPTI took 15"));
}

core::KernelPlan planned(const char* name, std::int64_t x, std::int64_t y = 1, std::int64_t z = 1) {
  static const int any = 0;
  core::KernelPlan plan;
  plan.name = name;
  plan.function = &any;
  plan.grid_x = x;
  plan.grid_y = y;
  plan.grid_z = z;
  return plan;
}
using Blocks = std::vector<std::optional<double>>;

// Two runs whose kernels are three in all, but one and two in place of two and one: the total is right.
TEST(CuptiBatches, AKernelThatSlidIntoAnotherRunIsSeenByItsBlocks) {
  const std::vector launched{planned("a", 64), planned("b", 8, 4, 2)};
  EXPECT_EQ(blocks_trouble(launched, Blocks{64.0, 64.0}), std::nullopt);
  const auto slid = blocks_trouble(launched, Blocks{64.0, 128.0});
  ASSERT_TRUE(slid);
  EXPECT_THAT(*slid, HasSubstr("kernel 1 of the launch, b, has 64 blocks, and CUPTI counted 128"));
  EXPECT_THAT(blocks_trouble(launched, Blocks{63.0, 64.0}).value_or(""), HasSubstr("kernel 0"));
  EXPECT_TRUE(blocks_trouble(launched, Blocks{std::nan(""), 64.0})) << "what is no number is no answer";
}

TEST(CuptiBatches, NothingIsSaidOfAGridOrACountThatNobodyKnows) {
  std::vector launched{planned("a", 64), planned("library kernel", 1)};
  launched[1].function = nullptr;  // the driver did not describe it: its grid is the default
  EXPECT_EQ(blocks_trouble(launched, Blocks{64.0, 128.0}), std::nullopt);
  launched[1].driver_function = &launched;
  EXPECT_TRUE(blocks_trouble(launched, Blocks{64.0, 128.0}));
  EXPECT_EQ(blocks_trouble(launched, Blocks{64.0, std::nullopt}), std::nullopt)
      << "the counter is not in the set";
  EXPECT_EQ(blocks_trouble(launched, Blocks{7.0}), std::nullopt) << "fewer are planned than counted";
  EXPECT_EQ(blocks_trouble({}, {}), std::nullopt);
}

}  // namespace
}  // namespace flashcore::collectors
