// The helper process of the desktop app, spoken to as the app does.
#include <filesystem>

#include "app/session/worker_protocol.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;

class Worker : public CommandLine {
 protected:
  session::WorkerRequest request(int copies = 1) {
    session::WorkerRequest r;
    r.id = 7;
    r.database = (folder_ / "runs.db").string();
    r.replay = make_recording(copies);
    return r;
  }
  static session::WorkerMessage last_message(const std::string& out) {
    const auto end = out.find_last_not_of('\n');
    const auto begin = out.rfind('\n', end);
    auto message = session::parse_message(out.substr(begin + 1, end - begin));
    EXPECT_TRUE(message) << out;
    return *message;
  }
};

TEST_F(Worker, ReplaysAndTellsEveryStep) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request()) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\""));
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("run_started"));
  const auto message = last_message(outcome.out);
  EXPECT_EQ(message.id, 7);
  ASSERT_TRUE(std::holds_alternative<session::WorkerFinished>(message.content));
  EXPECT_EQ(std::get<session::WorkerFinished>(message.content).outcome.runs.size(), 4U);
}

// The worker ended after its first request.
TEST_F(Worker, ServesManyRequestsAndALineThatIsNoneBetweenThem) {
  Program program(command({"worker"}), with_home());
  auto r = request();
  for (r.id = 1; r.id <= 3; ++r.id) {
    program.say(to_line(r) + "\nnonsense\n");
    ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":" + std::to_string(r.id)));
  }
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_THAT(outcome.out, HasSubstr("not a line of the worker's protocol"));
  auto store = store::Store::open(folder_ / "runs.db", store::Mode::kReadOnly);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->list_sessions()->sessions.size(), 3U);
}

TEST_F(Worker, ACancelIsForTheRequestAtHandOnly) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  auto next = request();
  next.id = 8;
  program.say(session::cancel_line() + "\n" + to_line(next) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":8"));
  program.close_input();
  EXPECT_THAT(program.finish().out, HasSubstr("\"exit_code\":130,\"id\":7"));
}

TEST_F(Worker, CancelKeepsFinishedRuns) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  program.say(session::cancel_line() + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\""));
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130);
  const auto finished = std::get<session::WorkerFinished>(last_message(outcome.out).content);
  EXPECT_TRUE(finished.outcome.cancelled);
  auto store = store::Store::open(folder_ / "runs.db", store::Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  EXPECT_EQ(store->count_runs().value(), static_cast<std::int64_t>(finished.outcome.runs.size()));
  EXPECT_LT(finished.outcome.runs.size(), 800U);
}

TEST_F(Worker, SignalsDoTheSame) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Program program(command({"worker"}), with_home());
    program.say(to_line(request(200)) + "\n");
    ASSERT_TRUE(program.wait_for("run_finished"));
    program.send(signal);
    EXPECT_EQ(program.finish().exit_code, 130) << signal;
    EXPECT_TRUE(store::Store::open(folder_ / "runs.db"));
  }
}

TEST_F(Worker, TheEndOfTheStreamStopsIt) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  program.close_input();
  EXPECT_EQ(program.finish().exit_code, 130);
}

TEST_F(Worker, RefusesWhatIsNoRequest) {
  for (const std::string line : {"nonsense\n", "{}\n", "[1]\n", "{\"cmd\":\"profile\",\"warmup\":\"x\"}\n",
                                 "{\"cmd\":\"profile\",\"shapes\":[\"tiny\"]}\n", "{\"cmd\":\"dance\"}\n"}) {
    Program program(command({"worker"}), with_home());
    program.say(line);
    program.close_input();
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.exit_code, 2) << line;
    EXPECT_TRUE(std::holds_alternative<session::WorkerError>(last_message(outcome.out).content)) << line;
  }
}

TEST_F(Worker, WithoutARequestItJustEnds) {
  Program program(command({"worker"}), with_home());
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
}

// It is kept from request to request; what somebody mends meanwhile must count all the same.
TEST_F(Worker, ReadsTheCatalogueAgainWhenItsFilesHaveChanged) {
  const auto folder = folder_ / "catalogue";
  std::filesystem::create_directory(folder);
  Program program(command({"worker"}), with_home({{"FLASHCORE_CATALOGUE", folder.string()}}));
  auto r = request();
  r.id = 1;
  program.say(to_line(r) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":1"));
  std::ofstream(folder / "mine.toml") << "this is no TOML [";
  r.id = 2;
  program.say(to_line(r) + "\n");
  ASSERT_TRUE(program.wait_for("mine.toml"));
  std::filesystem::remove(folder / "mine.toml");
  r.id = 3;
  program.say(to_line(r) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":3"));
  program.close_input();
  EXPECT_EQ(program.finish().exit_code, 0);
}

TEST_F(Worker, ASecondRequestTellsItsStepsToo) {
  Program program(command({"worker"}), with_home());
  auto r = request();
  for (r.id = 1; r.id <= 2; ++r.id) {
    program.say(to_line(r) + "\n");
    ASSERT_TRUE(program.wait_for("\"event\":\"finished\",\"exit_code\":0,\"id\":" + std::to_string(r.id)));
  }
  program.close_input();
  const auto finished = std::get<session::WorkerFinished>(last_message(program.finish().out).content);
  ASSERT_FALSE(finished.outcome.steps.empty());
  EXPECT_EQ(finished.outcome.steps.back().name, "total");
}

TEST_F(Worker, ReadsTheCatalogueThatTheAppReads) {
  Program program(command({"worker"}), with_home({{"FLASHCORE_CATALOGUE", (folder_ / "none").string()}}));
  program.say(to_line(request()) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"error\""));
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(std::get<session::WorkerError>(last_message(outcome.out).content).error.message,
              HasSubstr("catalogue folder"));
}

TEST_F(Worker, WithoutAGpuItSaysSoAndLeavesNoDatabase) {
  auto r = request();
  r.replay.reset();
  r.profile.problems = {*core::parse_problem("mission")};
  Program program(command({"worker"}), with_home());
  program.say(to_line(r) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"error\""));
  program.close_input();
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(std::get<session::WorkerError>(last_message(outcome.out).content).error.code,
            core::ErrorCode::kNoDevice);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs.db"));
}

TEST_F(Worker, Imports) {
  const auto file = folder_ / "bench.json";
  std::ofstream(file) << "neither JSON nor CSV";
  session::WorkerImport import;
  import.id = 5;
  import.database = (folder_ / "runs.db").string();
  import.request.files = {file};
  Program program(command({"worker"}), with_home());
  program.say(to_line(import) + "\n");
  ASSERT_TRUE(program.wait_for("\"event\":\"error\""));
  program.close_input();
  const auto error = last_message(program.finish().out);
  EXPECT_EQ(error.id, 5);
  EXPECT_EQ(std::get<session::WorkerError>(error.content).error.code, core::ErrorCode::kUsage);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs.db"));
}

}  // namespace
}  // namespace flashcore::tests
