// Every file that is not a good database is refused with a sentence and a remedy, and is not
// touched: the folder's bytes, rights and times are compared before and after.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cstdio>

#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

using testing::content_of;
using ::testing::HasSubstr;
using testing::in_child;
using testing::make_database;
using testing::runs_in;
using testing::slurp;
using testing::spill;
using testing::sql;
using testing::TemporaryFolder;

void expect_refused(const TemporaryFolder& folder, const std::filesystem::path& path, const char* says,
                    std::initializer_list<Mode> modes = {Mode::kReadWrite, Mode::kReadOnly}) {
  const auto before = content_of(folder.path());
  for (const Mode mode : modes) {
    auto store = Store::open(path, mode);
    ASSERT_FALSE(store) << says;
    EXPECT_EQ(store.error().code, core::ErrorCode::kDatabase);
    EXPECT_THAT(store.error().message, HasSubstr(says));
    EXPECT_THAT(store.error().message, HasSubstr(path.string()));
    EXPECT_FALSE(store.error().hint.empty()) << says;
    EXPECT_EQ(content_of(folder.path()), before) << "something was touched: " << says;
  }
}

TEST(Refusal, MissingFolderMissingFileFolderAndFile) {
  const TemporaryFolder folder;
  expect_refused(folder, folder / "no/such/runs.db", "does not exist");
  expect_refused(folder, folder / "runs.db", "no such file", {Mode::kReadOnly});
  expect_refused(folder, folder.path(), "it is a folder");
  spill(folder / "file", "x");
  expect_refused(folder, folder / "file/runs.db", "is not a folder");
  expect_refused(folder, "/dev/null", "device");
  EXPECT_FALSE(Store::open(""));
  expect_refused(folder, folder / std::string(300, 'n'), "too long");
}

TEST(Refusal, FilesThatAreNoDatabase) {
  const TemporaryFolder folder;
  spill(folder / "photo.jpg", "\xff\xd8\xff\xe0" + std::string(5000, 'j'));
  expect_refused(folder, folder / "photo.jpg", "JPEG");
  spill(folder / "notes.txt", "hello");
  expect_refused(folder, folder / "notes.txt", "not an SQLite database");
  spill(folder / "short.db", "SQLite format 3");
  expect_refused(folder, folder / "short.db", "inside its header");
  spill(folder / "r.db.zst", "\x28\xb5\x2f\xfd" + std::string(100, 'z'));
  expect_refused(folder, folder / "r.db.zst", "zstd");
}

TEST(Refusal, AnEmptyFileIsNewForWritingAndNothingForReading) {
  const TemporaryFolder folder;
  spill(folder / "runs.db", "");
  expect_refused(folder, folder / "runs.db", "empty", {Mode::kReadOnly});
  make_database(folder / "runs.db");
  EXPECT_EQ(runs_in(Store::open(folder / "runs.db", Mode::kReadOnly).value()).size(), 1u);
}

TEST(Refusal, SomebodyElsesDatabase) {
  const TemporaryFolder folder;
  sql(folder / "plain.db", "CREATE TABLE moz_places (id)");
  expect_refused(folder, folder / "plain.db", "another program");
  sql(folder / "wal.db", "PRAGMA journal_mode=WAL; PRAGMA application_id=7; CREATE TABLE run (id)");
  expect_refused(folder, folder / "wal.db", "another program");
  // Ours by its number, but without the tables.
  sql(folder / "bare.db", "PRAGMA application_id=0x464C4352; PRAGMA user_version=2; CREATE TABLE run (id)");
  expect_refused(folder, folder / "bare.db", "its schema lacks");
}

TEST(Refusal, SchemasOfOtherVersions) {
  const TemporaryFolder folder;
  make_database(folder / "newer.db");
  sql(folder / "newer.db", "PRAGMA user_version=999");
  expect_refused(folder, folder / "newer.db", "it has schema 999");
  make_database(folder / "odd.db");
  sql(folder / "odd.db", "PRAGMA user_version=-3");
  expect_refused(folder, folder / "odd.db", "damaged");
}

TEST(Refusal, AMigrationThatFailsLeavesTheFileAsItWas) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  sql(folder / "runs.db", "PRAGMA user_version=0");  // 0001 will find its tables there already
  const std::string before = slurp(folder / "runs.db");
  auto store = Store::open(folder / "runs.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, core::ErrorCode::kDatabase);
  EXPECT_EQ(slurp(folder / "runs.db"), before);
  EXPECT_EQ(content_of(folder.path()).size(), 1u);  // no log is left
}

