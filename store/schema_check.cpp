#include "store/schema_check.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "store/connection.h"
#include "store/file_check.h"
#include "store/migrate.h"
#include "store/statement.h"

namespace flashcore::store {
namespace {

constexpr std::int64_t kWholeCheckBytes = 4 << 20;
constexpr std::int64_t kRunsChecked = 10'000;  // at 1.5 us a run

// "table run" -> its SQL, in which runs of blanks count as one.
using Objects = std::map<std::string, std::string>;

std::string normalised(const std::string& sql) {
  std::string text;
  for (const char c : sql) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank && (text.empty() || text.back() == ' ')) continue;
    text += blank ? ' ' : c;
  }
  return text;
}

Objects objects_of(sqlite3* connection) {
  Statement select(connection, "SELECT type, name, tbl_name, sql FROM sqlite_schema");
  select.bind();
  Objects objects;
  while (select.step()) {
    std::string type, name, table;
    std::optional<std::string> sql;
    select.read(type, name, table, sql);
    objects[type + " " + name] = table + ": " + normalised(sql.value_or(""));
  }
  return objects;
}

// What the first `schema` migrations make.
const Objects& expected(std::int64_t schema) {
  static std::mutex mutex;
  static std::map<std::int64_t, Objects> known;
  const std::scoped_lock lock(mutex);
  auto [at, is_new] = known.try_emplace(schema);
  if (is_new) {
    const Connection connection = connect_memory();
    migrate(connection.get(), migrations().first(static_cast<std::size_t>(schema)));
    at->second = objects_of(connection.get());
  }
  return at->second;
}

// ANALYZE makes these; they steer plans and hold no results.
bool is_statistics(const std::string& object) {
  return object == "table sqlite_stat1" || object == "table sqlite_stat4";
}

core::Error not_our_schema(const std::string& name, const std::string& how) {
  core::Error error = damaged(name, how);
  error.message = fmt::format("cannot open the database {}: {}", name, how);
  error.hint =
      "it was changed by another program; restore it from a copy, or remove what was added. The file was not "
      "changed";
  return error;
}

core::Status check(sqlite3* connection, const std::string& name, const std::string& pragma) {
  Statement check(connection, pragma);
  check.bind();
  const std::string answer = check.step() ? check.value<std::string>() : "the check gave no answer";
  if (answer == "ok") return {};
  core::Error error = damaged(name, "its pages do not hang together");
  error.context = fmt::format("SQLite's {}: {}", pragma, answer);
  return core::fail(std::move(error));
}

}  // namespace

core::Status check_schema(sqlite3* connection, const std::string& name, std::int64_t schema) {
  const Objects found = objects_of(connection);
  const Objects& wanted = expected(schema);
  for (const auto& [object, sql] : wanted) {
    const auto at = found.find(object);
    if (at == found.end()) {
      return core::fail(damaged(name, fmt::format("its schema lacks the {}", object)));
    }
    if (at->second != sql) {
      return core::fail(
          not_our_schema(name, fmt::format("its {} is not the one of schema {}", object, schema)));
    }
  }
  for (const auto& [object, sql] : found) {
    if (wanted.contains(object) || is_statistics(object)) continue;
    return core::fail(not_our_schema(
        name, fmt::format("it has the {}, which FlashCore did not make", object.substr(0, 80))));
  }
  return {};
}

core::Status check_pages(sqlite3* connection, const std::string& name, std::int64_t schema) {
  const std::int64_t bytes =
      query_integer(connection, "PRAGMA page_count") * query_integer(connection, "PRAGMA page_size");
  if (bytes <= kWholeCheckBytes) return check(connection, name, "PRAGMA integrity_check(1)");
  if (auto good = check(connection, name, "PRAGMA quick_check(sqlite_schema)"); !good) return good;
  if (schema < 2) return {};  // is copied into memory or migrated, and checked then
  for (const char* table : {"environment", "subject", "problem", "problem_axis", "device_class", "device"}) {
    if (auto good = check(connection, name, fmt::format("PRAGMA integrity_check({})", table)); !good)
      return good;
  }
  // The indices that lists walk: a page of them in the wrong place would leave runs out, which no look at the
  // runs that are found can tell.
  if (query_integer(connection, "SELECT ifnull(max(id), 0) FROM run") > kRunsChecked) return {};
  for (const char* table : {"run", "series", "session", "tagged_run", "run_tag", "session_tag"}) {
    if (auto good = check(connection, name, fmt::format("PRAGMA integrity_check({})", table)); !good)
      return good;
  }
  return {};
}

}  // namespace flashcore::store
