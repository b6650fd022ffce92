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
using testing::slurp;
using testing::spill;
using testing::TemporaryFolder;

void sql(const std::filesystem::path& path, const std::string& text) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

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
  EXPECT_EQ(Store::open(folder / "runs.db", Mode::kReadOnly).value().runs().value().size(), 1u);
}

TEST(Refusal, SomebodyElsesDatabase) {
  const TemporaryFolder folder;
  sql(folder / "plain.db", "CREATE TABLE moz_places (id)");
  expect_refused(folder, folder / "plain.db", "another program");
  sql(folder / "wal.db", "PRAGMA journal_mode=WAL; PRAGMA application_id=7; CREATE TABLE run (id)");
  expect_refused(folder, folder / "wal.db", "another program");
  // Ours by its number, but without the tables.
  sql(folder / "bare.db", "PRAGMA application_id=0x464C4352; PRAGMA user_version=1; CREATE TABLE run (id)");
  expect_refused(folder, folder / "bare.db", "tables");
}

TEST(Refusal, SchemasOfOtherVersions) {
  const TemporaryFolder folder;
  make_database(folder / "newer.db");
  sql(folder / "newer.db", "PRAGMA user_version=999");
  expect_refused(folder, folder / "newer.db", "it has schema 999");
  make_database(folder / "older.db");
  sql(folder / "older.db", "PRAGMA user_version=0");
  expect_refused(folder, folder / "older.db", "older", {Mode::kReadOnly});
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
                       return check_child(store->runs().value().size() == 2, "runs", "not two");
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
    ASSERT_EQ(store.runs().value().size(), 2u);
  }
  EXPECT_EQ(content_of(folder.path()), before);
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
