// Lists: order, medians, and no time for a wrong answer.
#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/store/support.h"
#include "tests/support/sample_runs.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::runs_in;
using testing::TemporaryFolder;

core::RunRecord run_with_times(const std::vector<double>& graph, const std::vector<double>& launch) {
  core::RunRecord run = testing::example_head();
  core::add_measurement(run, testing::example_check());
  core::MeasurementRecord timing;
  timing.collector = "timing";
  int index = 0;
  for (const double t : graph)
    timing.samples.push_back({core::SampleKind::kGraph, index++, 50, t, {}, {}, {}});
  for (const double t : launch)
    timing.samples.push_back({core::SampleKind::kLaunch, index++, 1, t, {}, {}, {}});
  core::add_measurement(run, timing);
  return run;
}

class Summary : public ::testing::Test {
 protected:
  RunSummary summary_of(core::RunRecord run) {
    const auto written = store_.write_run(session_, run);
    EXPECT_TRUE(written) << core::to_text(written.error());
    return runs_in(store_).at(0);
  }

  TemporaryFolder folder_;
  Store store_ = Store::open(folder_ / "runs.db").value();
  core::SessionRecord session_ = example_session();
};

TEST_F(Summary, MedianIsTheNearestRank) {
  // ceil(n / 2)-th smallest: of four the second, of five the third.
  EXPECT_EQ(summary_of(run_with_times({40, 10, 30, 20}, {5, 1, 4, 2, 3})).graph_p50_ns, 20.0);
  EXPECT_EQ(summary_of(run_with_times({40, 10, 30, 20}, {5, 1, 4, 2, 3})).launch_p50_ns, 3.0);
  EXPECT_EQ(summary_of(run_with_times({7}, {})).graph_p50_ns, 7.0);
  EXPECT_EQ(summary_of(run_with_times({7}, {})).launch_p50_ns, std::nullopt);
  EXPECT_EQ(summary_of(run_with_times({2, 2, 1, 2}, {})).graph_p50_ns, 2.0);
}

// The floor of the machine is a kind of its own: it moves no median, whole or appended, and is no time.
TEST_F(Summary, EmptyKernelsAreNoTimesOfTheRun) {
  auto run = run_with_times({40, 10, 30, 20}, {5, 1, 4, 2, 3});
  core::MeasurementRecord floor;
  floor.collector = "timing";
  for (int i = 0; i < 9; ++i) floor.samples.push_back({core::SampleKind::kEmpty, i, 50, 0.5, {}, {}, {}});
  auto head = run;
  core::add_measurement(run, floor);
  const auto whole = summary_of(run);
  ASSERT_TRUE(store_.append(session_, head, floor));
  const auto appended = runs_in(store_).at(0);
  for (const auto& summary : {whole, appended}) {
    EXPECT_EQ(summary.graph_p50_ns, 20.0);
    EXPECT_EQ(summary.launch_p50_ns, 3.0);
  }
  auto counted = testing::example_head();
  counted.answer = core::Answer::kDoesNotApply;
  floor.counters = {{"gpu__time_duration.sum", std::nullopt, 70.0, ""}};
  core::add_measurement(counted, floor);
  const auto summary = summary_of(counted);
  EXPECT_EQ(summary.graph_p50_ns, std::nullopt);
  EXPECT_EQ(summary.launch_p50_ns, std::nullopt);
  EXPECT_EQ(summary.counted_ns, 70.0);
}

TEST_F(Summary, AWrongOrUncheckedRunHasNoTime) {
  auto wrong = run_with_times({1, 2, 3}, {4, 5, 6});
  wrong.answer = core::Answer::kWrong;
  const auto failed = summary_of(wrong);
  EXPECT_EQ(failed.answer, core::Answer::kWrong);
  EXPECT_EQ(failed.graph_p50_ns, std::nullopt);
  EXPECT_EQ(failed.launch_p50_ns, std::nullopt);

  auto unchecked = run_with_times({1, 2, 3}, {4, 5, 6});
  unchecked.answer = core::Answer::kUnchecked;
  EXPECT_EQ(summary_of(unchecked).graph_p50_ns, std::nullopt);

  auto imported = run_with_times({1, 2, 3}, {4, 5, 6});
  imported.answer = core::Answer::kDoesNotApply;
  EXPECT_EQ(summary_of(imported).graph_p50_ns, 2.0);
}

