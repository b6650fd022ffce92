// Both ends of the protocol read what the other writes, whole, and refuse the rest.
#include "app/session/worker_protocol.h"

#include <gtest/gtest.h>

namespace flashcore::session {
namespace {

TEST(WorkerProtocol, TheWholeRequestSurvivesTheJourney) {
  WorkerRequest r;
  r.id = 7;
  r.database = "/a b/\"runs\".db";
  r.profile.phases = {"baseline", "wmma"};
  r.profile.problems = {*core::parse_problem("mission"),
                        *core::parse_problem("1,8,128,64,hkv=2,bf16,causal")};
  r.profile.causal_only = true;
  r.profile.collectors = {"timing", "ncu"};
  r.profile.set = analysis::CounterSet::kFull;
  r.profile.warmup = 3;
  r.profile.iterations = 7;
  r.profile.cache = core::CacheState::kCold;
  r.profile.replay_cache = core::CacheState::kCold;
  r.profile.device = 1;
  r.profile.seed = 0xFFFF'FFFF'FFFF'FFFF;
  r.profile.strict = true;
  r.profile.nvtx_filter = "wmma/*";
  r.profile.ncu_path = "/opt/ncu";
  r.profile.ncu_sets = {"detailed", "source"};
  r.profile.keep_report = true;
  r.profile.tags = {{"k", "line\nbreak <b>"}};
  r.profile.command = "flashcore";
  r.replay = "";
  const std::string line = to_line(r);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto command = parse_command(line);
  ASSERT_TRUE(command) << core::to_text(command.error());
  const auto& back = std::get<WorkerRequest>(*command);
  EXPECT_EQ(to_line(back), line);
  EXPECT_EQ(back.id, 7);
  EXPECT_EQ(back.database, r.database);
  EXPECT_EQ(back.profile.phases, r.profile.phases);
  EXPECT_EQ(back.profile.problems, r.profile.problems);
  EXPECT_TRUE(back.profile.causal_only);
  EXPECT_EQ(back.profile.collectors, r.profile.collectors);
  EXPECT_EQ(back.profile.set, analysis::CounterSet::kFull);
  EXPECT_EQ(back.profile.warmup, 3);
  EXPECT_EQ(back.profile.iterations, 7);
  EXPECT_EQ(back.profile.cache, core::CacheState::kCold);
  EXPECT_EQ(back.profile.replay_cache, core::CacheState::kCold);
  EXPECT_EQ(back.profile.device, 1);
  EXPECT_EQ(back.profile.seed, r.profile.seed);
  EXPECT_TRUE(back.profile.strict);
  EXPECT_EQ(back.profile.nvtx_filter, "wmma/*");
  EXPECT_EQ(back.profile.ncu_path, "/opt/ncu");
  EXPECT_EQ(back.profile.ncu_sets, r.profile.ncu_sets);
  EXPECT_TRUE(back.profile.keep_report);
  EXPECT_EQ(back.profile.tags, r.profile.tags);
  EXPECT_EQ(back.profile.command, "flashcore");
  EXPECT_EQ(back.replay, "");
}

TEST(WorkerProtocol, AnImportSurvivesTheJourney) {
  WorkerImport i{9, "/runs.db", {{"/a b.csv", "c.ncu-rep"}, "/opt/ncu", true, {{"k", "v"}}, "flashcore"}};
  const auto command = parse_command(to_line(i));
  ASSERT_TRUE(command) << core::to_text(command.error());
  const auto& back = std::get<WorkerImport>(*command);
  EXPECT_EQ(back.id, 9);
  EXPECT_EQ(back.request.files, i.request.files);
  EXPECT_TRUE(back.request.keep_report);
  EXPECT_EQ(to_line(back), to_line(i));
}

TEST(WorkerProtocol, MessagesSurviveTheJourney) {
  ProfileEvent event;
  event.kind = ProfileEvent::Kind::kNote;
  event.subject = "wmma";
  event.problem = "mission,causal";
  event.step = "timing";
  event.done = 5;
  event.total = 9;
  event.fraction = 0.25;
  event.text = "another program is writing";
  const auto step = parse_message(to_line(WorkerMessage{7, event}));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->id, 7);
  const auto& note = std::get<ProfileEvent>(step->content);
  EXPECT_EQ(note.kind, ProfileEvent::Kind::kNote);
  EXPECT_EQ(note.subject, "wmma");
  EXPECT_EQ(note.problem, "mission,causal");
  EXPECT_EQ(note.done, 5);
  EXPECT_EQ(note.fraction, 0.25);
  EXPECT_EQ(note.text, event.text);

