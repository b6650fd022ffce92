// A helper as a real process: warm from run to run, and replaced when it dies, hangs or talks nonsense.
#include "app/session/helper_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

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
using ::testing::Not;

const std::string kProgram = std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_profile";

class HelperTest : public ::testing::Test {
 protected:
  HelperProcess helper(const std::string& way = "", HelperPatience patience = {}) {
    return HelperProcess(
        {.program = kProgram, .arguments = {"helper"}, .environment = {{"FAKE_HELPER", way}}}, patience);
  }
  static std::vector<HelperTask> tasks(const std::vector<std::string>& subjects) {
    std::vector<HelperTask> list;
    for (const auto& subject : subjects) list.push_back({subject, *core::parse_problem("tiny"), 0});
    return list;
  }
  core::Result<std::vector<core::MeasurementRecord>> collect(HelperProcess& h, const std::string& subject) {
    return h.collect(tasks({subject}), cancel_, {});
  }
  core::Status set_up(HelperProcess& h, int device = 0) {
    if (auto ok = h.begin("cupti", device, {}); !ok) return ok;
    return h.start(options_);
  }
  std::string set_up_lines() const {
    return R"({"cmd":"begin","collector":"cupti","device":0})"
           "\n"
           R"({"cmd":"start","options":)" +
           options_json(options_) + "}\n";
  }
  core::CancelToken cancel_;
  collectors::CollectOptions options_;
};

TEST_F(HelperTest, StaysWarmFromRunToRun) {
  auto h = helper();
  ASSERT_TRUE(set_up(h));
  h.settle(Helper::SetUp::kAll, std::chrono::seconds(20), cancel_);
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    const auto taken = h.collect(tasks({"fast"}), cancel_, [&](int, int) { ++told; });
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    ASSERT_EQ(taken->size(), 1U);
    EXPECT_EQ(taken->front().collector, "cupti");
    EXPECT_FALSE(taken->front().counters.empty());
    ASSERT_FALSE(taken->front().steps.empty());
    EXPECT_EQ(taken->front().steps.front().name, i == 0 ? "context" : "prepare");
  }
  EXPECT_GE(told, 3);
  EXPECT_TRUE(h.alive());
}

TEST_F(HelperTest, TakesSeveralRunsTogetherInTheirOrder) {
  auto h = helper();
  ASSERT_TRUE(set_up(h));
  auto list = tasks({"fast", "slow", "other"});
  list[1].problem = *core::parse_problem("small");
  const auto taken = h.collect(list, cancel_, {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  ASSERT_EQ(taken->size(), 3U);
  std::vector<std::string> kernels;
  for (const auto& m : *taken) kernels.push_back(m.kernels.at(0).name);
  EXPECT_THAT(kernels, ::testing::ElementsAre("fast_kernel<64>", "slow_kernel<64>", "other_kernel<64>"));
}

// A process that answers for another number of runs than it was asked for tells of who knows which.
TEST_F(HelperTest, AnotherNumberOfMeasurementsIsAnError) {
  const std::string one = measurement_json(tests::sample_measurement("cupti"));
  for (const std::string& answer : {std::string(), one, one + "," + one + "," + one}) {
    HelperProcess h(
        {.program = "/bin/sh",
         .arguments = {"-c", "read begin; read start; read collect; echo \"$ANSWER\"; sleep 60"},
         .environment = {{"ANSWER", R"({"event":"measurements","measurements":[)" + answer + "]}"}}});
    ASSERT_TRUE(set_up(h));
    const auto taken = h.collect(tasks({"slow", "fast"}), cancel_, {});
    ASSERT_FALSE(taken) << answer;
    EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
    EXPECT_THAT(taken.error().message, HasSubstr("2 task(s)"));
    EXPECT_FALSE(h.alive());
  }
}

TEST_F(HelperTest, OneThatDiesIsToldWithItsLastWords) {
  auto h = helper("crash");
  ASSERT_TRUE(set_up(h));
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
  ASSERT_TRUE(set_up(h));
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
  EXPECT_THAT(taken.error().message, HasSubstr("said nothing"));
  EXPECT_FALSE(h.alive());
}

TEST_F(HelperTest, WhatAKernelPrintsDoesNotDisturb) {
  auto h = helper("nonsense");
  ASSERT_TRUE(set_up(h));
  EXPECT_TRUE(collect(h, "fast"));
}

TEST_F(HelperTest, ADeviceErrorIsTheCollectionsNotTheHelpers) {
  auto h = helper("device");
  ASSERT_TRUE(set_up(h));
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kDevice);
  EXPECT_EQ(taken.error().hint, "look again");
}

TEST_F(HelperTest, WhatStandsAgainstItsSetUpIsTheAnswerToTheCollection) {
  auto h = helper();
  ASSERT_TRUE(set_up(h, 7));  // there is no such device
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kNoDevice);
}

