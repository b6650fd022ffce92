// Both ends of the protocol read what the other writes, and refuse the rest.
#include "app/session/worker_protocol.h"

#include <gtest/gtest.h>

namespace flashcore::session {
namespace {

TEST(WorkerProtocol, ARequestSurvivesTheJourney) {
  WorkerRequest r;
  r.database = "/a b/\"runs\".db";
  r.profile.phases = {"baseline", "wmma"};
  r.shapes = {"mission", "1,8,128,64"};
  r.causal = true;
  r.profile.collect_counters = false;
  r.profile.set = analysis::CounterSet::kFull;
  r.profile.warmup = 3;
  r.profile.iterations = 7;
  r.profile.device = 1;
  r.profile.tags = {{"k", "line\nbreak <b>"}};
  r.replay = "";
  const std::string line = to_line(r);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto command = parse_command(line);
  ASSERT_TRUE(command);
  const auto& back = std::get<WorkerRequest>(*command);
  EXPECT_EQ(back.database, r.database);
  EXPECT_EQ(back.profile.phases, r.profile.phases);
  EXPECT_EQ(back.shapes, r.shapes);
  EXPECT_TRUE(back.causal);
  EXPECT_TRUE(back.profile.collect_timing);
  EXPECT_FALSE(back.profile.collect_counters);
  EXPECT_EQ(back.profile.set, analysis::CounterSet::kFull);
  EXPECT_EQ(back.profile.warmup, 3);
  EXPECT_EQ(back.profile.iterations, 7);
  EXPECT_EQ(back.profile.device, 1);
  EXPECT_EQ(back.profile.tags, r.profile.tags);
  EXPECT_EQ(back.replay, "");
}

TEST(WorkerProtocol, MessagesSurviveTheJourney) {
  ProfileEvent event;
  event.kind = ProfileEvent::Kind::kStep;
  event.phase = "wmma";
  event.problem = "mission, causal";
  event.step = "timing";
  event.done = 5;
  event.total = 9;
  event.fraction = 0.25;
  const auto step = parse_message(to_line(WorkerMessage{event}));
  ASSERT_TRUE(step);
  EXPECT_EQ(std::get<ProfileEvent>(*step).problem, "mission, causal");
  EXPECT_EQ(std::get<ProfileEvent>(*step).done, 5);
  EXPECT_EQ(std::get<ProfileEvent>(*step).fraction, 0.25);

  WorkerFinished finished;
  finished.outcome.runs = {4, 5};
  finished.outcome.cancelled = true;
  finished.outcome.counter_refusal = core::Error{core::ErrorCode::kPermission, "no", "do this", "35"};
  finished.exit_code = 130;
  const auto end = parse_message(to_line(WorkerMessage{finished}));
  ASSERT_TRUE(end);
  const auto& back = std::get<WorkerFinished>(*end);
  EXPECT_EQ(back.outcome.runs, (std::vector<core::RowId>{4, 5}));
  EXPECT_TRUE(back.outcome.cancelled);
  EXPECT_EQ(back.outcome.counter_refusal->code, core::ErrorCode::kPermission);
  EXPECT_EQ(back.outcome.counter_refusal->hint, "do this");
  EXPECT_EQ(back.exit_code, 130);

  const auto error =
      parse_message(to_line(WorkerMessage{WorkerError{{core::ErrorCode::kDatabase, "m", "h", "c"}, 5}}));
  ASSERT_TRUE(error);
  EXPECT_EQ(std::get<WorkerError>(*error).error.code, core::ErrorCode::kDatabase);
}

TEST(WorkerProtocol, TextThatIsNoUtf8DoesNotBreakTheLine) {
  ProfileEvent event;
  event.text = "bad \xff byte";
  EXPECT_TRUE(parse_message(to_line(WorkerMessage{event})));
}

TEST(WorkerProtocol, RefusesTheRest) {
  for (const char* line : {"", "x", "[]", "3", "{}", R"({"cmd":"dance"})", R"({"cmd":"profile","phases":3})",
                           R"({"cmd":"profile","set":"huge"})"}) {
    EXPECT_FALSE(parse_command(line)) << line;
  }
  for (const char* line : {"", "{}", R"({"event":"dance"})", R"({"event":"step","done":"x"})"}) {
    EXPECT_FALSE(parse_message(line)) << line;
  }
}

}  // namespace
}  // namespace flashcore::session
