// Lists: order, medians, and no time for a wrong answer.
#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::TemporaryFolder;

core::RunRecord run_with_times(const std::vector<double>& graph, const std::vector<double>& launch) {
  core::RunRecord run = example_run();
  run.samples.clear();
  int index = 0;
  for (const double t : graph) run.samples.push_back({core::SampleKind::kGraph, index++, 50, t, {}, {}});
  for (const double t : launch) run.samples.push_back({core::SampleKind::kLaunch, index++, 1, t, {}, {}});
  return run;
}

class Summary : public ::testing::Test {
 protected:
  RunSummary summary_of(const core::RunRecord& run) {
    const auto id = store_.write_run(session_, run);
    EXPECT_TRUE(id) << core::to_text(id.error());
    return store_.runs().value().at(0);
  }

  TemporaryFolder folder_;
  Store store_ = Store::open(folder_ / "runs.db").value();
  core::RowId session_ = store_.begin_session(example_session()).value();
};

TEST_F(Summary, MedianIsTheNearestRank) {
  // ceil(n / 2)-th smallest: of four the second, of five the third.
  EXPECT_EQ(summary_of(run_with_times({40, 10, 30, 20}, {5, 1, 4, 2, 3})).graph_p50_ns, 20.0);
  EXPECT_EQ(summary_of(run_with_times({40, 10, 30, 20}, {5, 1, 4, 2, 3})).launch_p50_ns, 3.0);
  EXPECT_EQ(summary_of(run_with_times({7}, {})).graph_p50_ns, 7.0);
  EXPECT_EQ(summary_of(run_with_times({7}, {})).launch_p50_ns, std::nullopt);
  EXPECT_EQ(summary_of(run_with_times({2, 2, 1, 2}, {})).graph_p50_ns, 2.0);
}

TEST_F(Summary, AWrongOrUncheckedRunHasNoTime) {
  auto wrong = run_with_times({1, 2, 3}, {4, 5, 6});
  wrong.correctness[1].passed = false;
  const auto failed = summary_of(wrong);
  EXPECT_TRUE(failed.checked);
  EXPECT_FALSE(failed.correct);
  EXPECT_EQ(failed.graph_p50_ns, std::nullopt);
  EXPECT_EQ(failed.launch_p50_ns, std::nullopt);

  auto unchecked = run_with_times({1, 2, 3}, {4, 5, 6});
  unchecked.correctness.clear();
  const auto unknown = summary_of(unchecked);
  EXPECT_FALSE(unknown.checked);
  EXPECT_FALSE(unknown.correct);
  EXPECT_EQ(unknown.graph_p50_ns, std::nullopt);
}

TEST_F(Summary, CarriesWhatAListShows) {
  const auto s = summary_of(example_run());
  const auto run = example_run();
  EXPECT_EQ(s.session_id, session_);
  EXPECT_EQ(s.taken_at, run.taken_at);
  EXPECT_EQ(s.phase, run.phase.id);
  EXPECT_EQ(s.phase_title, run.phase.title);
  EXPECT_EQ(s.rung, run.phase.rung);
  EXPECT_EQ(s.reference, run.phase.reference);
  EXPECT_EQ(s.problem, run.problem);
  EXPECT_EQ(s.device, run.device.name);
  EXPECT_EQ(s.origin, core::Origin::kRecording);
  EXPECT_TRUE(s.checked);
  EXPECT_TRUE(s.correct);
  EXPECT_EQ(s.counter_count, 4);
}

TEST_F(Summary, OrderOfRunsAndSessions) {
  const auto later = store_.begin_session(example_session()).value();
  auto baseline = example_run();
  baseline.phase = {"baseline", "Baseline", 1, false, "h"};
  auto cublas = example_run();
  cublas.phase = {"cublas", "Library", 0, true, "h"};
  baseline.device.name = "Another GPU";
  const auto a = store_.write_run(later, cublas).value();
  const auto b = store_.write_run(later, baseline).value();
  const auto runs = store_.runs().value();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].id, b);  // newest first
  const auto of_session = store_.runs_of(later).value();
  ASSERT_EQ(of_session.size(), 2u);
  EXPECT_EQ(of_session[0].id, a);  // as taken
  EXPECT_TRUE(store_.runs_of(session_).value().empty());

  const auto sessions = store_.sessions().value();
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].session.id, later);
  EXPECT_EQ(sessions[0].run_count, 2);
  EXPECT_EQ(sessions[0].phases, "baseline, cublas");  // the ladder, then references
  EXPECT_EQ(sessions[0].devices, "Another GPU, NVIDIA H200");
  EXPECT_EQ(sessions[0].session.tags, example_session().tags);
  EXPECT_EQ(sessions[1].run_count, 0);
  EXPECT_EQ(sessions[1].devices, "");
}

}  // namespace
}  // namespace flashcore::store
