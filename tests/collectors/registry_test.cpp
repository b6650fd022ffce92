#include "collectors/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "collectors/device.h"
#include "tests/collectors/fake_launch.h"

namespace flashcore::collectors {
namespace {

using testing::counter_of;
using testing::diagnosed;
using ::testing::ElementsAre;
using testing::EmptyLaunch;
using ::testing::HasSubstr;
using testing::target_of;

std::vector<std::string> ids(const std::vector<const CollectorEntry*>& entries) {
  std::vector<std::string> names;
  for (const CollectorEntry* entry : entries) names.emplace_back(entry->id);
  return names;
}

std::vector<std::string> chosen(const std::vector<std::string>& asked) {
  const auto entries = registry().choose(asked);
  if (!entries) return {core::to_text(entries.error())};
  return ids(*entries);
}

TEST(Registry, NamesEveryCollectorOnceAndInOrder) {
  std::set<std::string_view> seen;
  int order = 0;
  for (const CollectorEntry& entry : registry().entries()) {
    EXPECT_TRUE(seen.insert(entry.id).second) << entry.id;
    EXPECT_GT(entry.order, order) << entry.id;
    order = entry.order;
    EXPECT_FALSE(entry.title.empty()) << entry.id;
    EXPECT_FALSE(entry.takes.empty()) << entry.id;
    EXPECT_FALSE(entry.needs.empty()) << entry.id;
    EXPECT_GT(entry.cost, 0) << entry.id;
    EXPECT_EQ(registry().find(entry.id), &entry);
  }
  EXPECT_THAT(seen, ElementsAre("cupti", "ncu", "resources", "timing"));
  EXPECT_EQ(registry().find("replay"), nullptr);
  EXPECT_EQ(registry().find(""), nullptr);
}

TEST(Registry, MakesACollectorThatKnowsItsId) {
  for (const CollectorEntry& entry : registry().entries()) {
    const auto collector = entry.make(CollectOptions{});
    ASSERT_NE(collector, nullptr) << entry.id;
    EXPECT_EQ(collector->id(), entry.id);
  }
}

TEST(Registry, WhatCountsNeverWorksInTheProcessThatTimes) {
  for (const CollectorEntry& entry : registry().entries()) {
    if (entry.counts) {
      EXPECT_NE(entry.place, Place::kTiming) << entry.id;
    }
    if (entry.falls_to.empty()) continue;
    const CollectorEntry* next = registry().find(entry.falls_to);
    ASSERT_NE(next, nullptr) << entry.id;
    EXPECT_TRUE(entry.counts && next->counts) << entry.id;
    EXPECT_GT(next->order, entry.order) << "a ladder leads down, not round";
  }
  EXPECT_EQ(registry().find("cupti")->falls_to, "ncu");
}

TEST(Registry, ChoosesWhatIsAskedWithWhatIsAlwaysTakenInOrder) {
  EXPECT_THAT(chosen({}), ElementsAre("resources", "timing", "cupti"));
  EXPECT_THAT(chosen({"timing"}), ElementsAre("resources", "timing"));
  EXPECT_THAT(chosen({"ncu", "timing"}), ElementsAre("resources", "timing", "ncu"));
  EXPECT_THAT(chosen({"cupti", "cupti", "resources"}), ElementsAre("resources", "cupti"));
}

TEST(Registry, AnUnknownIdGetsTheNearestNames) {
  for (const char* id : {"cputi", "", "replay", "timing "}) {
    const std::vector<std::string> asked{"timing", id};
    const auto entries = registry().choose(asked);
    ASSERT_FALSE(entries) << id;
    EXPECT_EQ(entries.error().code, core::ErrorCode::kUsage);
  }
  const std::vector<std::string> asked{"cputi"};
  const auto error = registry().choose(asked).error();
  EXPECT_THAT(error.message, HasSubstr("cputi"));
  EXPECT_THAT(error.message, HasSubstr("cupti"));
  EXPECT_THAT(error.hint, HasSubstr("timing"));
}

// What orchestration is tested with: a registry of its own.
TEST(Registry, OfOnesOwnIsSortedByOrder) {
  const auto entry = [](std::string_view id, int order, bool always) {
    CollectorEntry made;
    made.id = id;
    made.order = order;
    made.always = always;
    made.by_default = !always;
    return made;
  };
  const Registry own({entry("last", 30, false), entry("first", 10, true), entry("middle", 20, false)});
  const auto all = own.choose({});
  ASSERT_TRUE(all);
  EXPECT_THAT(ids(*all), ElementsAre("first", "middle", "last"));
  const std::vector<std::string> asked{"last"};
  EXPECT_THAT(ids(*own.choose(asked)), ElementsAre("first", "last"));
  const Registry none({});
  EXPECT_TRUE(none.choose({})->empty());
  EXPECT_FALSE(none.choose(asked));
}

TEST(Registry, HandsTheOptionsOn) {
  CollectOptions options;
  options.warmup = 3;
  options.iterations = 7;
  options.counters = {"dram__bytes.sum"};
  options.counter_set = "quick";
  options.cache = core::CacheState::kCold;
  Target nowhere;
  nowhere.label = "a kernel of another program";
  if (built_with_cuda()) {
    const auto timing = registry().find("timing")->make(options)->collect(nowhere, core::CancelToken(), {});
    ASSERT_TRUE(timing) << core::to_text(timing.error());
    EXPECT_EQ(timing->parameters.at("warmup"), "0");  // those that were done
    EXPECT_EQ(timing->parameters.at("iterations"), "7");
    EXPECT_EQ(timing->parameters.at("cache"), "cold");
  }
  const auto counted = registry().find("cupti")->make(options)->collect(nowhere, core::CancelToken(), {});
  ASSERT_TRUE(counted) << core::to_text(counted.error());
  EXPECT_EQ(counted->parameters.at("set"), "quick");
  EXPECT_EQ(counted->parameters.at("cache"), "cold");
  EXPECT_NE(counter_of(*counted, "dram__bytes.sum"), nullptr);
}

TEST(Registry, TakenTogetherEachTargetHasItsOwnMeasurementInOrder) {
  std::vector<Target> nowhere(3);
  for (std::size_t i = 0; i < nowhere.size(); ++i) nowhere[i].label = "target " + std::to_string(i);
  int last = 0, of = 0;
  const auto taken = registry()
                         .find("cupti")
                         ->make(CollectOptions{})
                         ->collect_together(nowhere, core::CancelToken(),
                                            [&](int done, int total) { last = done, of = total; });
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  ASSERT_EQ(taken->size(), 3u);
  for (const auto& measurement : *taken) EXPECT_EQ(measurement.status, core::MeasurementStatus::kRefused);
  if (built_with_cuda()) {
    EXPECT_THAT(taken->at(1).reason, HasSubstr("target 1"));
  }
  EXPECT_GT(of, 0);
  EXPECT_EQ(last, of);
}

TEST(Registry, AnInProcessCollectorRefusesWhatIsLaunchedElsewhere) {
  Target nowhere;
  nowhere.label = "a kernel of another program";
  for (const char* id : {"resources", "timing", "cupti"}) {
    if (!built_with_cuda() && std::string_view(id) == "timing") continue;
    const auto taken = registry().find(id)->make(CollectOptions{})->collect(nowhere, core::CancelToken(), {});
    ASSERT_TRUE(taken) << id << core::to_text(taken.error());
    EXPECT_EQ(taken->status, core::MeasurementStatus::kRefused) << id;
    EXPECT_FALSE(taken->reason.empty()) << id;
    ASSERT_EQ(taken->diagnostics.size(), 1u) << id;
    EXPECT_FALSE(taken->diagnostics[0].hint.empty()) << id;
    EXPECT_EQ(taken->diagnostics[0].source, id);
  }
}

}  // namespace
}  // namespace flashcore::collectors
