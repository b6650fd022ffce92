// Several writers, a writer that is killed (also while it makes the database), locks, a disk that fills up:
// whole measurements only.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "store/recording.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using namespace std::chrono_literals;
using testing::example_run;
using testing::example_session;
using testing::expect_equal;
using testing::in_child;
using testing::make_database;
using testing::runs_in;
using testing::TemporaryFolder;

// Writes a session of `count` runs (without end for a negative count); 0 when all went well.
int write_runs(const std::filesystem::path& path, int count) {
  auto store = Store::open(path);
  if (!store) {
    std::fprintf(stderr, "%s\n", core::to_text(store.error()).c_str());
    return 1;
  }
  auto session = example_session();
  for (int i = 0; i != count; ++i) {
    auto run = example_run();
    if (auto written = store->write_run(session, run); !written) {
      std::fprintf(stderr, "%s\n", core::to_text(written.error()).c_str());
      return 3;
    }
  }
  return 0;
}

int wait_for(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

void expect_whole(const std::filesystem::path& path) {
  auto store = Store::open(path, Mode::kReadOnly);
  ASSERT_TRUE(store) << core::to_text(store.error());
  for (const RunSummary& summary : runs_in(*store)) {
    auto run = store->read_run(summary.id);
    ASSERT_TRUE(run) << core::to_text(run.error());
    expect_equal(*run, example_run());
  }
}

TEST(Concurrency, FourProcessesMakeAndFillOneDatabase) {
  for (int round = 0; round < 3; ++round) {
    const TemporaryFolder folder;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(write_runs(folder / "runs.db", 20));
      children.push_back(child);
    }
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
    auto store = Store::open(folder / "runs.db").value();
    EXPECT_EQ(runs_in(store).size(), 80u);
    EXPECT_EQ(store.list_sessions().value().sessions.size(), 4u);
    EXPECT_EQ(store.devices().value().size(), 1u);
    expect_whole(folder / "runs.db");
  }
}

TEST(Concurrency, ThirtyTwoProcessesWith256Writers) {
  const TemporaryFolder folder;
  std::vector<pid_t> children;
  for (int i = 0; i < 32; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::atomic<int> failed = 0;
      std::vector<std::thread> writers;
      for (int w = 0; w < 8; ++w)
        writers.emplace_back([&] { failed += write_runs(folder / "runs.db", 2) != 0; });
      for (auto& writer : writers) writer.join();
      ::_exit(failed);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(Store::open(folder / "runs.db", Mode::kReadOnly).value().count_runs().value(), 512);
}

TEST(Concurrency, AReaderSeesWhatAWriterHasFinished) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  auto reader = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  auto late_reader = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_EQ(runs_in(reader).size(), 1u);
  const auto before = reader.change_counter().value();
  auto writer = Store::open(folder / "runs.db").value();
  auto session = example_session();
  auto run = example_run();
  ASSERT_TRUE(writer.write_run(session, run));
  EXPECT_GT(reader.change_counter().value(), before);
  ASSERT_EQ(runs_in(reader).size(), 2u);  // a file at rest that has begun to change
  expect_equal(reader.read_run(run.id).value(), example_run());
  ASSERT_EQ(runs_in(Store::open(folder / "runs.db", Mode::kReadOnly).value()).size(), 2u);
  const auto seen = reader.change_counter().value();
  EXPECT_EQ(reader.change_counter().value(), seen);  // nothing new
  auto again = example_run();
  ASSERT_TRUE(writer.write_run(session, again));
  EXPECT_GT(reader.change_counter().value(), seen);
  { const Store gone = std::move(writer); }
  EXPECT_EQ(runs_in(late_reader).size(), 3u);  // the log was moved into the file meanwhile
}

TEST(Concurrency, TheSameFileReplacedOrDeletedIsSaid) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  make_database(folder / "other.db");
  auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_EQ(store.file_fate(), Store::FileFate::kSame);
  std::filesystem::rename(folder / "other.db", folder / "runs.db");
  EXPECT_EQ(store.file_fate(), Store::FileFate::kReplaced);
  std::filesystem::remove(folder / "runs.db");
  EXPECT_EQ(store.file_fate(), Store::FileFate::kDeleted);
}

TEST(Concurrency, AKilledWriterLeavesWholeRuns) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  std::int64_t least = 0;
  for (int round = 0; round < 8; ++round) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_runs(folder / "runs.db", -1));
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + 17 * round));
    ::kill(child, SIGKILL);
    const int status = wait_for(child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
    expect_whole(folder / "runs.db");
    const auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
    const auto runs = store.count_runs().value();
    EXPECT_GE(runs, least);
    least = runs;
    // No session without a run.
    const SessionPage sessions = store.list_sessions(0, 0).value();
    for (const auto& session : sessions.sessions) EXPECT_GT(session.run_count, 0);
  }
  EXPECT_GT(least, 8);
}

// Killed at any moment of making the database: SQLite's own recovery must get its chance.
TEST(Concurrency, KilledWhileTheDatabaseIsMade) {
  int half_made = 0;
  for (int round = 0; round < 200; ++round) {
    const TemporaryFolder folder;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_runs(folder / "runs.db", 1));
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + 150 * round));
    ::kill(child, SIGKILL);
    wait_for(child);
    half_made += std::filesystem::exists(folder / "runs.db-journal");
    auto store = Store::open(folder / "runs.db");
    ASSERT_TRUE(store) << "round " << round << ": " << core::to_text(store.error());
    auto session = example_session();
    auto run = example_run();
    const auto written = store->write_run(session, run);
    ASSERT_TRUE(written) << "round " << round << ": " << core::to_text(written.error());
    expect_equal(store->read_run(run.id).value(), example_run());
  }
  RecordProperty("killed_with_a_journal", half_made);
}

