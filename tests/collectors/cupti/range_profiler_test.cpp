// The range profiler against functions in CUPTI's place, which keep to what was seen of it: a second
// configuration on one object is accepted and ignored, and ranges beyond the room vanish without a word.
#include "collectors/cuda/range_profiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace flashcore::collectors {
namespace {

using ::testing::ElementsAre;

// What CUPTI was told, and what it keeps. One at a time, since its functions know no owner.
struct FakeCupti {
  std::vector<std::string> calls;
  int objects = 0, enabled = 0;
  std::size_t passes = 3, pass = 0, launches = 0;
  std::size_t room = 0, initialised = 0;
  const std::uint8_t* image = nullptr;
  std::vector<const std::uint8_t*> images;  // of each SetConfig
  bool clean = true;                        // each measurement began with an image as initialised
  bool counting = false;
  CUptiResult start_answers = CUPTI_SUCCESS, enable_answers = CUPTI_SUCCESS;

  void say(std::string call) { calls.push_back(std::move(call)); }
  long count(std::string_view call) const { return std::count(calls.begin(), calls.end(), call); }
};
FakeCupti* fake = nullptr;
constexpr std::uint8_t kFresh = 0x5a, kUsed = 0xff;

CUptiResult text_of(CUptiResult, const char** text) {
  *text = "a fake";
  return CUPTI_SUCCESS;
}
CUptiResult enable(CUpti_RangeProfiler_Enable_Params* p) {
  fake->say("enable");
  if (fake->enable_answers != CUPTI_SUCCESS) return fake->enable_answers;
  if (fake->enabled != 0) return CUPTI_ERROR_INVALID_OPERATION;  // a context has one
  ++fake->enabled;
  p->pRangeProfilerObject =
      reinterpret_cast<CUpti_RangeProfiler_Object*>(static_cast<std::uintptr_t>(++fake->objects));
  return CUPTI_SUCCESS;
}
CUptiResult disable(CUpti_RangeProfiler_Disable_Params*) {
  fake->say("disable");
  --fake->enabled;
  return CUPTI_SUCCESS;
}
CUptiResult data_size(CUpti_RangeProfiler_GetCounterDataSize_Params* p) {
  p->counterDataSize = 100 * p->maxNumOfRanges;
  fake->room = p->maxNumOfRanges;
  return CUPTI_SUCCESS;
}
CUptiResult data_initialize(CUpti_RangeProfiler_CounterDataImage_Initialize_Params* p) {
  fake->say("initialise");
  std::fill_n(p->pCounterData, p->counterDataSize, kFresh);
  return CUPTI_SUCCESS;
}
CUptiResult set_config(CUpti_RangeProfiler_SetConfig_Params* p) {
  fake->say("config");
  fake->pass = fake->launches = 0;
  fake->image = p->pCounterDataImage;
  fake->images.push_back(fake->image);
  fake->clean = fake->clean && std::all_of(fake->image, fake->image + p->counterDataImageSize,
                                           [](std::uint8_t byte) { return byte == kFresh; });
  return p->maxRangesPerPass == fake->room ? CUPTI_SUCCESS : CUPTI_ERROR_INVALID_PARAMETER;
}
CUptiResult start(CUpti_RangeProfiler_Start_Params*) {
  fake->say("start");
  if (fake->start_answers != CUPTI_SUCCESS) return fake->start_answers;
  fake->counting = true;
  fake->launches = 0;
  return CUPTI_SUCCESS;
}
CUptiResult stop(CUpti_RangeProfiler_Stop_Params* p) {
  fake->say("stop");
  fake->counting = false;
  p->isAllPassSubmitted = ++fake->pass == fake->passes ? 1 : 0;
  return CUPTI_SUCCESS;
}
CUptiResult decode(CUpti_RangeProfiler_DecodeData_Params* p) {
  fake->say("decode");
  const_cast<std::uint8_t*>(fake->image)[0] = kUsed;
  p->numOfRangeDropped = 0;  // not even where some were
  return CUPTI_SUCCESS;
}
CUptiResult data_info(CUpti_RangeProfiler_GetCounterDataInfo_Params* p) {
  p->numTotalRanges = std::min(fake->launches, fake->room);
  return CUPTI_SUCCESS;
}

class Calls : public ::testing::Test {
 protected:
  Calls() {
    fake = &cupti_;
    library_.result_string = text_of;
    library_.range_enable = enable;
    library_.range_disable = disable;
    library_.range_set_config = set_config;
    library_.range_start = start;
    library_.range_stop = stop;
    library_.range_decode = decode;
    library_.range_data_size = data_size;
    library_.range_data_initialize = data_initialize;
    library_.range_data_info = data_info;
  }
  ~Calls() override { fake = nullptr; }

