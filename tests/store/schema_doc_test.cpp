// docs/schema.md against a real database: the same tables, the same columns in the same order, the
// same types, and example queries that run.
#include <gtest/gtest.h>

#include <sstream>

#include "store/connection.h"
#include "store/statement.h"
#include "store/store.h"
#include "tests/store/support.h"

namespace flashcore::store {
namespace {

struct Column {
  std::string name, type, null;
  bool operator==(const Column&) const = default;
};
void PrintTo(const Column& c, std::ostream* out) {
  *out << c.name << " " << c.type << " null=" << c.null;
}
using Tables = std::map<std::string, std::vector<Column>>;

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

std::string page() {
  return testing::slurp(std::filesystem::path(FLASHCORE_SOURCE_DIR) / "docs/schema.md");
}

Tables documented() {
  Tables tables;
  std::string table;
  std::istringstream in(page());
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) table.clear();
    if (line.starts_with("### ")) table = trimmed(line.substr(4));
    if (table.empty() || !line.starts_with("|")) continue;
    const auto cells = cells_of(line);
    EXPECT_EQ(cells.size(), 5u) << line;
    if (cells.size() != 5 || cells[0] == "column" || cells[0] == "---") continue;
    EXPECT_FALSE(cells[4].empty()) << table << "." << cells[0] << " has no meaning";
    tables[table].push_back({cells[0], cells[1], cells[2]});
  }
  return tables;
}

Tables real(sqlite3* db) {
  Tables tables;
  Statement select(db,
                   "SELECT t.name, c.name, c.type, CASE WHEN c.\"notnull\" OR c.pk THEN 'no' ELSE 'yes' END "
                   "FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE t.schema = 'main' AND "
                   "t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid");
  select.bind();
  while (select.step()) {
    std::string table;
    Column column;
    select.read(table, column.name, column.type, column.null);
    tables[table].push_back(column);
  }
  return tables;
}

TEST(SchemaDoc, SaysWhatTheDatabaseHolds) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db");
  const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
  const Tables found = real(connection.get());
  const Tables said = documented();
  EXPECT_GE(found.size(), 14u);
  for (const auto& [table, columns] : found) {
    ASSERT_TRUE(said.contains(table)) << table << " is not documented";
    EXPECT_EQ(said.at(table), columns) << table;
  }
  for (const auto& [table, columns] : said) EXPECT_TRUE(found.contains(table)) << table << " does not exist";
  // All of them keep to their types.
  EXPECT_EQ(query_integer(connection.get(),
                          "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                          "AND name NOT LIKE 'sqlite_%' AND NOT strict"),
            0);
}

TEST(SchemaDoc, NamesTheSchemaAndItsRules) {
  const std::string text = page();
  EXPECT_NE(text.find("schema, number " + std::to_string(schema_version()) + ":"), std::string::npos);
  EXPECT_NE(text.find("0x464C4352"), std::string::npos);
}

TEST(SchemaDoc, ItsExamplesRun) {
  const testing::TemporaryFolder folder;
  testing::make_database(folder / "runs.db", 2);
  const Connection connection = connect(folder / "runs.db", Access::kReadWrite);
  const std::string text = page();
  int queries = 0;
  for (std::size_t at = text.find("```sql\n"); at != std::string::npos; at = text.find("```sql\n", at)) {
    at += 7;
    const std::size_t end = text.find("```", at);
    Statement select(connection.get(), text.substr(at, end - at));
    select.bind();
    EXPECT_TRUE(select.step()) << "no row from: " << text.substr(at, end - at);
    at = end + 3;
    ++queries;
  }
  EXPECT_GE(queries, 5);
}

}  // namespace
}  // namespace flashcore::store