TEST(Refusal, HalfADatabaseAtEveryLength) {
  const TemporaryFolder folder;
  make_database(folder / "whole.db", 5);
  const std::string whole = slurp(folder / "whole.db");
  std::filesystem::remove(folder / "whole.db");
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{50}, std::size_t{99}, std::size_t{100}, std::size_t{4095},
        std::size_t{4096}, whole.size() / 2, whole.size() - 4096, whole.size() - 1}) {
    spill(folder / "half.db", whole.substr(0, size));
    expect_refused(folder, folder / "half.db", "damaged");
  }
}

TEST(Refusal, PagesThatDoNotHangTogether) {
  const TemporaryFolder folder;
  make_database(folder / "whole.db", 5);
  const std::string whole = slurp(folder / "whole.db");
  std::filesystem::remove(folder / "whole.db");
  // The schema's page behind its header, and a table's pages.
  for (const std::size_t at : {std::size_t{100}, std::size_t{4096} * 2, whole.size() / 2 / 4096 * 4096}) {
    std::string broken = whole;
    for (std::size_t i = at; i < at + 600; ++i) broken[i] = static_cast<char>(0xA5 ^ (i * 31));
    spill(folder / "broken.db", broken);
    expect_refused(folder, folder / "broken.db", "damaged");
  }
}

// Prints what a child found wrong, since its EXPECTs would be lost.
int check_child(bool good, const char* what, const std::string& got) {
  if (!good) std::fprintf(stderr, "%s: %s\n", what, got.c_str());
  return good ? 0 : 1;
}

TEST(Refusal, RightsAreSaid) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  ::chmod((folder / "runs.db").c_str(), 0000);
  const auto says = [&](Mode mode, const char* text, const std::string& name) {
    return in_child(true, [&] {
      auto store = Store::open(folder / name, mode);
      if (store) return check_child(false, "opened", text);
      return check_child(store.error().message.find(text) != std::string::npos && !store.error().hint.empty(),
                         text, store.error().message);
    });
  };
  auto before = content_of(folder.path());
  EXPECT_EQ(says(Mode::kReadWrite, "you may not read it", "runs.db"), 0);
  EXPECT_EQ(says(Mode::kReadOnly, "you may not read it", "runs.db"), 0);
  EXPECT_EQ(content_of(folder.path()), before);

  ::chmod((folder / "runs.db").c_str(), 0444);
  before = content_of(folder.path());
  EXPECT_EQ(says(Mode::kReadWrite, "the file is read-only", "runs.db"), 0);
  EXPECT_EQ(content_of(folder.path()), before);

  ::chmod((folder / "runs.db").c_str(), 0666);
  ::chmod(folder.path().c_str(), 0555);
  before = content_of(folder.path());
  EXPECT_EQ(says(Mode::kReadWrite, "read-only", "runs.db"), 0);
  EXPECT_EQ(says(Mode::kReadWrite, "read-only", "new.db"), 0);
  EXPECT_EQ(content_of(folder.path()), before);
}

TEST(Refusal, AReadOnlyFolderCanBeRead) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);  // in WAL mode, without a log beside it
  ::chmod((folder / "runs.db").c_str(), 0444);
  ::chmod(folder.path().c_str(), 0555);
  const auto before = content_of(folder.path());
  EXPECT_EQ(in_child(true,
                     [&] {
                       auto store = Store::open(folder / "runs.db", Mode::kReadOnly);
                       if (!store) return check_child(false, "open", core::to_text(store.error()));
                       auto run = store->read_run(2);
                       if (!run) return check_child(false, "read", core::to_text(run.error()));
                       return check_child(runs_in(*store).size() == 2, "runs", "not two");
                     }),
            0);
  EXPECT_EQ(content_of(folder.path()), before);
}

TEST(Refusal, ReadingLeavesNothingBehind) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  const auto before = content_of(folder.path());
  {
    auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
    ASSERT_EQ(runs_in(store).size(), 2u);
  }
  EXPECT_EQ(content_of(folder.path()), before);
}

