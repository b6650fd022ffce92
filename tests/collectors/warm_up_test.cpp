// When a warm-up ends.
#include "collectors/warm_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace flashcore::collectors {
namespace {

// A GPU whose clock follows `clocks` and then stays; each step is `launches` launches, takes `step_ms` and
// reads one clock.
class Gpu {
 public:
  std::vector<std::optional<double>> clocks;
  int launches = 10;
  double step_ms = 1;
  int steps = 0;
  int fails_at = -1;

  core::Result<WarmedUp> warm(const WarmUpRules& rules) {
    return warm_up(
        rules,
        [this]() -> core::Result<WarmUpStep> {
          if (steps == fails_at) return core::fail(core::ErrorCode::kDevice, "the launch failed");
          const auto at = std::min(static_cast<std::size_t>(steps), clocks.size() - 1);
          ++steps;
          return WarmUpStep{{clocks[at]}, launches};
        },
        [this] { return steps * step_ms; });
  }
};

TEST(WarmUp, EndsWhenThreeClocksInARowAgree) {
  Gpu gpu;
  gpu.clocks = {345.0, 900.0, 1700.0, 1980.0};
  const auto warmed = gpu.warm({.least_launches = 20});
  ASSERT_TRUE(warmed);
  EXPECT_TRUE(warmed->settled);
  EXPECT_EQ(warmed->launches, 60);  // three climb, three agree
  EXPECT_EQ(warmed->clocks.size(), 6u);
  EXPECT_EQ(warmed->ms, 6);
}

TEST(WarmUp, ANumberOfLaunchesAloneIsNotEnough) {
  Gpu gpu;
  for (int i = 0; i < 50; ++i) gpu.clocks.push_back(1000.0 + 20 * i);
  const auto warmed = gpu.warm({.least_launches = 20});
  ASSERT_TRUE(warmed);
  EXPECT_GT(warmed->launches, 500);
  EXPECT_TRUE(warmed->settled);
}

TEST(WarmUp, ASteadyClockStillHasTheLeastLaunches) {
  Gpu gpu;
  gpu.clocks = {1980.0};
  const auto warmed = gpu.warm({.least_launches = 95});
  ASSERT_TRUE(warmed);
  EXPECT_EQ(warmed->launches, 100);
  EXPECT_TRUE(warmed->settled);
}

TEST(WarmUp, IsGivenUpWhereTheClockNeverSettles) {
  Gpu gpu;
  for (int i = 0; i < 1000; ++i) gpu.clocks.push_back(i % 2 == 0 ? 1300.0 : 1250.0);
  const auto warmed = gpu.warm({.least_launches = 20, .most_ms = 150});
  ASSERT_TRUE(warmed);
  EXPECT_FALSE(warmed->settled);
  EXPECT_EQ(warmed->ms, 150);
}

TEST(WarmUp, IsGivenUpWhereTheClockIsUnknown) {
  Gpu gpu;
  gpu.clocks = {std::nullopt};
  const auto warmed = gpu.warm({});
  ASSERT_TRUE(warmed);
  EXPECT_FALSE(warmed->settled);
  EXPECT_THAT(warmed->clocks, ::testing::Each(std::optional<double>()));
}

TEST(WarmUp, ALongKernelHasItsLeastLaunchesBeforeItIsGivenUp) {
  Gpu gpu;
  gpu.clocks = {1000.0, 2000.0, 1000.0, 2000.0, 1000.0, 2000.0};
  gpu.launches = 1;
  gpu.step_ms = 100;
  const auto warmed = gpu.warm({.least_launches = 5, .most_ms = 150});
  ASSERT_TRUE(warmed);
  EXPECT_EQ(warmed->launches, 5);
  EXPECT_FALSE(warmed->settled);
}

TEST(WarmUp, AShortOneWantsTwoInARow) {
  Gpu gpu;
  gpu.clocks = {1980.0};
  const auto warmed = gpu.warm({.in_a_row = 2, .least_launches = 1, .most_ms = 20});
  ASSERT_TRUE(warmed);
  EXPECT_EQ(warmed->clocks.size(), 2u);
}

TEST(WarmUp, AFailedLaunchEndsIt) {
  Gpu gpu;
  gpu.clocks = {1000.0, 2000.0};
  gpu.fails_at = 1;
  const auto warmed = gpu.warm({});
  ASSERT_FALSE(warmed);
  EXPECT_EQ(warmed.error().code, core::ErrorCode::kDevice);
}

}  // namespace
}  // namespace flashcore::collectors
