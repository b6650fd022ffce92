// What Ctrl-C, a closed terminal and a full disk do to each command.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/app/cli/fixture.h"

namespace flashcore::tests {
namespace {

using ::testing::HasSubstr;

class Stops : public CommandLine {};

// `list` took no notice of the first Ctrl-C while its reader took nothing.
TEST_F(Stops, AListThatNobodyReadsEndsAtTheFirstCtrlC) {
  std::vector<core::RunRecord> runs(3000, sample_run("wmma", 2, "tiny", 40'000));
  const std::string db = make_database(runs);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    // 3000 rows are more than a pipe holds, so the program waits for its reader.
    Program program(command({"list", "runs", "--limit", "3000", "--db", db}), with_home());
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    program.send(signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.exit_code, 130) << signal;
    EXPECT_LT(outcome.out.size(), 100'000U);
  }
}

TEST_F(Stops, RecordEndsAtTheFirstCtrlCAndLeavesNoFile) {
  std::vector<core::RunRecord> runs(20'000, sample_run("wmma", 2, "tiny", 40'000));
  const std::string db = make_database(runs);
  const auto target = folder_ / "out.db.zst";
  Program program(command({"record", target.string(), "--db", db}), with_home());
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  program.send(SIGINT);
  const auto outcome = program.finish();
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(target));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::StartsWith("source.db"));
  }
}

TEST_F(Stops, AReplayStopsBetweenTwoRunsAndKeepsWhatIsFinished) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const auto db = folder_ / fmt::format("runs{}.db", signal);
    Program program(command({"--replay", make_recording(300), "--db", db.string()}), with_home());
    ASSERT_TRUE(program.wait_for("This is a recording"));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    program.send(signal);
    const auto outcome = program.finish();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("runs are kept"));
    auto store = store::Store::open(db, store::Mode::kReadOnly);
    ASSERT_TRUE(store) << core::to_text(store.error());
    EXPECT_LT(store->count_runs().value(), 1200);
  }
}

// A stop was not heard while another program held the database, for up to a minute.
TEST_F(Stops, WaitingForALockEndsAtTheFirstCtrlC) {
  const std::string recording = make_recording();
  ASSERT_EQ(run({"--replay", recording, "--db", (folder_ / "runs.db").string()}).exit_code, 0);
  Program locker({"/usr/bin/env", "python3", "-c",
                  "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\n"
                  "c.execute('begin immediate')\nprint('locked',flush=True)\ntime.sleep(600)",
                  (folder_ / "runs.db").string()},
                 with_home());
  ASSERT_TRUE(locker.wait_for("locked"));
  Program program(command({"--replay", recording, "--db", (folder_ / "runs.db").string()}), with_home());
  ASSERT_TRUE(program.wait_for("This is a recording"));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  program.send(SIGINT);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = program.finish();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  locker.send(SIGKILL);
  locker.finish();
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    EXPECT_THAT(entry.path().string(), ::testing::Not(HasSubstr("rescue")));
}

// SIGXFSZ killed the program and left a temporary file.
TEST_F(Stops, AFileThatMayNotGrowIsAnErrorThatIsTold) {
  const std::string recording = make_recording(20);
  ASSERT_EQ(run({"--replay", recording, "--db", (folder_ / "runs.db").string()}).exit_code, 0);
  const auto before = std::distance(std::filesystem::directory_iterator(folder_.path()), {});
  const auto report = shell("ulimit -f 8; exec \"$P\" report --db runs.db --report r.html");
  EXPECT_EQ(report.exit_code, 5) << report.err;
  EXPECT_THAT(report.err, HasSubstr("r.html"));
  const auto record = shell("ulimit -f 2; exec \"$P\" record --db runs.db out.db.zst");
  EXPECT_EQ(record.exit_code, 5) << record.err;
  const auto replay = shell("ulimit -f 8; exec \"$P\" --replay '" + recording + "' --db small.db");
  EXPECT_EQ(replay.exit_code, 5) << replay.err;
  std::filesystem::remove(folder_ / "small.db");
  std::filesystem::remove(folder_ / "small.db-wal");
  std::filesystem::remove(folder_ / "small.db-shm");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), before);
}