TEST(Refusal, ViewsTriggersAndStrangersTablesAreNotRun) {
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n";
  for (const std::string& hostile :
       {std::string("CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM session; END"),
        "CREATE VIEW v AS " + endless, "DROP TABLE run_block; CREATE VIEW run_block AS " + endless,
        std::string("CREATE TABLE extra (x)"), std::string("CREATE INDEX extra ON run (origin)"),
        std::string("DROP INDEX run_by_time"), std::string("ALTER TABLE run ADD COLUMN extra TEXT")}) {
    const TemporaryFolder folder;
    make_database(folder / "runs.db", 2);
    sql(folder / "runs.db", hostile);
    expect_refused(folder, folder / "runs.db", "cannot open the database");
    EXPECT_FALSE(Store::from_bytes(slurp(folder / "runs.db"), "bytes")) << hostile;
  }
}

TEST(Refusal, StatisticsOfAnalyzeAreNoStrangers) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  sql(folder / "runs.db", "ANALYZE");
  EXPECT_EQ(runs_in(Store::open(folder / "runs.db").value()).size(), 2u);
}

TEST(Refusal, AnUnknownWordIsNeverTheFirstOfTheList) {
  for (const auto& [change, where] : std::map<std::string, std::string>{
           {"UPDATE run SET origin = 'recordinh'", "run.origin"},
           {"UPDATE run SET answer = ''", "run.answer"},
           {"UPDATE run SET cache = 'lukewarm'", "run.cache"},
           {"UPDATE run SET cache = ''", "run.cache"},
           {"UPDATE subject SET kind = 'Phase'", "subject.kind"},
           {"UPDATE measurement SET status = 'done'", "measurement.status"},
           {"UPDATE sample SET kind = 'x'", "sample.kind"},
           {"UPDATE diagnostic SET severity = 'bad'", "diagnostic.severity"}}) {
    const TemporaryFolder folder;
    make_database(folder / "runs.db");
    sql(folder / "runs.db", change);
    auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
    const auto run = store.read_run(1);
    ASSERT_FALSE(run) << change;
    EXPECT_EQ(run.error().code, core::ErrorCode::kDatabase);
    EXPECT_THAT(run.error().message, HasSubstr(where));
    EXPECT_FALSE(run.error().hint.empty());
  }
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  sql(folder / "runs.db", "UPDATE run SET origin = 'recordinh'; UPDATE session SET origin = 'x'");
  auto store = Store::open(folder / "runs.db", Mode::kReadOnly).value();
  EXPECT_THAT(store.list_runs({}).error().message, HasSubstr("'recordinh'"));
  EXPECT_THAT(store.list_sessions().error().message, HasSubstr("session.origin"));
  testing::sql(folder / "runs.db", "UPDATE run SET origin = 'live', cache = 'lukewarm'");
  EXPECT_THAT(store.list_runs({}).error().message, HasSubstr("run.cache holds 'lukewarm'"));
}

// Pages of the tables that hold numbers, swapped two by two behind a header that is whole. Small files are
// seen on opening; of large ones no run may be shown with other rows than its own.
void swap_pages(const std::filesystem::path& path, const std::string& whole, std::size_t a, std::size_t b) {
  constexpr std::size_t kPage = 4096;
  std::string swapped = whole;
  swapped.replace(a * kPage, kPage, whole, b * kPage, kPage);
  swapped.replace(b * kPage, kPage, whole, a * kPage, kPage);
  spill(path, swapped);
}

// Whether what is shown is what was written: refused is right too.
bool shown_right(const std::filesystem::path& path, int runs, const core::RunRecord& wanted) {
  auto store = Store::open(path, Mode::kReadOnly);
  if (!store) return true;
  for (core::RowId id = 1; id <= runs; ++id) {
    const auto run = store->read_run(id);
    if (!run) continue;
    for (std::size_t m = 0; m < wanted.measurements.size(); ++m) {
      auto expected = wanted.measurements[m];
      for (auto& sample : expected.samples) sample.duration_ns += static_cast<double>(id);
      if (run->measurements.size() <= m) return false;
      if (run->measurements[m].samples != expected.samples) return false;
      if (run->measurements[m].counters != expected.counters) return false;
    }
  }
  return true;
}

