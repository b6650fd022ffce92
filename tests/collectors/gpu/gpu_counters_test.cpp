// Counters of several launches at once, warm and cold, against the same taken one by one.
#include <gmock/gmock.h>

#include <string>

#include "tests/collectors/gpu/known_launches.h"

namespace flashcore::collectors {
namespace {

using core::CacheState;
using core::MeasurementRecord;
using testing::diagnosed;
using ::testing::HasSubstr;
using testing::kCount;
using testing::kDuration;
using testing::kFusedOps;
using testing::kInstructions;
using testing::MultiplyAdd;

constexpr const char* kSectors = "lts__t_sectors.sum";
constexpr const char* kMemoryRead = "dram__bytes_read.sum";
constexpr double kReadBytes = 2.0 * kCount * sizeof(float);  // a launch of one kernel, at least

// Counters of several units, which take more than one pass.
std::vector<std::string> several_passes() {
  return {kFusedOps,
          kInstructions,
          kSectors,
          kMemoryRead,
          "l1tex__t_bytes_pipe_lsu_mem_global_op_ld.sum",
          "sm__warps_active.avg.pct_of_peak_sustained_active",
          "smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio",
          "smsp__average_warps_issue_stalled_wait_per_issue_active.ratio"};
}

// Says that it launches one kernel, and launches `kernels`.
class MoreThanItSays final : public core::Launchable {
 public:
  explicit MoreThanItSays(int kernels) : inner_(kernels) {}
  std::string_view label() const override { return "more than it says"; }
  core::Status launch(core::StreamHandle stream) override { return inner_.launch(stream); }
  std::span<const core::KernelPlan> kernels() const override { return inner_.kernels(); }
  int kernels_per_launch() const override { return 1; }

 private:
  MultiplyAdd inner_;
};

class CountersTogether : public testing::CountersTest {
 protected:
  // Skips where counters are refused.
  void together(CuptiCollector& collector, const std::vector<core::Launchable*>& launches,
                std::vector<MeasurementRecord>& all) {
    std::vector<Target> targets;
    for (core::Launchable* launch : launches) targets.push_back(testing::target_of(*launch, device_));
    auto taken = collector.collect_together(targets, cancel_, {});
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    ASSERT_EQ(taken->size(), launches.size());
    all = std::move(*taken);
    if (all.front().status == core::MeasurementStatus::kRefused) GTEST_SKIP() << all.front().reason;
  }
  static void expect_same(const MeasurementRecord& a, const MeasurementRecord& b, int kernels) {
    for (int kernel = 0; kernel < kernels; ++kernel) {
      EXPECT_EQ(value(a, kInstructions, kernel), value(b, kInstructions, kernel));
      EXPECT_EQ(value(a, kFusedOps, kernel), value(b, kFusedOps, kernel));
      // Two measurements of one collector differ by up to 5%: an H200 has two L2 halves, and which of them a
      // line came to decides whether it passes between them.
      EXPECT_NEAR(value(a, kSectors, kernel) / value(b, kSectors, kernel), 1, 0.1);
    }
  }
};

TEST_F(CountersTogether, CountTheSameAsOneByOne) {
  MultiplyAdd first(1), second(3), third(2);
  CuptiCollector collector(several_passes());
  std::vector<MeasurementRecord> all;
  ASSERT_NO_FATAL_FAILURE(together(collector, {&first, &second, &third}, all));
  if (IsSkipped()) return;
  const std::vector<core::Launchable*> launches{&first, &second, &third};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].status, core::MeasurementStatus::kComplete) << all[i].reason;
    EXPECT_EQ(all[i].parameters.at("shared_with"), "3");
    EXPECT_GT(all[i].passes.value_or(0), 1);
    EXPECT_EQ(diagnosed(all[i], "availability_asked"), nullptr);
    MeasurementRecord alone;
    ASSERT_NO_FATAL_FAILURE(collect(collector, *launches[i], alone));
    EXPECT_EQ(alone.parameters.at("shared_with"), "1");
    ASSERT_EQ(static_cast<int>(alone.kernels.size()), launches[i]->kernels_per_launch());
    expect_same(all[i], alone, launches[i]->kernels_per_launch());
  }
  EXPECT_EQ(value(all[1], kFusedOps, 1), 2.0 * kCount);
}

TEST_F(CountersTogether, SeventyGoThroughBatches) {
  MultiplyAdd one(1), two(2);
  std::vector<core::Launchable*> launches(70, &one);
  launches[40] = &two;
  CuptiCollector collector({kFusedOps, kInstructions, kSectors});
  std::vector<MeasurementRecord> all;
  ASSERT_NO_FATAL_FAILURE(together(collector, launches, all));
  if (IsSkipped()) return;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].status, core::MeasurementStatus::kComplete) << i << ": " << all[i].reason;
    EXPECT_EQ(value(all[i], kFusedOps), kCount) << i;
    EXPECT_EQ(all[i].kernels.size(), i == 40 ? 2u : 1u) << i;
  }
  EXPECT_EQ(value(all[40], kFusedOps, 1), 2.0 * kCount);
  EXPECT_EQ(all.front().parameters.at("shared_with"), "31");
  // A smaller batch runs in the room that the larger one left.
  MeasurementRecord alone;
  ASSERT_NO_FATAL_FAILURE(collect(collector, one, alone));
  EXPECT_EQ(value(alone, kFusedOps), kCount);
  EXPECT_EQ(value(alone, kInstructions), value(all.front(), kInstructions));
}