TEST_F(Stops, AReportThatWasForItsOwnerAloneStaysSo) {
  const std::string recording = make_recording();
  const auto report = folder_ / "r.html";
  std::ofstream(report) << "old";
  std::filesystem::permissions(report, std::filesystem::perms(0600));
  ASSERT_EQ(run({"--replay", recording, "--report", report.string()}).exit_code, 0);
  EXPECT_EQ(std::filesystem::status(report).permissions(), std::filesystem::perms(0600));
  EXPECT_THAT(content(report), HasSubstr("Content-Security-Policy"));
}

TEST_F(Stops, WhatBelongsToADatabaseIsNotReplaced) {
  const std::string recording = make_recording();
  const auto db = (folder_ / "runs.db").string();
  ASSERT_EQ(run({"--replay", recording, "--db", db}).exit_code, 0);
  for (const std::string suffix : {"-wal", "-shm", "-journal"}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"report", "--db", db, "--report", db + suffix},
          {"--replay", recording, "--db", db, "--json", db + suffix},
          {"record", db + suffix, "--db", db}}) {
      const auto outcome = run(arguments);
      EXPECT_EQ(outcome.exit_code, 2) << arguments.front() << suffix << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr("belongs to the database"));
    }
  }
}

// The report of an hour's work was refused when the hour was over.
TEST_F(Stops, WhatWillBelongToADatabaseIsRefusedBeforeItIsMade) {
  const auto db = (folder_ / "new.db").string();
  const auto outcome = run({"--replay", make_recording(), "--db", db, "--report", db + "-wal"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("belongs to the database"));
  EXPECT_FALSE(std::filesystem::exists(db));
}

TEST_F(Stops, ARecordingGoesToAPipe) {
  ASSERT_EQ(run({"--replay", make_recording(), "--db", (folder_ / "runs.db").string()}).exit_code, 0);
  for (const char* target : {"-", "/dev/stdout"}) {
    const auto outcome =
        shell(std::string("\"$P\" record ") + target +
              " --db runs.db | \"$P\" --replay /dev/stdin --db again.db --json - > out.json");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(content(folder_ / "out.json"))["runs"].size(), 4U) << target;
  }
  EXPECT_EQ(shell("\"$P\" record - --db runs.db > whole.db.zst").exit_code, 0);
  EXPECT_EQ(run({"--replay", (folder_ / "whole.db.zst").string()}).exit_code, 0);
  EXPECT_EQ(run({"record", "/dev/full", "--db", (folder_ / "runs.db").string()}).exit_code, 5);
}

TEST_F(Stops, AReportOfNothingIsRefused) {
  const auto db = folder_ / "empty.db";
  {
    auto store = store::Store::open(db);
    ASSERT_TRUE(store);
    std::vector<core::RunRecord> runs{sample_run("wmma", 2, "tiny", 40'000)};
    auto session = sample_session();
    ASSERT_TRUE(store->write_runs(session, runs));
  }
  const auto sqlite = shell(
      "python3 -c \"import sqlite3;c=sqlite3.connect('empty.db');"
      "c.execute('pragma foreign_keys=on');c.execute('delete from run');c.commit()\"");
  ASSERT_EQ(sqlite.exit_code, 0) << sqlite.err;
  const auto report = run({"report", "--db", db.string(), "--report", (folder_ / "r.html").string()});
  EXPECT_NE(report.exit_code, 0);
  EXPECT_THAT(report.err, HasSubstr("no runs"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r.html"));
}

TEST_F(Stops, ErrorsThatEchoMuchAreCut) {
  const auto outcome = run({"--phase", std::string(100'000, 'x')});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_LT(outcome.err.size(), 5'000U);
}

}  // namespace
}  // namespace flashcore::tests
