// Several writers, a writer that is killed, a disk that fills up: whole runs only.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::example_run;
using testing::example_session;
using testing::expect_equal;
using testing::in_child;
using testing::make_database;
using testing::TemporaryFolder;

// Writes a session and `count` runs (without end for a negative count); 0 when all went well.
int write_runs(const std::filesystem::path& path, int count) {
  auto store = Store::open(path);
  if (!store) {
    std::fprintf(stderr, "%s\n", core::to_text(store.error()).c_str());
    return 1;
  }
  auto session = store->begin_session(example_session());
  if (!session) return 2;
  for (int i = 0; i != count; ++i) {
    if (!store->write_run(*session, example_run())) return 3;
  }
  return 0;
}

void expect_whole(const std::filesystem::path& path) {
  auto store = Store::open(path, Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  const auto runs = store->runs().value();
  for (const RunSummary& summary : runs) {
    auto run = store->read_run(summary.id);
    ASSERT_TRUE(run) << core::to_text(run.error());
    expect_equal(*run, example_run());
  }
}

TEST(Concurrency, FourProcessesMakeAndFillOneDatabase) {
  for (int round = 0; round < 5; ++round) {
    const TemporaryFolder folder;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(write_runs(folder / "runs.db", 20));
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = -1;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
    auto store = Store::open(folder / "runs.db").value();
    EXPECT_EQ(store.runs().value().size(), 80u);
    EXPECT_EQ(store.sessions().value().size(), 4u);
    EXPECT_EQ(store.devices().value().size(), 1u);
    expect_whole(folder / "runs.db");
  }
}

TEST(Concurrency, AReaderSeesWhatAWriterHasFinished) {
  const TemporaryFolder folder;
  auto writer = Store::open(folder / "runs.db").value();
  const auto session = writer.begin_session(example_session()).value();
  auto reader = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_TRUE(reader.runs().value().empty());
  const auto id = writer.write_run(session, example_run()).value();
  ASSERT_EQ(reader.runs().value().size(), 1u);
  expect_equal(reader.read_run(id).value(), example_run());
}

TEST(Concurrency, AKilledWriterLeavesWholeRuns) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 0);
  std::size_t least = 0;
  for (int round = 0; round < 8; ++round) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_runs(folder / "runs.db", -1));
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
    expect_whole(folder / "runs.db");
    const auto runs = Store::open(folder / "runs.db", Mode::kReadOnly).value().runs().value().size();
    EXPECT_GE(runs, least);
    least = runs;
  }
  EXPECT_GT(least, 8u);
}

TEST(Concurrency, ALockedDatabaseIsSaid) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  auto store = Store::open(folder / "runs.db").value();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "runs.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = store.begin_session(example_session());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  sqlite3_close(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::kDatabase);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("another program"));
  EXPECT_TRUE(store.begin_session(example_session()));  // and goes on when the other is gone
}

// The child may not make files longer than `bytes`: writes fail as on a disk with a quota.
int write_limited(const std::filesystem::path& path, rlim_t bytes) {
  return in_child(false, [&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto store = Store::open(path);
    if (!store) return store.error().code == core::ErrorCode::kDatabase ? 10 : 11;
    auto session = store->begin_session(example_session());
    while (session) {
      auto run = store->write_run(*session, example_run());
      if (run) continue;
      const auto& e = run.error();
      return e.code == core::ErrorCode::kDatabase && !e.hint.empty() ? 20 : 21;
    }
    return 30;
  });
}

TEST(Concurrency, AFileThatMayNotGrow) {
  const TemporaryFolder folder;
  EXPECT_EQ(write_limited(folder / "new.db", 8192), 10);
  EXPECT_FALSE(std::filesystem::exists(folder / "new.db"));  // nothing was made, nothing is left
  EXPECT_TRUE(testing::content_of(folder.path()).empty());

  make_database(folder / "runs.db", 3);
  EXPECT_EQ(write_limited(folder / "runs.db", 2 << 20), 20);
  expect_whole(folder / "runs.db");
  EXPECT_GE(Store::open(folder / "runs.db").value().runs().value().size(), 3u);
}

TEST(Concurrency, AFullDisk) {
  const TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small disk needs the right to mount; AFileThatMayNotGrow covers the rest";
  }
  {
    auto store = Store::open(folder / "runs.db").value();
    const auto session = store.begin_session(example_session()).value();
    auto run = store.write_run(session, example_run());
    int written = 0;
    for (; run && written < 1000; ++written) run = store.write_run(session, example_run());
    ASSERT_FALSE(run);
    EXPECT_THAT(run.error().message, ::testing::HasSubstr("the disk is full"));
    EXPECT_EQ(store.runs().value().size(), static_cast<std::size_t>(written));
    const auto copy = store.save_copy(folder / "copy.db");
    EXPECT_FALSE(copy);
    EXPECT_FALSE(std::filesystem::exists(folder / "copy.db"));
  }
  expect_whole(folder / "runs.db");
  ::umount(folder.path().c_str());
}

}  // namespace
}  // namespace flashcore::store
