// Migrations: in order, once, all or nothing.
#include "store/migrate.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

TEST(Migrate, TheFilesAreNumberedFromOne) {
  int expected = 1;
  for (const Migration& step : migrations()) {
    EXPECT_EQ(step.number, expected++);
    const auto file = std::filesystem::path(FLASHCORE_SOURCE_DIR) / "store/migrations" / step.file;
    EXPECT_EQ(testing::slurp(file), step.sql) << "the program holds another text than the tree";
  }
  EXPECT_EQ(schema_version(), expected - 1);
}

TEST(Migrate, AppliesWhatIsMissingAndNoMore) {
  const Connection connection = connect_memory();
  sqlite3* const db = connection.get();
  const std::vector<Migration> first{{1, "1", "CREATE TABLE a (x)"}};
  migrate(db, first);
  migrate(db, first);  // nothing to do
  EXPECT_EQ(query_integer(db, "PRAGMA user_version"), 1);
  EXPECT_EQ(query_integer(db, "PRAGMA application_id"), kApplicationId);
  execute(db, "INSERT INTO a VALUES (7)");
  const std::vector<Migration> both{first[0], {2, "2", "ALTER TABLE a ADD COLUMN y; CREATE TABLE b (z);"}};
  migrate(db, both);
  EXPECT_EQ(query_integer(db, "PRAGMA user_version"), 2);
  EXPECT_EQ(query_integer(db, "SELECT x FROM a"), 7);
  EXPECT_EQ(query_integer(db, "SELECT count(*) FROM b"), 0);
}

TEST(Migrate, AFailingStepTakesTheOthersBack) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db", 2);
  const std::string before = testing::slurp(folder / "runs.db");
  {
    const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
    std::vector<Migration> steps(migrations().begin(), migrations().end());
    const int last = steps.back().number;
    steps.push_back({last + 1, "good", "CREATE TABLE extra (x); DELETE FROM run;"});
    steps.push_back({last + 2, "bad", "CREATE TABLE more (x); CREATE TABLE run (x);"});
    EXPECT_THROW(migrate(connection.get(), steps), SqlFailure);
    EXPECT_EQ(query_integer(connection.get(), "PRAGMA user_version"), last);
    EXPECT_EQ(query_integer(connection.get(), "SELECT count(*) FROM run"), 2);
    EXPECT_EQ(query_integer(connection.get(), "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"), 0);
  }
  EXPECT_EQ(testing::slurp(folder / "runs.db"), before);
}

TEST(Migrate, ForeignKeysHoldAndDeletingASessionTakesItsRuns) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db", 2);
  const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
  sqlite3* const db = connection.get();
  configure(db, false);
  EXPECT_EQ(query_integer(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  EXPECT_THROW(execute(db, "DELETE FROM device"), SqlFailure);
  EXPECT_THROW(execute(db, "UPDATE run SET warmup = 'twenty'"), SqlFailure);  // STRICT
  execute(db, "DELETE FROM session");
  for (const char* table : {"session_tag", "run", "run_tag", "sample", "counter", "resource", "correctness",
                            "diagnostic", "artifact"}) {
    EXPECT_EQ(query_integer(db, std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
}

}  // namespace
}  // namespace flashcore::store