int swapped_wrong(int runs, int samples, std::size_t step) {
  const TemporaryFolder folder;
  core::RunRecord pattern = testing::example_head();
  core::add_measurement(pattern, testing::example_check());
  auto timing = testing::example_timing();
  for (int i = 0; i < samples; ++i)
    timing.samples.push_back({core::SampleKind::kGraph, i, 50, 1000.0 * i, {}, {}, {}});
  core::add_measurement(pattern, timing);
  {
    auto store = Store::open(folder / "whole.db").value();
    auto session = testing::example_session();
    session.tags.clear();
    pattern.tags.clear();
    for (int i = 1; i <= runs; ++i) {
      auto run = pattern;
      for (auto& sample : run.measurements[1].samples) sample.duration_ns += i;
      EXPECT_TRUE(store.write_run(session, run));
    }
  }
  const std::string whole = slurp(folder / "whole.db");
  const std::size_t pages = whole.size() / 4096;
  int wrong = 0;
  for (std::size_t a = 2; a + step < pages; a += step) {
    swap_pages(folder / "swapped.db", whole, a, a + 1 + a % (step - 1));
    wrong += !shown_right(folder / "swapped.db", runs, pattern);
  }
  return wrong;
}

TEST(Refusal, SwappedPagesOfASmallFileAreSeen) {
  EXPECT_EQ(swapped_wrong(12, 400, 3), 0);
}

TEST(Refusal, SwappedPagesOfALargeFileAreNeverShownAsRight) {
  EXPECT_EQ(swapped_wrong(60, 2400, 90), 0);
}

TEST(Refusal, AForeignJournalIsNotPlayedBackByReading) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db", 2);
  {
    // A journal of another database that would cut this one to a page.
    sql(folder / "other.db", "CREATE TABLE a (x)");
    const int status = in_child(false, [&] {
      sqlite3* db = nullptr;
      sqlite3_open((folder / "other.db").c_str(), &db);
      sqlite3_exec(
          db,
          "PRAGMA cache_size = 2; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
          "WHERE i < 2000) INSERT INTO a SELECT randomblob(900) FROM n",
          nullptr, nullptr, nullptr);
      return 0;
    });
    ASSERT_EQ(status, 0);
    std::filesystem::rename(folder / "other.db-journal", folder / "runs.db-journal");
    std::filesystem::remove(folder / "other.db");
  }
  expect_refused(folder, folder / "runs.db", "journal", {Mode::kReadOnly});
}

TEST(Refusal, OpeningForWritingMakesNothingUntilThereIsSomething) {
  const TemporaryFolder folder;
  {
    auto store = Store::open(folder / "runs.db").value();
    EXPECT_TRUE(runs_in(store).empty());
    EXPECT_EQ(store.count_runs().value(), 0);
    EXPECT_EQ(store.file_fate(), Store::FileFate::kSame);
  }
  EXPECT_TRUE(content_of(folder.path()).empty());
  auto waiting = Store::open(folder / "runs.db").value();
  make_database(folder / "runs.db", 3);  // somebody else was first
  EXPECT_EQ(runs_in(waiting).size(), 3u);
}

// POSIX drops a process's locks on a file when any of its descriptors is closed: looking at a database that
// another thread has open must not take its locks, or a second process clears the log away under it.
TEST(Refusal, LookingAtAnOpenDatabaseTakesNoLocks) {
  const TemporaryFolder folder;
  make_database(folder / "runs.db");
  auto early = std::make_unique<Store>(Store::open(folder / "runs.db", Mode::kReadOnly).value());
  auto writer = Store::open(folder / "runs.db").value();
  early.reset();
  { const auto reader = Store::open(folder / "runs.db", Mode::kReadOnly).value(); }
  { const auto second = Store::open(folder / "runs.db").value(); }
  // Another process that comes and goes may only clear the log away where nobody has the file open.
  EXPECT_EQ(in_child(false,
                     [&] {
                       ::execl("/bin/sh", "sh", "-c",
                               ("exec sqlite3 '" + (folder / "runs.db").string() +
                                "' 'SELECT count(*) FROM run' >/dev/null")
                                   .c_str(),
                               nullptr);
                       return 127;
                     }),
            0);
  EXPECT_TRUE(std::filesystem::exists(folder / "runs.db-wal"));
  auto session = testing::example_session();
  auto run = testing::example_run();
  ASSERT_TRUE(writer.write_run(session, run));
  EXPECT_EQ(runs_in(Store::open(folder / "runs.db", Mode::kReadOnly).value()).size(), 2u);
}

TEST(Refusal, FromBytes) {
  EXPECT_FALSE(Store::from_bytes("", "nothing"));
  const auto text = Store::from_bytes("hello", "text.txt");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("text.txt"));
  EXPECT_THAT(text.error().message, HasSubstr("not an SQLite database"));
}

}  // namespace
}  // namespace flashcore::store
