// The helper process of the desktop app, spoken to as the app does.
#include "app/session/worker_protocol.h"
#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;

class Worker : public CommandLine {
 protected:
  session::WorkerRequest request(int copies = 1) {
    session::WorkerRequest r;
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
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("run_started"));
  const auto message = last_message(outcome.out);
  ASSERT_TRUE(std::holds_alternative<session::WorkerFinished>(message));
  EXPECT_EQ(std::get<session::WorkerFinished>(message).outcome.runs.size(), 4U);
}

TEST_F(Worker, CancelKeepsFinishedRuns) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  program.say(session::cancel_line() + "\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130);
  const auto finished = std::get<session::WorkerFinished>(last_message(outcome.out));
  EXPECT_TRUE(finished.outcome.cancelled);
  auto store = store::Store::open(folder_ / "runs.db", store::Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  EXPECT_EQ(store->runs()->size(), finished.outcome.runs.size());
  EXPECT_LT(finished.outcome.runs.size(), 800U);
}

TEST_F(Worker, ASignalDoesTheSame) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  program.send(SIGINT);
  EXPECT_EQ(program.finish().exit_code, 130);
  EXPECT_TRUE(store::Store::open(folder_ / "runs.db"));
}

TEST_F(Worker, TheEndOfTheStreamStopsIt) {
  Program program(command({"worker"}), with_home());
  program.say(to_line(request(200)) + "\n");
  ASSERT_TRUE(program.wait_for("run_finished"));
  program.close_input();
  EXPECT_EQ(program.finish().exit_code, 130);
}

TEST_F(Worker, RefusesWhatIsNoRequest) {
  for (const std::string line :
       {"nonsense\n", "{}\n", "[1]\n", "{\"cmd\":\"profile\",\"warmup\":\"x\"}\n", ""}) {
    Program program(command({"worker"}), with_home());
    if (!line.empty()) program.say(line);
    program.close_input();
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.exit_code, 2) << line;
    EXPECT_TRUE(std::holds_alternative<session::WorkerError>(last_message(outcome.out))) << line;
  }
}

TEST_F(Worker, ReadsTheCatalogueThatTheAppReads) {
  Program program(command({"worker"}), with_home({{"FLASHCORE_CATALOGUE", (folder_ / "none").string()}}));
  program.say(to_line(request()) + "\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(std::get<session::WorkerError>(last_message(outcome.out)).error.message,
              HasSubstr("catalogue folder"));
}

TEST_F(Worker, WithoutAGpuItSaysSo) {
  auto r = request();
  r.replay.reset();
  r.shapes = {"mission"};
  Program program(command({"worker"}), with_home());
  program.say(to_line(r) + "\n");
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(std::get<session::WorkerError>(last_message(outcome.out)).error.code, core::ErrorCode::kNoDevice);
}

}  // namespace
}  // namespace flashcore::tests