TEST_F(CountersTogether, APreparedCollectorCountsTheSame) {
  MultiplyAdd launch(1);
  MeasurementRecord prepared, again, plain;
  {  // a context has one profiler object, so one collector goes before the next comes
    CuptiCollector unprepared(several_passes());
    ASSERT_NO_FATAL_FAILURE(collect(unprepared, launch, plain));
    if (IsSkipped()) return;
  }
  CuptiCollector ready(several_passes());
  ASSERT_TRUE(ready.prepare(0));
  ASSERT_NO_FATAL_FAILURE(collect(ready, launch, prepared));
  if (IsSkipped()) return;
  ASSERT_NO_FATAL_FAILURE(collect(ready, launch, again));
  expect_same(prepared, plain, 1);
  expect_same(again, plain, 1);
  EXPECT_EQ(prepared.counters.size(), plain.counters.size());
  const auto step = [](const MeasurementRecord& measurement, std::string_view name) {
    for (const auto& s : measurement.steps) {
      if (s.name == name) return s.ms;
    }
    return -1.0;
  };
  for (const char* name :
       {"initialise", "schedule", "enable", "image", "first start", "passes", "decode", "evaluate"}) {
    EXPECT_GE(step(prepared, name), 0) << name;
  }
  EXPECT_EQ(step(again, "enable"), -1);  // the set-up is told once
  EXPECT_GT(step(again, "passes"), 0);
  RecordProperty("first_start_ms_prepared", std::to_string(step(prepared, "first start")));
  RecordProperty("first_start_ms_unprepared", std::to_string(step(plain, "first start")));
}

TEST_F(CountersTogether, ColdReadsFromMemoryAndWarmDoesNot) {
  constexpr std::int64_t kFitsInL2 = std::int64_t{32} << 20;
  if (device_.l2_bytes < kFitsInL2) GTEST_SKIP() << "the launch does not fit in this GPU's L2";
  MultiplyAdd one(1), three(3);
  MeasurementRecord warm_one;
  {
    CuptiCollector warm({kMemoryRead, kFusedOps});
    ASSERT_NO_FATAL_FAILURE(collect(warm, one, warm_one));
    if (IsSkipped()) return;
  }
  CuptiCollector collector({kMemoryRead, kFusedOps}, "", CacheState::kCold);
  std::vector<MeasurementRecord> cold;
  ASSERT_NO_FATAL_FAILURE(together(collector, {&one, &three}, cold));
  EXPECT_LT(value(warm_one, kMemoryRead), 0.05 * kReadBytes);
  EXPECT_EQ(warm_one.parameters.at("cache"), "warm");
  EXPECT_GE(value(cold[0], kMemoryRead), 0.98 * kReadBytes);
  EXPECT_LE(value(cold[0], kMemoryRead), 1.5 * kReadBytes);
  EXPECT_EQ(cold[0].parameters.at("cache"), "cold");
  EXPECT_EQ(cold[0].parameters.at("cache_flush"), "before each launch");
  EXPECT_EQ(cold[0].parameters.at("launches_per_pass"), "1");
  // The flush is no kernel of the launch, and stands before the launch, not before each of its kernels.
  ASSERT_EQ(cold[0].kernels.size(), 1u);
  EXPECT_EQ(value(cold[0], kFusedOps), kCount);
  ASSERT_EQ(cold[1].kernels.size(), 3u);
  EXPECT_GE(value(cold[1], kMemoryRead, 0), 0.98 * kReadBytes);
  EXPECT_LT(value(cold[1], kMemoryRead, 2), 0.05 * kReadBytes);
  EXPECT_EQ(value(cold[1], kFusedOps, 1), 2.0 * kCount);
}

// More kernels than a launch said: never silently fewer, and the others are none the worse for it. 40
// kernels, twice, do not even fit the room.
TEST_F(CountersTogether, ALaunchOfMoreKernelsThanItSaysFailsAlone) {
  for (const int kernels : {2, 40}) {
    MultiplyAdd good(1);
    MoreThanItSays wrong(kernels);
    CuptiCollector collector({kFusedOps});
    std::vector<MeasurementRecord> all;
    ASSERT_NO_FATAL_FAILURE(together(collector, {&good, &wrong, &good}, all));
    if (IsSkipped()) return;
    for (const std::size_t i : {0u, 2u}) {
      EXPECT_EQ(all[i].status, core::MeasurementStatus::kComplete) << all[i].reason;
      EXPECT_EQ(value(all[i], kFusedOps), kCount);
    }
    EXPECT_EQ(all[1].status, core::MeasurementStatus::kFailed);
    EXPECT_THAT(all[1].reason, HasSubstr("2 kernels were expected"));
    EXPECT_THAT(all[1].reason, HasSubstr("more than it says"));
    ASSERT_NE(diagnosed(all[1], "ranges_differ"), nullptr);
    for (const auto& counter : all[1].counters) EXPECT_FALSE(counter.value) << counter.name;
  }
}

// Other counters are another collector; the configuration of the one before has no part in them.
TEST_F(CountersTogether, ASecondCollectorHasItsOwnCounters) {
  MultiplyAdd launch(1);
  MeasurementRecord first, second;
  {
    CuptiCollector collector({kInstructions});
    ASSERT_NO_FATAL_FAILURE(collect(collector, launch, first));
    if (IsSkipped()) return;
  }
  CuptiCollector collector({kFusedOps, kMemoryRead, kSectors});
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, second));
  EXPECT_EQ(value(second, kFusedOps), kCount);
  EXPECT_GT(value(second, kSectors), 0);
  EXPECT_GT(value(second, kDuration), 0);
}

}  // namespace
}  // namespace flashcore::collectors
