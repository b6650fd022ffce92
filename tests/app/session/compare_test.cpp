// Two words become verdicts: what is loaded, what is left out and said, what is refused.
#include "app/session/compare.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_runs.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {
namespace {

using analysis::Verdict;
using core::RowId;
using ::testing::Contains;
using ::testing::HasSubstr;

class CompareWords : public ::testing::Test {
 protected:
  CompareWords() : store_(*store::Store::open(folder_ / "runs.db")) {}

  RowId put(const std::string& phase, double ns, const std::string& shape = "mission",
            const std::string& commit = std::string(40, 'a'), bool counters = false) {
    auto run = tests::sample_head(phase, 1, shape);
    run.environment.git_sha = commit;
    core::add_measurement(run, tests::sample_check(*core::attention_of(*run.problem)));
    core::add_measurement(run, tests::sample_timing(ns, 20));
    if (counters) core::add_measurement(run, tests::sample_counters(phase, ns, 1e6));
    EXPECT_TRUE(store_.write_run(session_, run));
    return run.id;
  }
  core::Result<CompareOutcome> compared(const std::string& base, const std::string& now,
                                        bool anyway = false) {
    return compare({.base = base, .now = now, .anyway = anyway}, store_, catalogue_);
  }

  tests::TemporaryFolder folder_;
  store::Store store_;
  core::SessionRecord session_ = tests::sample_session();
  analysis::Catalogue catalogue_ = *analysis::Catalogue::builtin();
};

TEST_F(CompareWords, TwoPhasesOnAProblemAreOnePair) {
  for (int i = 0; i < 6; ++i) {
    put("baseline", 400'000 + 100 * i);
    put("wmma", 80'000 + 20 * i);
  }
  auto outcome = compared("baseline@mission", "wmma@mission");
  ASSERT_TRUE(outcome) << core::to_text(outcome.error());
  const CompareOutcome moved = *std::move(outcome);  // what points into it has to survive this
  ASSERT_EQ(moved.result.all.size(), 1u);
  const auto& pair = moved.result.all.front();
  EXPECT_EQ(pair.verdict, Verdict::kFaster);
  EXPECT_EQ(pair.base.runs.size(), 6u);
  EXPECT_EQ(pair.now.runs.front(), &moved.now_runs.front());
  EXPECT_EQ(pair.now.runs.front()->run.subject.name, "wmma");
  EXPECT_THAT(moved.base_sentence, HasSubstr("the 6 runs of baseline on mission"));
  auto back = compared("wmma@mission", "baseline@mission");
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->result.any(Verdict::kSlower));
}

TEST_F(CompareWords, RefuseOtherProblemsUnlessAnyway) {
  put("wmma", 80'000);
  put("wmma", 90'000, "tiny");
  const auto refused = compared("wmma@mission", "wmma@tiny");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(refused.error().hint, HasSubstr("--anyway"));
  EXPECT_TRUE(compared("wmma@mission", "wmma@tiny", true));
}

TEST_F(CompareWords, RefuseToCompareRunsWithThemselves) {
  const RowId id = put("wmma", 80'000);
  const auto refused = compared("latest", std::to_string(id));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the same runs"));
  put("wmma", 80'000);
  const auto shared = compared("latest", "wmma@mission");
  ASSERT_FALSE(shared) << "a part of a side is enough";
  EXPECT_EQ(shared.error().code, core::ErrorCode::kUsage);
  EXPECT_THAT(shared.error().message, HasSubstr("1 run is on both sides"));
  EXPECT_THAT(shared.error().hint, HasSubstr("--anyway"));
  auto some = compared("latest", "wmma@mission", true);
  ASSERT_TRUE(some) << core::to_text(some.error());
  EXPECT_THAT(some->result.notes, Contains(HasSubstr("1 run is on both sides")));
  EXPECT_FALSE(compared("nothing", "latest"));
  EXPECT_FALSE(compared("latest", "nothing"));
}

TEST_F(CompareWords, ReadTheNewestOfManyAndSaySo) {
  for (int i = 0; i < 70; ++i) put("baseline", 400'000);
  put("wmma", 80'000);
  auto outcome = compared("baseline@mission", "wmma@mission");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->base_runs.size(), 64u);
  EXPECT_EQ(outcome->base_runs.front().run.id, 7);
  EXPECT_THAT(outcome->result.notes, Contains(HasSubstr("6 older ones are left out")));
}

TEST_F(CompareWords, ABaseForRunsAtHand) {
  put("wmma", 80'000, "mission", std::string(40, 'b'));
  std::vector<analysis::RunAnalysis> runs;
  put("wmma", 60'000);
  runs.push_back(analysis::analyse(*store_.read_run(2), catalogue_));
  auto outcome = compare_with_base("bbbbbbb", runs, store_, catalogue_);
  ASSERT_TRUE(outcome) << core::to_text(outcome.error());
  ASSERT_EQ(outcome->result.all.size(), 1u);
  EXPECT_EQ(outcome->result.all.front().now.runs.front(), runs.data());
}

TEST_F(CompareWords, TheRepresentativeHasTheMostCountersAndIsNearTheMedian) {
  std::vector<analysis::RunAnalysis> runs;
  for (const auto& [ns, counters] :
       {std::pair{100'000, true}, {110'000, true}, {112'000, false}, {150'000, true}}) {
    const RowId id = put("wmma", ns, "mission", std::string(40, 'a'), counters);
    runs.push_back(analysis::analyse(*store_.read_run(id), catalogue_));
  }
  analysis::RunSet set;
  EXPECT_EQ(representative(set), nullptr);
  for (const auto& run : runs) set.runs.push_back(&run);
  EXPECT_EQ(representative(set), &runs[1]);
}

TEST_F(CompareWords, StopWhenAsked) {
  put("baseline", 400'000);
  put("wmma", 80'000);
  core::CancelToken cancel;
  cancel.request();
  const auto stopped = compare({.base = "1", .now = "2"}, store_, catalogue_, cancel);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, core::ErrorCode::kCancelled);
}

}  // namespace
}  // namespace flashcore::session
