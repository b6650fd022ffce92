// A helper as a real process: warm from run to run, and replaced when it dies, hangs or talks nonsense.
#include "app/session/helper_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "app/session/measurement_json.h"
#include "app/session/profile.h"
#include "store/store.h"
#include "tests/app/session/fake_workbench.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;

const std::string kProgram = std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_profile";

class HelperTest : public ::testing::Test {
 protected:
  HelperProcess helper(const std::string& way = "", HelperPatience patience = {}) {
    return HelperProcess(
        {.program = kProgram, .arguments = {"helper"}, .environment = {{"FAKE_HELPER", way}}}, patience);
  }
  core::Result<core::MeasurementRecord> collect(HelperProcess& h, const std::string& subject) {
    return h.collect(subject, *core::parse_problem("tiny"), 0, cancel_, {});
  }
  core::CancelToken cancel_;
  collectors::CollectOptions options_;
};

TEST_F(HelperTest, StaysWarmFromRunToRun) {
  auto h = helper();
  ASSERT_TRUE(h.start("cupti", 0, options_));
  h.settle(std::chrono::seconds(20), cancel_);
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    const auto taken = h.collect("fast", *core::parse_problem("tiny"), 0, cancel_, [&](int, int) { ++told; });
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    EXPECT_EQ(taken->collector, "cupti");
    EXPECT_FALSE(taken->counters.empty());
  }
  EXPECT_GE(told, 3);
  EXPECT_TRUE(h.alive());
}

TEST_F(HelperTest, OneThatDiesIsToldWithItsLastWords) {
  auto h = helper("crash");
  ASSERT_TRUE(h.start("cupti", 0, options_));
  ASSERT_TRUE(collect(h, "slow"));
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
  EXPECT_THAT(taken.error().message, HasSubstr("9"));
  EXPECT_THAT(taken.error().context, HasSubstr("illegal memory access"));
  EXPECT_FALSE(h.alive());
}

TEST_F(HelperTest, OneThatHangsIsGivenUp) {
  auto h = helper("hang", {.silence = std::chrono::milliseconds(400), .after_cancel = {}});
  ASSERT_TRUE(h.start("cupti", 0, options_));
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
  EXPECT_THAT(taken.error().message, HasSubstr("said nothing"));
  EXPECT_FALSE(h.alive());
}

TEST_F(HelperTest, WhatAKernelPrintsDoesNotDisturb) {
  auto h = helper("nonsense");
  ASSERT_TRUE(h.start("cupti", 0, options_));
  EXPECT_TRUE(collect(h, "fast"));
}

TEST_F(HelperTest, ADeviceErrorIsTheCollectionsNotTheHelpers) {
  auto h = helper("device");
  ASSERT_TRUE(h.start("cupti", 0, options_));
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kDevice);
  EXPECT_EQ(taken.error().hint, "look again");
}

TEST_F(HelperTest, WhatStandsAgainstItsSetUpIsTheAnswerToTheCollection) {
  auto h = helper();
  ASSERT_TRUE(h.start("cupti", 7, options_));  // there is no such device
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kNoDevice);
}

TEST_F(HelperTest, ACancelReachesACollectionAtWork) {
  auto h = helper("slow");
  ASSERT_TRUE(h.start("cupti", 0, options_));
  std::thread user([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    cancel_.request();
  });
  const auto taken = collect(h, "fast");
  user.join();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(h.alive());
  core::CancelToken fresh;  // and is forgotten with it
  auto other = helper();
  ASSERT_TRUE(other.start("cupti", 0, options_));
  EXPECT_TRUE(other.collect("fast", *core::parse_problem("tiny"), 0, fresh, {}));
}

TEST_F(HelperTest, AProgramThatIsNoHelperIsAnError) {
  HelperProcess h({.program = "/bin/echo", .arguments = {"hello"}, .environment = {}});
  const auto started = h.start("cupti", 0, options_);
  if (!started) return;
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
}

// A helper whose parent was killed must not go on counting; also one that hangs.
TEST_F(HelperTest, EndsWithItsParent) {
  for (const std::string way : {"", "hang"}) {
    tests::Program program({kProgram, "helper"}, {{"FAKE_HELPER", way}});
    program.say(R"({"cmd":"start","collector":"cupti","device":0,"options":)" + options_json(options_) +
                "}\n");
    ASSERT_TRUE(program.wait_for("ready"));
    program.say(R"({"cmd":"collect","subject":"fast","problem":"tiny","seed":0})"
                "\n");
    ASSERT_TRUE(program.wait_for("progress"));
    const auto before = std::chrono::steady_clock::now();
    program.close_input();
    program.finish();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10)) << way;
  }
}

TEST_F(HelperTest, LinesThatAreNoneAreAnswered) {
  tests::Program program({kProgram, "helper"});
  for (const char* line : {"nonsense", "{}", R"({"cmd":"dance"})", R"({"cmd":"collect","subject":3})",
                           R"({"cmd":"collect","subject":"fast","problem":"tiny","seed":0,"more":1})"}) {
    program.say(std::string(line) + "\n");
  }
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 5) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("unknown cmd"));
}

// The whole of it: a session whose helper is killed in the middle keeps every time and goes on counting.
TEST(HelperOfASession, KilledInTheMiddleCostsOneMeasurement) {
  tests::TemporaryFolder folder;
  ::setenv("FAKE_HELPER", "crash", 1);
  tests::FakeWorld world;
  tests::FakeWorkbench bench(world, kProgram);
  auto store = store::Store::open(folder / "runs.db");
  ASSERT_TRUE(store);
  ProfileRequest request;
  request.problems = {*core::parse_problem("tiny")};
  const auto outcome = profile(request, bench, *store, *analysis::Catalogue::builtin(), {}, {});
  ::unsetenv("FAKE_HELPER");
  ASSERT_TRUE(outcome) << core::to_text(outcome.error());
  std::vector<core::MeasurementStatus> counted;
  for (const auto id : outcome->runs) {
    const auto run = store->read_run(id);
    EXPECT_FALSE(core::all_samples(*run).empty());
    counted.push_back(run->measurements.back().status);
  }
  using enum core::MeasurementStatus;
  EXPECT_THAT(counted, ::testing::ElementsAre(kComplete, kFailed, kComplete));
  EXPECT_EQ(world.helpers_started, 2);
}

}  // namespace
}  // namespace flashcore::session