TEST_F(HelperTest, ACancelReachesACollectionAtWork) {
  auto h = helper("slow");
  ASSERT_TRUE(set_up(h));
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
  ASSERT_TRUE(set_up(other));
  EXPECT_TRUE(other.collect(tasks({"fast"}), fresh, {}));
}

TEST_F(HelperTest, AProgramThatIsNoHelperIsAnError) {
  HelperProcess h({.program = "/bin/echo", .arguments = {"hello"}, .environment = {}});
  const auto started = set_up(h);
  if (!started) return;
  const auto taken = collect(h, "fast");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kExternalTool);
}

// A helper whose parent was killed must not go on counting; also one that hangs.
TEST_F(HelperTest, EndsWithItsParent) {
  for (const std::string way : {"", "hang"}) {
    tests::Program program({kProgram, "helper"}, {{"FAKE_HELPER", way}});
    program.say(set_up_lines());
    ASSERT_TRUE(program.wait_for("ready"));
    program.say(R"({"cmd":"collect","tasks":[{"subject":"fast","problem":"tiny","seed":0}]})"
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
  program.say(set_up_lines());
  ASSERT_TRUE(program.wait_for("ready"));
  const std::vector<std::string> lines{
      "nonsense",
      "{}",
      R"({"cmd":"dance"})",
      R"({"cmd":"begin","collector":"cupti","device":0})",
      R"({"cmd":"start","options":{}})",
      R"({"cmd":"end","now":true})",
      R"({"cmd":"prepare"})",
      R"({"cmd":"prepare","tasks":[]})",
      R"({"cmd":"collect"})",
      R"({"cmd":"collect","subject":"fast","problem":"tiny","seed":0})",
      R"({"cmd":"collect","tasks":[]})",
      R"({"cmd":"collect","tasks":{}})",
      R"({"cmd":"collect","tasks":[3]})",
      R"({"cmd":"collect","tasks":[{"subject":3,"problem":"tiny","seed":0}]})",
      R"({"cmd":"collect","tasks":[{"subject":"fast","problem":"tiny","seed":-1}]})",
      R"({"cmd":"collect","tasks":[{"subject":"fast","problem":"tiny","seed":0,"more":1}]})",
      R"({"cmd":"collect","tasks":[{"subject":"none","problem":"tiny","seed":0}]})",
      R"({"cmd":"collect","tasks":[{"subject":"fast","problem":"tiny","seed":0}],"more":1})"};
  for (const std::string& line : lines) program.say(line + "\n");
  program.close_input();
  const auto outcome = program.finish();
  std::size_t errors = 0;
  for (auto at = outcome.out.find("\"error\""); at != std::string::npos;
       at = outcome.out.find("\"error\"", at + 1)) {
    ++errors;
  }
  EXPECT_EQ(errors, lines.size()) << outcome.out;
  EXPECT_THAT(outcome.out, Not(HasSubstr("measurements")));
  EXPECT_THAT(outcome.out, HasSubstr("unknown cmd"));
}

// The first thing it says; nothing of CUPTI is waited for.
TEST_F(HelperTest, IsBegunBeforeItKnowsWhatFor) {
  auto h = helper();
  const std::vector<std::string> subjects{"fast"};
  ASSERT_TRUE(h.begin("cupti", 0, subjects));
  const auto before = std::chrono::steady_clock::now();
  h.settle(Helper::SetUp::kContext, std::chrono::seconds(20), cancel_);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(19));
  ASSERT_TRUE(h.start(options_));
  EXPECT_TRUE(collect(h, "fast"));
}

TEST_F(HelperTest, ALineBeforeItsTimeIsAnError) {
  tests::Program program({kProgram, "helper"});
  program.say(R"({"cmd":"start","options":)" + options_json(options_) + "}\n");
  ASSERT_TRUE(program.wait_for("start before begin"));
  program.say(R"({"cmd":"begin","collector":"cupti","device":0})"
              "\n");
  ASSERT_TRUE(program.wait_for("begun"));
  program.say(R"({"cmd":"collect","tasks":[{"subject":"fast","problem":"tiny","seed":0}]})"
              "\n");
  ASSERT_TRUE(program.wait_for("collect before start"));
}

// What was prepared ahead is not prepared again, what nobody asks for is freed first, and all of it after.
TEST_F(HelperTest, WhatItPreparedAheadIsForTheNextCollectionAlone) {
  tests::Program program({kProgram, "helper"}, {{"FAKE_HELPER", "tell"}});
  const auto tasks = [](const std::string& cmd, const std::vector<std::string>& subjects) {
    std::string list;
    for (const auto& subject : subjects)
      list += (list.empty() ? "" : ",") + (R"({"subject":")" + subject + R"(","problem":"tiny","seed":0})");
    return R"({"cmd":")" + cmd + R"(","tasks":[)" + list + "]}\n";
  };
  program.say(set_up_lines() + tasks("prepare", {"slow", "fast"}) + tasks("collect", {"fast"}) +
              tasks("collect", {"slow", "fast"}) + R"({"cmd":"end"})" + "\n");
  ASSERT_TRUE(program.wait_for("ended"));
  const auto outcome = program.finish();  // it ends by itself: its input is still open
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("prepare slow beside 0\nprepare fast beside 1\ncupti fast beside 1\n"
                                     "prepare slow beside 0\nprepare fast beside 1\n"
                                     "cupti slow beside 2\ncupti fast beside 2\n"));
}

