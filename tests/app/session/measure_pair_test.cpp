// Measuring in turns, on sides that are real processes with made-up times.
#include "app/session/measure_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "store/connection.h"
#include "tests/app/session/measure_fixture.h"

namespace flashcore::session {
namespace {

using analysis::Verdict;
using core::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MeasurePair : public ::testing::Test {
 protected:
  MeasurePair() {
    request_.base = sides_.add("a", {{"FAKE_NS", "40000"}});
    request_.now = sides_.add("b", {{"FAKE_NS", "30000"}});
    request_.phases = {"fused"};
    request_.problems = {*core::parse_problem("tiny")};
    request_.iterations = 20;
    request_.command = "flashcore-profile compare --measure a b";
  }
  core::Result<MeasureOutcome> run() {
    auto opened = store::Store::open(database_, store::Mode::kReadWrite, waiting_);
    EXPECT_TRUE(opened) << core::to_text(opened.error());
    return measure_pair(request_, *opened, *analysis::Catalogue::builtin(), cancel_,
                        [this](const MeasureEvent& e) {
                          events_.push_back(e);
                          if (on_event_) on_event_(e);
                        });
  }
  MeasureOutcome well() {
    auto outcome = run();
    EXPECT_TRUE(outcome) << core::to_text(outcome.error());
    return outcome ? *std::move(outcome) : MeasureOutcome{};
  }
  core::Error error() {
    auto outcome = run();
    EXPECT_FALSE(outcome);
    return outcome ? core::Error{} : outcome.error();
  }
  // All that is in a database, oldest first.
  static std::vector<core::RunRecord> stored(const std::filesystem::path& path) {
    std::vector<core::RunRecord> runs;
    if (!std::filesystem::exists(path)) return runs;
    auto store = store::Store::open(path, store::Mode::kReadOnly);
    EXPECT_TRUE(store) << core::to_text(store.error());
    auto page = store->list_runs({.limit = 0, .oldest_first = true});
    for (const auto& summary : page->runs) runs.push_back(*store->read_run(summary.id));
    return runs;
  }
  std::vector<core::RunRecord> stored() const { return stored(database_); }

  tests::FakeSides sides_;
  std::filesystem::path database_ = sides_ / "runs.db";
  store::Waiting waiting_;
  MeasureRequest request_;
  core::CancelToken cancel_;
  std::function<void(const MeasureEvent&)> on_event_;
  std::vector<MeasureEvent> events_;
};

TEST_F(MeasurePair, TurnsGoABBAThenBAABAndNeverTwoAtOnce) {
  request_.rounds = 3;
  const auto outcome = well();
  EXPECT_THAT(sides_.began(), ElementsAre("a", "b", "b", "a", "b", "a", "a", "b", "a", "b", "b", "a"));
  const auto lines = sides_.lines();
  ASSERT_EQ(lines.size(), 24U);
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_THAT(lines[i], ::testing::StartsWith(i % 2 == 0 ? "begin" : "end")) << i;
  const auto processes = sides_.began(3);
  EXPECT_EQ(std::set<std::string>(processes.begin(), processes.end()).size(), 12U);
  EXPECT_EQ(outcome.turns, 12);
  EXPECT_EQ(outcome.rounds, 3);
  EXPECT_THAT(outcome.stopped_by, HasSubstr("--rounds"));
  EXPECT_FALSE(outcome.cancelled);
}

TEST_F(MeasurePair, EveryRunIsKeptWithItsSideAndTurnInOneSession) {
  request_.rounds = 1;
  request_.tags = {{"note", "mine"}};
  const auto outcome = well();
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 4U);
  const std::vector<std::string> sides{"a", "b", "b", "a"};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].session_id, outcome.session_id);
    EXPECT_EQ(runs[i].origin, core::Origin::kLive);
    EXPECT_EQ(
        runs[i].tags,
        (core::Tags{
            {"compare", outcome.id}, {"note", "mine"}, {"side", sides[i]}, {"turn", std::to_string(i + 1)}}));
    EXPECT_EQ(runs[i].answer, core::Answer::kRight);
    EXPECT_FALSE(runs[i].measured_by("timing").empty());
  }
  EXPECT_EQ(outcome.compared.base_runs.size(), 2U);
  EXPECT_EQ(outcome.compared.now_runs.size(), 2U);
  auto store = store::Store::open(database_, store::Mode::kReadOnly);
  const auto session = store->read_session(outcome.session_id).value();
  EXPECT_EQ(session.command, request_.command);
  EXPECT_EQ(session.tags.at("compare"), outcome.id);
  EXPECT_FALSE(session.environment.program_version.empty());
}

