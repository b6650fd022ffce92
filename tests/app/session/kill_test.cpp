// A session that is killed at any moment: every run that was said to be timed is in the database with its
// samples, the database is whole, and no session is empty.
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <sstream>
#include <thread>

#include "core/child_process.h"
#include "store/store.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace flashcore::session {
namespace {

std::vector<core::RowId> timed_runs(const std::string& out) {
  std::vector<core::RowId> ids;
  std::istringstream lines(out);
  // A line that the kill cut off was not said.
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    if (line.starts_with("timed ")) ids.push_back(std::stoll(line.substr(6)));
  }
  return ids;
}

// How long the session takes on this machine at its present load.
std::chrono::milliseconds undisturbed(const std::string& program) {
  tests::TemporaryFolder folder;
  const auto begin = std::chrono::steady_clock::now();
  tests::Program session({program, "profile", (folder / "runs.db").string(), "12", "4"},
                         {{"FAKE_PAUSE_MS", "20"}});
  EXPECT_EQ(session.finish().exit_code, 0);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

TEST(Kill, AtTwentyFourMomentsNothingThatWasTimedIsLost) {
  const std::string program = std::string(FLASHCORE_BUILD_DIR) + "/tests/fake_profile";
  std::size_t all_timed = 0, killed = 0;
  const auto whole_session = undisturbed(program);
  for (int moment = 0; moment < 24; ++moment) {
    SCOPED_TRACE(moment);
    tests::TemporaryFolder folder;
    const auto db = folder / "runs.db";
    tests::Program session({program, "profile", db.string(), "12", "4"}, {{"FAKE_PAUSE_MS", "20"}});
    // Spread over creation, checks, timing and counting.
    std::this_thread::sleep_for(whole_session * (moment + 1) * 9 / (24 * 10));
    session.send(SIGKILL);
    const auto outcome = session.finish();
    killed += outcome.exit_code == 128 + SIGKILL ? 1 : 0;
    const auto timed = timed_runs(outcome.out);
    all_timed += timed.size();
    if (!std::filesystem::exists(db)) {
      EXPECT_TRUE(timed.empty());
      continue;
    }
    auto store = store::Store::open(db);
    ASSERT_TRUE(store) << core::to_text(store.error());
    for (const core::RowId id : timed) {
      const auto run = store->read_run(id);
      ASSERT_TRUE(run) << core::to_text(run.error());
      EXPECT_EQ(core::all_samples(*run).size(), 10U);
    }
    const auto sessions = store->list_sessions();
    ASSERT_TRUE(sessions);
    for (const auto& s : sessions->sessions) EXPECT_GT(s.run_count, 0);
    const auto whole =
        core::run_child({.program = "/usr/bin/env",
                         .arguments = {"python3", "-c",
                                       "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n"
                                       "print(c.execute('pragma integrity_check').fetchone()[0])",
                                       db.string()},
                         .environment = {}});
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->output, "ok\n");
  }
  EXPECT_GE(killed, 20U);
  EXPECT_GE(all_timed, 24U);
}

}  // namespace
}  // namespace flashcore::session