TEST_F(HelperTest, WhatItCouldNotPrepareAheadIsToldByTheCollection) {
  auto h = helper("unprepared");
  ASSERT_TRUE(h.begin("cupti", 0, {}));
  ASSERT_TRUE(h.prepare(tasks({"slow", "fast"})));
  ASSERT_TRUE(h.start(options_));
  h.settle(Helper::SetUp::kAll, std::chrono::seconds(20), cancel_);
  const auto taken = h.collect(tasks({"slow", "fast"}), cancel_, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kUsage);
  EXPECT_EQ(taken.error().hint, "take less");
  EXPECT_TRUE(collect(h, "slow"));
}

// A time that is taken while it launches would tell of both.
TEST_F(HelperTest, SettlesWhenWhatItWasToldToPrepareIsDone) {
  HelperProcess h({.program = "/bin/sh",
                   .arguments = {"-c", R"(read begin; echo '{"event":"begun"}'; read prepare; sleep 0.4;
                                          echo '{"event":"prepared"}'; sleep 60)"},
                   .environment = {}});
  ASSERT_TRUE(h.begin("cupti", 0, {}));
  ASSERT_TRUE(h.prepare(tasks({"slow"})));
  const auto before = std::chrono::steady_clock::now();
  h.settle(Helper::SetUp::kContext, std::chrono::seconds(20), cancel_);
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(19));
}

TEST_F(HelperTest, ToldToEndItLetsGoAndEndsByItself) {
  auto h = helper();
  ASSERT_TRUE(set_up(h));
  ASSERT_TRUE(collect(h, "fast"));
  h.end();
  h.end();  // once is enough
  const auto before = std::chrono::steady_clock::now();
  h.await_end(std::chrono::seconds(20));
  for (int i = 0; i < 1000 && h.alive(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(h.alive());
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(HelperTest, OneThatDoesNotLetGoIsNotWaitedForLonger) {
  HelperProcess h({.program = "/bin/sh", .arguments = {"-c", "sleep 60"}, .environment = {}});
  ASSERT_TRUE(h.begin("cupti", 0, {}));
  const auto before = std::chrono::steady_clock::now();
  h.end();
  h.await_end(std::chrono::milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_TRUE(h.alive());
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
  EXPECT_EQ(world.helpers_started, 3);  // for all, for those before the one that kills it, for those after
}

}  // namespace
}  // namespace flashcore::session