TEST_F(MeasurePair, StopsWhenTheVerdictStandsAndNotBeforeTheSecondRound) {
  const auto outcome = well();
  ASSERT_EQ(outcome.compared.result.all.size(), 1U);
  const auto& comparison = outcome.compared.result.all.front();
  EXPECT_EQ(comparison.verdict, Verdict::kFaster) << comparison.sentence;
  EXPECT_NEAR(*comparison.time.change, -0.25, 0.01);
  EXPECT_EQ(outcome.rounds, 2);
  EXPECT_EQ(outcome.stopped_by, "every verdict stands");
  EXPECT_EQ(comparison.base.runs.size(), 4U);
  // The comparison points into the runs of the outcome.
  EXPECT_EQ(comparison.base.runs.front(), &outcome.compared.base_runs.front());
  EXPECT_THAT(events_.back().standing, HasSubstr("FASTER"));
}

TEST_F(MeasurePair, ASlowerSideIsSlowerAndTheSameIsTheSame) {
  std::swap(request_.base, request_.now);
  EXPECT_EQ(well().compared.result.all.front().verdict, Verdict::kSlower);
  request_.base = request_.now;
  const auto same = well();
  EXPECT_EQ(same.compared.result.all.front().verdict, Verdict::kSame)
      << same.compared.result.all.front().sentence;
}

TEST_F(MeasurePair, UntilGoesOnBeyondTheVerdict) {
  request_.base = sides_.add("c", {{"FAKE_NS", "40000"}, {"FAKE_SPREAD", "0.006"}});
  request_.now = sides_.add("d", {{"FAKE_NS", "30000"}, {"FAKE_SPREAD", "0.006"}});
  request_.until = 0.01;
  const auto outcome = well();
  EXPECT_GT(outcome.rounds, 2);
  EXPECT_THAT(outcome.stopped_by, HasSubstr("--until"));
  const auto& time = outcome.compared.result.all.front().time;
  EXPECT_LE((*time.high - *time.low) / 2, 0.01);
}

TEST_F(MeasurePair, NoRoundBeginsAfterTheTimeIsOver) {
  request_.base = request_.now = sides_.add("noisy", {{"FAKE_SPREAD", "0.1"}});
  request_.seconds = 0.05;
  const auto outcome = well();
  EXPECT_LT(outcome.rounds, 4);
  EXPECT_THAT(outcome.stopped_by, HasSubstr("--seconds"));
}

TEST_F(MeasurePair, TwoPhasesOfThisBuildRunInProcessesOfThisProgram) {
  request_.program =
      sides_.add("self", {{"FAKE_NS_wmma", "50000"}, {"FAKE_NS_fused", "20000"}}) + "/bin/flashcore-profile";
  request_.base = "wmma";
  request_.now = "fused";
  request_.phases = {};
  const auto outcome = well();
  ASSERT_EQ(outcome.compared.result.all.size(), 1U);
  EXPECT_EQ(outcome.compared.result.all.front().verdict, Verdict::kFaster);
  EXPECT_THAT(sides_.began(2),
              ElementsAre("wmma", "fused", "fused", "wmma", "fused", "wmma", "wmma", "fused"));
}

TEST_F(MeasurePair, AllProblemsAreOneFamily) {
  request_.problems = {*core::parse_problem("tiny"), *core::parse_problem("tiny,causal")};
  request_.phases = {"wmma", "fused"};
  request_.rounds = 2;
  const auto outcome = well();
  ASSERT_EQ(outcome.compared.result.all.size(), 4U);
  for (const auto& one : outcome.compared.result.all) {
    EXPECT_NEAR(one.time.confidence, 1 - 0.01 / 4, 1e-9) << one.label;
    EXPECT_EQ(one.base.runs.size(), 4U);
    EXPECT_EQ(one.base.runs.front()->run.subject.name, one.now.runs.front()->run.subject.name);
  }
}

TEST_F(MeasurePair, WhatASideThatBreaksSaysIsToldAndWhatWasTakenIsKept) {
  struct Case {
    const char* deed;
    ErrorCode code;
    const char* words;
  };
  for (const Case& c : {Case{"crash", ErrorCode::kExternalTool, "signal 9"},
                        {"usage", ErrorCode::kUsage, "unknown phase 'fused'; did you mean wmma?"},
                        {"no_device", ErrorCode::kNoDevice, "there is no GPU"},
                        {"empty", ErrorCode::kDatabase, "turn.db"},
                        {"untimed", ErrorCode::kDevice, "the launch failed"}}) {
    SCOPED_TRACE(c.deed);
    database_ = sides_ / (std::string(c.deed) + ".db");
    request_.now = sides_.add(c.deed, {{"FAKE_DO", c.deed}, {"FAKE_AT", "2"}});
    const auto e = error();
    EXPECT_EQ(e.code, c.code) << core::to_text(e);
    EXPECT_THAT(e.message, HasSubstr(c.words));
    EXPECT_THAT(e.message, HasSubstr("turn 3: now"));
    EXPECT_THAT(e.hint, HasSubstr("are in the database"));
    EXPECT_GE(stored().size(), 2U);
    for (const auto& run : stored()) EXPECT_TRUE(run.tags.contains("turn"));
  }
}

