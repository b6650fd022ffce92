#include "collectors/replay.h"

#include <gtest/gtest.h>

#include "tests/collectors/recording_sink.h"

namespace flashcore::collectors {
namespace {

using testing::EmptyLaunch;
using testing::RecordingSink;

core::RunRecord recorded_run() {
  core::RunRecord run;
  run.samples = {{core::SampleKind::kLaunch, 0, 1, 25000, 1980.0, 1980.0},
                 {core::SampleKind::kGraph, 0, 40, 9000, 1980.0, std::nullopt}};
  run.counters = {{"gpu__time_duration.sum", -1, 9100.0, "", "cupti", 3, "CUPTI 130001"},
                  {"dram__bytes.sum", -1, std::nullopt, "refused", "cupti", 3, "CUPTI 130001"}};
  core::ResourceRecord resource;
  resource.kernel = "kernel";
  resource.registers = 64;
  run.resources = {resource};
  run.diagnostics = {{core::Severity::kWarning, "clock_drift", "drifted", "lock it", "timing"}};
  run.artifacts = {{"log", "ptxas", "text/plain", "content"}};
  return run;
}

TEST(Replay, ServesEveryRecordAsItWas) {
  const core::RunRecord run = recorded_run();
  RecordingSink sink;
  EmptyLaunch launch;
  std::vector<std::pair<int, int>> steps;
  ReplayCollector collector(run);
  ASSERT_TRUE(collector.collect(launch, sink, core::CancelToken(),
                                [&](int done, int total) { steps.emplace_back(done, total); }));
  EXPECT_EQ(sink.samples, run.samples);
  EXPECT_EQ(sink.counters, run.counters);
  EXPECT_EQ(sink.resources, run.resources);
  EXPECT_EQ(sink.diagnostics, run.diagnostics);
  EXPECT_EQ(sink.artifacts, run.artifacts);
  EXPECT_EQ(launch.launches, 0);
  EXPECT_EQ(steps, (std::vector<std::pair<int, int>>{{0, 1}, {1, 1}}));
}

TEST(Replay, CanBeServedAgainAndStopped) {
  ReplayCollector collector(recorded_run());
  RecordingSink first, second;
  collector.serve(first);
  collector.serve(second);
  EXPECT_EQ(first.samples, second.samples);
  EXPECT_EQ(second.counters.size(), 2u);

  core::CancelToken cancel;
  cancel.request();
  RecordingSink none;
  EmptyLaunch launch;
  const auto status = collector.collect(launch, none, cancel, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::ErrorCode::kCancelled);
  EXPECT_TRUE(none.samples.empty());
}

}  // namespace
}  // namespace flashcore::collectors