  WorkerFinished finished;
  finished.outcome.runs = {4, 5};
  finished.outcome.cancelled = true;
  finished.outcome.skipped = {"why"};
  finished.outcome.counter_refusal = core::Error{core::ErrorCode::kPermission, "no", "do this", "35"};
  finished.outcome.steps = {{"driver", 181.25}, {"total", 1503.5}};
  finished.exit_code = 130;
  const auto end = parse_message(to_line(WorkerMessage{8, finished}));
  ASSERT_TRUE(end);
  const auto& back = std::get<WorkerFinished>(end->content);
  EXPECT_EQ(back.outcome.runs, (std::vector<core::RowId>{4, 5}));
  EXPECT_TRUE(back.outcome.cancelled);
  EXPECT_EQ(back.outcome.skipped, finished.outcome.skipped);
  EXPECT_EQ(back.outcome.counter_refusal->code, core::ErrorCode::kPermission);
  EXPECT_EQ(back.outcome.counter_refusal->hint, "do this");
  EXPECT_EQ(back.outcome.steps, finished.outcome.steps);
  EXPECT_EQ(back.exit_code, 130);

  const auto error =
      parse_message(to_line(WorkerMessage{9, WorkerError{{core::ErrorCode::kDatabase, "m", "h", "c"}, 5}}));
  ASSERT_TRUE(error);
  EXPECT_EQ(std::get<WorkerError>(error->content).error.code, core::ErrorCode::kDatabase);
}

TEST(WorkerProtocol, CachesAreWarmWhereNothingIsSaidAndAReplayTakesAll) {
  const auto command = parse_command(R"({"cmd":"profile"})");
  ASSERT_TRUE(command);
  EXPECT_EQ(std::get<WorkerRequest>(*command).profile.cache, core::CacheState::kWarm);
  EXPECT_FALSE(std::get<WorkerRequest>(*command).profile.replay_cache);
}

TEST(WorkerProtocol, TextThatIsNoUtf8DoesNotBreakTheLine) {
  ProfileEvent event;
  event.text = "bad \xff byte";
  EXPECT_TRUE(parse_message(to_line(WorkerMessage{1, event})));
}

TEST(WorkerProtocol, RefusesTheRest) {
  for (const char* line : {"",
                           "x",
                           "[]",
                           "3",
                           "{}",
                           R"({"cmd":"dance"})",
                           R"({"cmd":"profile","phases":3})",
                           R"({"cmd":"profile","set":"huge"})",
                           R"({"cmd":"profile","phase":["wmma"]})",
                           R"({"cmd":"profile","warmup":2.5})",
                           R"({"cmd":"profile","warmup":true})",
                           R"({"cmd":"profile","iters":99999999999})",
                           R"({"cmd":"profile","seed":-1})",
                           R"({"cmd":"profile","problems":["misson"]})",
                           R"({"cmd":"profile","tags":{"a":1}})",
                           R"({"cmd":"profile","cache":"hot"})",
                           R"({"cmd":"profile","cache":""})",
                           R"({"cmd":"profile","cache":1})",
                           R"({"cmd":"profile","replay_cache":"hot"})",
                           R"({"cmd":"cancel","id":1})",
                           R"({"cmd":"import","file":"x"})"}) {
    EXPECT_FALSE(parse_command(line)) << line;
  }
  // An event or an error code that is not known was taken for the first of its list.
  for (const char* line :
       {"", "{}", R"({"event":"dance"})", R"({"event":"step","done":"x"})",
        R"({"event":"error","code":"devcie","message":"m"})", R"({"event":"error"})",
        R"({"event":"step","phase":"wmma"})", R"({"event":"finished","steps":3})",
        R"({"event":"finished","steps":[3]})", R"({"event":"finished","steps":[{"name":"a","ms":"1"}]})",
        R"({"event":"finished","steps":[{"name":"a","ms":1,"s":1}]})"}) {
    EXPECT_FALSE(parse_message(line)) << line;
  }
}

}  // namespace
}  // namespace flashcore::session