TEST_F(MeasurePair, AWrongAnswerEndsItAndIsKept) {
  request_.now = sides_.add("wrong", {{"FAKE_DO", "wrong"}});
  const auto e = error();
  EXPECT_EQ(e.code, ErrorCode::kWrongAnswer);
  const auto runs = stored();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[1].answer, core::Answer::kWrong);
  EXPECT_EQ(runs[1].tags.at("side"), "b");
}

TEST_F(MeasurePair, ASideThatHangsIsEndedByForce) {
  request_.now = sides_.add("hang", {{"FAKE_DO", "hang"}, {"FAKE_AT", "2"}});
  request_.turn_seconds = 0.7;
  const auto e = error();
  EXPECT_EQ(e.code, ErrorCode::kExternalTool);
  EXPECT_THAT(e.message, HasSubstr("ended by force"));
  EXPECT_EQ(stored().size(), 2U);
  EXPECT_FALSE(tests::runs_still(sides_.began(3).back()));
}

TEST_F(MeasurePair, ACancelKeepsWhatWasTakenAndLeavesNoProcess) {
  request_.now = sides_.add("hang", {{"FAKE_DO", "hang"}, {"FAKE_AT", "3"}});
  request_.rounds = 5;
  std::jthread canceller;
  on_event_ = [&](const MeasureEvent& e) {
    if (e.turn != 5 || canceller.joinable()) return;
    canceller = std::jthread([this] {
      while (sides_.began().size() < 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      cancel_.request();
    });
  };
  const auto outcome = well();
  EXPECT_TRUE(outcome.cancelled);
  EXPECT_EQ(outcome.stopped_by, "cancelled");
  EXPECT_EQ(outcome.turns, 4);
  EXPECT_EQ(stored().size(), 4U);
  ASSERT_EQ(outcome.compared.result.all.size(), 1U);
  EXPECT_EQ(outcome.compared.result.all.front().base.runs.size(), 2U);
  EXPECT_FALSE(tests::runs_still(sides_.began(3).back()));
}

TEST_F(MeasurePair, ACancelBeforeTheFirstTurnIsNoErrorAndLeavesNothing) {
  cancel_.request();
  const auto outcome = well();
  EXPECT_TRUE(outcome.cancelled);
  EXPECT_EQ(outcome.turns, 0);
  EXPECT_EQ(outcome.session_id, 0);
  EXPECT_TRUE(outcome.compared.result.all.empty());
  EXPECT_FALSE(std::filesystem::exists(database_));
}

TEST_F(MeasurePair, ASideOfAnOlderSchemaIsRead) {
  request_.base = sides_.add("old", {{"FAKE_DO", "old"}, {"FAKE_NS", "40000"}});
  request_.rounds = 2;
  const auto outcome = well();
  ASSERT_EQ(outcome.compared.result.all.size(), 1U)
      << ::testing::PrintToString(outcome.compared.result.notes);
  EXPECT_EQ(outcome.compared.result.all.front().verdict, Verdict::kFaster);
  EXPECT_EQ(outcome.compared.base_runs.front().run.environment.git_sha, "oldsha");
  EXPECT_EQ(stored().size(), 8U);
}

TEST_F(MeasurePair, ADatabaseThatTakesNothingCostsNoTurn) {
  request_.rounds = 1;
  well();
  const auto writer = store::connect(database_, store::Access::kReadWrite);
  waiting_.limit = std::chrono::milliseconds(50);
  on_event_ = [&, held = false](const MeasureEvent& e) mutable {
    if (e.turn != 2 || held) return;
    held = true;
    ASSERT_EQ(sqlite3_exec(writer.get(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  };
  const auto e = error();
  EXPECT_EQ(e.code, ErrorCode::kDatabase);
  EXPECT_THAT(e.message, HasSubstr("the run that was held is in"));
  std::vector<core::RunRecord> rescued;
  for (const auto& entry : std::filesystem::directory_iterator(sides_.path())) {
    if (entry.path().filename().string().starts_with("runs.rescue") && entry.path().extension() == ".db")
      rescued = stored(entry.path());
  }
  ASSERT_EQ(rescued.size(), 1U);
  EXPECT_EQ(rescued.front().tags.at("turn"), "2");
  EXPECT_EQ(rescued.front().tags.at("side"), "b");
}

TEST_F(MeasurePair, TwoMeasurementsShareTheGpuInTurns) {
  request_.rounds = 2;
  request_.base = request_.now = sides_.add("both");
  MeasureRequest other = request_;
  std::jthread beside([&] {
    auto store = store::Store::open(sides_ / "other.db");
    const core::CancelToken never;
    EXPECT_TRUE(measure_pair(other, *store, *analysis::Catalogue::builtin(), never, {}));
  });
  well();
  beside.join();
  EXPECT_EQ(sides_.began().size(), 16U);
  EXPECT_THAT(sides_.lines(), ::testing::Not(::testing::Contains("overlap")));
}

}  // namespace
}  // namespace flashcore::session