  core::Result<RangeProfiler> open(std::size_t room) {
    return RangeProfiler::create(library_, nullptr, {.names = {"a.sum"}, .image = {1, 2, 3}, .passes = 3},
                                 room, steps_);
  }
  static std::function<core::Status()> launching(std::size_t kernels) {
    return [kernels]() -> core::Status {
      EXPECT_TRUE(fake->counting);
      fake->launches += kernels;
      return {};
    };
  }
  std::vector<std::string> step_names() const {
    std::vector<std::string> names;
    for (const auto& step : steps_) names.push_back(step.name);
    return names;
  }

  FakeCupti cupti_;
  CuptiLibrary library_;
  std::vector<core::StepRecord> steps_;
  bool failed_in_work_ = false;
};

TEST_F(Calls, AMeasurementTakesAllPassesAndThenDecodes) {
  auto profiler = open(16);
  ASSERT_TRUE(profiler) << core::to_text(profiler.error());
  const auto data = profiler->measure(launching(5), failed_in_work_, steps_);
  ASSERT_TRUE(data) << core::to_text(data.error());
  EXPECT_EQ(data->ranges, 5u);
  EXPECT_EQ(data->passes, 3u);
  EXPECT_EQ(data->image.size(), 1600u);
  EXPECT_THAT(cupti_.calls, ElementsAre("enable", "initialise", "config", "start", "stop", "start", "stop",
                                        "start", "stop", "decode"));
  EXPECT_THAT(step_names(), ElementsAre("enable", "image", "image", "first start", "passes", "decode"));
  for (const auto& step : steps_) EXPECT_GE(step.ms, 0) << step.name;
}

// Initialised once; a measurement begins with a copy, at the address that CUPTI was told before.
TEST_F(Calls, TheImageIsInitialisedOnceAndStaysWhereItIs) {
  auto profiler = open(16);
  ASSERT_TRUE(profiler);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(profiler->measure(launching(2), failed_in_work_, steps_));
  EXPECT_EQ(cupti_.count("initialise"), 1);
  EXPECT_TRUE(cupti_.clean) << "a measurement began with the counters of the one before";
  EXPECT_EQ(cupti_.images.size(), 3u);
  EXPECT_EQ(std::count(cupti_.images.begin(), cupti_.images.end(), cupti_.images.front()), 3);
  EXPECT_EQ(cupti_.objects, 1);
}

TEST_F(Calls, RangesBeyondTheRoomShowOnlyAsAFullRoom) {
  auto profiler = open(16);
  ASSERT_TRUE(profiler);
  const auto data = profiler->measure(launching(20), failed_in_work_, steps_);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->ranges, 16u);
  EXPECT_EQ(data->dropped, 0u);
}

TEST_F(Calls, TheObjectIsGivenBackOnceHoweverItIsMoved) {
  {
    auto first = open(16);
    ASSERT_TRUE(first);
    EXPECT_FALSE(open(32)) << "two objects on one context";
    const RangeProfiler moved(std::move(*first));
    EXPECT_EQ(moved.room(), 16u);
  }
  EXPECT_EQ(cupti_.count("disable"), 1);
  EXPECT_TRUE(open(32));
}

TEST_F(Calls, AFailedLaunchStopsTheCountingAndIsToldApart) {
  auto profiler = open(16);
  ASSERT_TRUE(profiler);
  const auto data = profiler->measure(
      [] { return core::Status(core::fail(core::ErrorCode::kDevice, "the launch failed")); }, failed_in_work_,
      steps_);
  ASSERT_FALSE(data);
  EXPECT_TRUE(failed_in_work_);
  EXPECT_EQ(data.error().message, "the launch failed");
  EXPECT_FALSE(cupti_.counting);
  EXPECT_EQ(cupti_.count("start"), 1);
  EXPECT_EQ(cupti_.count("stop"), 1);
  EXPECT_EQ(cupti_.count("decode"), 0);
}

TEST_F(Calls, ARefusalIsCuptisAndNotTheLaunchs) {
  {
    auto profiler = open(16);
    ASSERT_TRUE(profiler);
    cupti_.start_answers = CUPTI_ERROR_HARDWARE_BUSY;
    const auto data = profiler->measure(launching(1), failed_in_work_, steps_);
    ASSERT_FALSE(data);
    EXPECT_FALSE(failed_in_work_);
    EXPECT_EQ(data.error().code, core::ErrorCode::kPermission);
    EXPECT_EQ(cupti_.launches, 0u);
  }
  cupti_.enable_answers = CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
  const auto none = open(16);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, core::ErrorCode::kPermission);
  EXPECT_EQ(cupti_.count("disable"), 1);
}

}  // namespace
}  // namespace flashcore::collectors