// The state that those kills leave now and then, made on purpose: some pages written, the journal hot.
TEST(Concurrency, AHotJournalOfOurOwnHalfMadeDatabaseIsPlayedBack) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    sqlite3* db = nullptr;
    sqlite3_open((folder / "runs.db").c_str(), &db);
    sqlite3_exec(db,
                 "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; PRAGMA application_id = 0x464C4352;"
                 "BEGIN; PRAGMA user_version = 2; CREATE TABLE a (x); CREATE TABLE b (x);"
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
                 "INSERT INTO a SELECT randomblob(500) FROM n;",
                 nullptr, nullptr, nullptr);
    ::_exit(0);  // without a rollback
  }
  wait_for(child);
  ASSERT_GT(std::filesystem::file_size(folder / "runs.db-journal"), 0u);
  // Reading does not play it back.
  const auto before = testing::content_of(folder.path());
  const auto read = Store::open(folder / "runs.db", Mode::kReadOnly);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, ::testing::HasSubstr("journal"));
  EXPECT_EQ(testing::content_of(folder.path()), before);

  auto store = Store::open(folder / "runs.db");
  ASSERT_TRUE(store) << core::to_text(store.error());
  auto session = example_session();
  auto run = example_run();
  ASSERT_TRUE(store->write_run(session, run));
  expect_equal(store->read_run(run.id).value(), example_run());
}

// Holds the write lock of a database.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Lock() { sqlite3_close(db_); }

 private:
  sqlite3* db_ = nullptr;
};

TEST(Concurrency, ALockOfSevenSecondsEndsNothing) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  std::vector<std::chrono::seconds> told;
  auto store = Store::open(folder / "runs.db", Mode::kReadWrite,
                           {60s, [&](std::chrono::seconds so_far) { told.push_back(so_far); }})
                   .value();
  auto lock = std::make_unique<Lock>(folder / "runs.db");
  std::thread release([&] {
    std::this_thread::sleep_for(7s);
    lock.reset();
  });
  auto session = example_session();
  auto run = example_run();
  const auto written = store.write_run(session, run);
  release.join();
  ASSERT_TRUE(written) << core::to_text(written.error());
  ASSERT_GE(told.size(), 5u);  // once a second
  EXPECT_EQ(told.front(), 1s);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_GT(told[i], told[i - 1]);
}

TEST(Concurrency, ALockBeyondTheLimitIsSaidAndNothingIsLost) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  auto store = Store::open(folder / "runs.db", Mode::kReadWrite, {1500ms, {}}).value();
  auto session = example_session();
  auto run = testing::example_head();
  {
    const Lock lock(folder / "runs.db");
    const auto begin = std::chrono::steady_clock::now();
    const auto refused = store.append(session, run, testing::example_timing());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 1400ms);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, core::ErrorCode::kDatabase);
    EXPECT_THAT(refused.error().message, ::testing::HasSubstr("another program"));
    EXPECT_THAT(refused.error().context, ::testing::StartsWith("busy:"));
    EXPECT_EQ(run.id, 0);
  }
  EXPECT_TRUE(store.append(session, run, testing::example_timing()));  // and goes on when the other is gone
}

// The child may not make files longer than `bytes`: writes fail as on a disk with a quota.
int write_limited(const std::filesystem::path& path, rlim_t bytes) {
  return in_child(false, [&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto store = Store::open(path);
    if (!store) return store.error().code == core::ErrorCode::kDatabase ? 10 : 11;
    auto session = example_session();
    while (true) {
      auto run = example_run();
      auto written = store->write_run(session, run);
      if (written) continue;
      const auto& e = written.error();
      return e.code == core::ErrorCode::kDatabase && !e.hint.empty() ? 20 : 21;
    }
  });
}

TEST(Concurrency, AFileThatMayNotGrow) {
  const TemporaryFolder folder;
  EXPECT_EQ(write_limited(folder / "new.db", 8192), 20);
  EXPECT_TRUE(testing::content_of(folder.path()).empty());  // nothing was made, nothing is left

  make_database(folder / "runs.db", 3);
  EXPECT_EQ(write_limited(folder / "runs.db", 2 << 20), 20);
  expect_whole(folder / "runs.db");
  EXPECT_GE(runs_in(Store::open(folder / "runs.db").value()).size(), 3u);
}

TEST(Concurrency, ARecordingThatMayNotGrowLeavesNothing) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 20);
  const auto before = testing::content_of(folder.path());
  const int outcome = in_child(false, [&] {
    auto store = Store::open(folder / "runs.db", Mode::kReadOnly);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = write_recording(*store, folder / "r.db.zst");
    return written ? 1 : written.error().hint.empty() ? 2 : 0;
  });
  EXPECT_EQ(outcome, 0);
  EXPECT_EQ(testing::content_of(folder.path()), before);
}

TEST(Concurrency, AFullDisk) {
  const TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small disk needs the right to mount; AFileThatMayNotGrow covers the rest";
  }
  {
    auto store = Store::open(folder / "runs.db").value();
    auto session = example_session();
    core::Status written;
    std::size_t runs = 0;
    for (; written && runs < 1000; runs += written.has_value()) {
      auto run = example_run();
      written = store.write_run(session, run);
    }
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, ::testing::HasSubstr("the disk is full"));
    EXPECT_EQ(runs_in(store).size(), runs);
    EXPECT_FALSE(store.save_copy(folder / "copy.db"));
    EXPECT_FALSE(write_recording(store, folder / "r.db.zst"));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      EXPECT_TRUE(entry.path().filename().string().starts_with("runs.db")) << entry.path();
    }
  }
  expect_whole(folder / "runs.db");
  ::umount(folder.path().c_str());
}

}  // namespace
}  // namespace flashcore::store