TEST_F(Summary, CarriesWhatAListShows) {
  const auto s = summary_of(example_run());
  const auto run = example_run();
  EXPECT_EQ(s.session_id, session_.id);
  EXPECT_EQ(s.taken_at, run.taken_at);
  EXPECT_EQ(s.kind, run.subject.kind);
  EXPECT_EQ(s.subject, run.subject.name);
  EXPECT_EQ(s.subject_title, run.subject.title);
  EXPECT_EQ(s.ladder, run.subject.ladder);
  EXPECT_EQ(s.problem, run.problem);
  EXPECT_EQ(s.cache, core::CacheState::kCold);
  EXPECT_EQ(s.device, run.device->name);
  EXPECT_EQ(s.commit, run.environment.git_sha);
  EXPECT_EQ(s.origin, core::Origin::kRecording);
  EXPECT_EQ(s.answer, core::Answer::kRight);
  EXPECT_EQ(s.measurement_count, 4);
  EXPECT_EQ(s.counter_count, 4);
  EXPECT_EQ(s.diagnostic_count, 3);
  EXPECT_EQ(s.counted_ns, std::nullopt);  // it was timed
}

TEST_F(Summary, OrderOfRunsAndSessions) {
  auto earlier = example_run();
  ASSERT_TRUE(store_.write_run(session_, earlier));
  auto later = example_session();
  auto baseline = example_run();
  baseline.subject = {core::SubjectKind::kPhase, "baseline", "Baseline", core::LadderRecord{1, false}, "h"};
  auto cublas = example_run();
  cublas.subject = {core::SubjectKind::kPhase, "cublas", "Library", core::LadderRecord{0, true}, "h"};
  auto foreign = example_run();
  foreign.subject = {core::SubjectKind::kKernel, "another", "", {}, ""};
  baseline.device->name = "Another GPU";
  for (auto* run : {&foreign, &cublas, &baseline}) ASSERT_TRUE(store_.write_run(later, *run));
  const auto runs = runs_in(store_);
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].id, baseline.id);  // newest first
  RunFilter of_session;
  of_session.session = later.id;
  of_session.oldest_first = true;
  const auto taken = store_.list_runs(of_session).value().runs;
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0].id, foreign.id);  // as taken
  EXPECT_EQ(store_.latest_run().value(), baseline.id);
  EXPECT_EQ(store_.latest_session().value(), later.id);

  const auto page = store_.list_sessions().value();
  ASSERT_EQ(page.sessions.size(), 2u);
  EXPECT_EQ(page.sessions[0].session.id, later.id);
  EXPECT_EQ(page.sessions[0].run_count, 3);
  EXPECT_EQ(page.sessions[0].subjects, "baseline, cublas, another");  // the ladder, references, the rest
  EXPECT_EQ(page.sessions[0].devices, "Another GPU, NVIDIA H200");
  EXPECT_EQ(page.sessions[0].session.tags, example_session().tags);
  EXPECT_EQ(page.sessions[1].run_count, 1);
  EXPECT_FALSE(page.more);
  EXPECT_TRUE(store_.list_sessions(0, 1).value().more);
  EXPECT_EQ(store_.list_sessions(later.id).value().sessions.at(0).session.id, session_.id);
  EXPECT_EQ(store_.subject_names().value(),
            (std::vector<std::string>{"baseline", "cublas", "wmma", "another"}));
}

TEST_F(Summary, ATimeThatOnlyAToolReportsIsListed) {
  core::RunRecord run = tests::sample_head("copy", 0, "tiny");
  run.answer = core::Answer::kDoesNotApply;
  core::MeasurementRecord nvbench = tests::sample_measurement("nvbench");
  nvbench.counters = {{"nv/batch/time/gpu/mean", std::nullopt, 900.0, ""},
                      {"nv/cold/time/gpu/mean", std::nullopt, 1000.0, ""}};
  run.measurements = {nvbench};
  ASSERT_TRUE(store_.write_run(session_, run));
  EXPECT_EQ(store_.list_runs({}).value().runs.at(0).counted_ns, 1000.0);
}

}  // namespace
}  // namespace flashcore::store
