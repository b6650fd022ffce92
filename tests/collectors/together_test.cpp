// Several targets at once, for a collector that gains nothing from it: one after another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "collectors/collector.h"
#include "tests/collectors/fake_launch.h"

namespace flashcore::collectors {
namespace {

using ::testing::ElementsAre;
using testing::EmptyLaunch;
using testing::target_of;

// Takes `steps` of its own for each target; fails at the one that is named `fails_at`.
class Plain final : public Collector {
 public:
  std::string_view id() const override { return "plain"; }
  core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                const Progress& progress) override {
    asked.push_back(target.label);
    if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "stopped");
    if (target.label == fails_at) return core::fail(core::ErrorCode::kDevice, target.label + " failed");
    for (int i = 0; progress && i <= steps; ++i) progress(i, steps);
    auto measurement = begin_measurement(id(), "FlashCore", "1");
    measurement.parameters["label"] = target.label;
    return measurement;
  }

  int steps = 4;
  std::string fails_at;
  std::vector<std::string> asked;
};

class Together : public ::testing::Test {
 protected:
  Together() {
    for (const char* label : {"a", "b", "c"}) {
      targets_.push_back(target_of(launch_));
      targets_.back().label = label;
    }
  }
  EmptyLaunch launch_;
  std::vector<Target> targets_;
  core::CancelToken cancel_;
  Plain plain_;
};

TEST_F(Together, EachTargetHasItsMeasurementInTheirOrder) {
  const auto taken = plain_.collect_together(targets_, cancel_, {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  std::vector<std::string> labels;
  for (const auto& measurement : *taken) labels.push_back(measurement.parameters.at("label"));
  EXPECT_THAT(labels, ElementsAre("a", "b", "c"));
}

TEST_F(Together, ProgressRunsOnceOverAllOfThem) {
  std::vector<std::pair<int, int>> seen;
  ASSERT_TRUE(plain_.collect_together(targets_, cancel_,
                                      [&](int done, int total) { seen.emplace_back(done, total); }));
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().first, 0);
  EXPECT_EQ(seen.back().first, seen.back().second);
  int halves = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GE(seen[i].first, seen[i - 1].first);  // no target begins again at zero
    EXPECT_EQ(seen[i].second, seen[0].second);
    halves += 2 * seen[i].first == seen[i].second;
  }
  EXPECT_EQ(halves, 1);  // in the middle of the second of three
}

TEST_F(Together, AnErrorEndsAll) {
  plain_.fails_at = "b";
  const auto taken = plain_.collect_together(targets_, cancel_, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::ErrorCode::kDevice);
  EXPECT_THAT(plain_.asked, ElementsAre("a", "b"));
}

TEST_F(Together, ACancelIsPassedOn) {
  cancel_.request();
  const auto taken = plain_.collect_together(targets_, cancel_, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::ErrorCode::kCancelled);
}

TEST_F(Together, NoTargetsAreNoMeasurements) {
  const auto taken = plain_.collect_together({}, cancel_, {});
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->empty());
}

TEST_F(Together, ACollectorWithoutStepsIsNoDivisionByZero) {
  plain_.steps = 0;
  int last = -1, total = 0;
  ASSERT_TRUE(plain_.collect_together(targets_, cancel_, [&](int done, int of) {
    last = done;
    total = of;
  }));
  EXPECT_EQ(last, total);
}

}  // namespace
}  // namespace flashcore::collectors
