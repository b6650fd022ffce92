// Which helper a request gets: the one that was begun for it, the one that is warm, or another.
#include "app/session/helper_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/session/fake_workbench.h"

namespace flashcore::session {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Pool : public ::testing::Test {
 protected:
  std::vector<std::string> log() { return std::exchange(world_.log, {}); }
  const std::vector<HelperTask> tasks_{{"fast", *core::parse_problem("tiny"), 0}};
  collectors::CollectOptions options_;
  tests::FakeWorld world_;
  HelperPool pool_{[this] { return std::make_unique<tests::FakeHelper>(world_); }};
};

TEST_F(Pool, TheOneThatWasBegunIsToldWhatToPrepareAndThenStarted) {
  ASSERT_TRUE(pool_.begin("cupti", 0, {}));
  ASSERT_TRUE(pool_.begin("cupti", 0, {}));
  ASSERT_TRUE(pool_.ready("cupti", 0, options_, tasks_));
  EXPECT_THAT(log(), ElementsAre("begin cupti", "ahead fast", "start cupti"));
}

TEST_F(Pool, AWarmOneThatFitsOnlyPrepares) {
  ASSERT_TRUE(pool_.ready("cupti", 0, options_));
  EXPECT_THAT(log(), ElementsAre("begin cupti", "start cupti"));
  ASSERT_TRUE(pool_.begin("cupti", 0, {}));
  pool_.drop_begun();  // it is more than that
  ASSERT_TRUE(pool_.ready("cupti", 0, options_, tasks_));
  EXPECT_THAT(log(), ElementsAre("ahead fast"));
}

TEST_F(Pool, OtherOptionsOrAnotherDeviceAreAnotherHelper) {
  ASSERT_TRUE(pool_.ready("cupti", 0, options_));
  options_.cache = core::CacheState::kCold;
  log();
  ASSERT_TRUE(pool_.ready("cupti", 0, options_));
  EXPECT_THAT(log(), ElementsAre("drop cupti", "begin cupti", "start cupti"));
  ASSERT_TRUE(pool_.begin("cupti", 1, {}));
  EXPECT_THAT(log(), ElementsAre("drop cupti", "begin cupti"));
  ASSERT_TRUE(pool_.begin("cupti", 0, {}));
  EXPECT_THAT(log(), ElementsAre("drop cupti", "begin cupti"));
}

TEST_F(Pool, OnesThatWereOnlyBegunCanBeDropped) {
  ASSERT_TRUE(pool_.ready("cupti", 0, options_));
  ASSERT_TRUE(pool_.begin("other", 0, {}));
  log();
  pool_.drop_begun();
  EXPECT_THAT(log(), ElementsAre("drop other"));
  pool_.drop_begun();
  EXPECT_THAT(log(), IsEmpty());
}

TEST_F(Pool, AllAreToldToEndBeforeOneIsWaitedFor) {
  ASSERT_TRUE(pool_.ready("cupti", 0, options_));
  ASSERT_TRUE(pool_.begin("other", 0, {}));
  log();
  pool_.end(std::chrono::milliseconds(0));
  EXPECT_THAT(log(), ElementsAre("end cupti", "end other"));
  pool_.end(std::chrono::milliseconds(300));
  EXPECT_THAT(log(), ElementsAre("end cupti", "end other", "await end cupti", "await end other"));
}

}  // namespace
}  // namespace flashcore::session
