#include "store/statement.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace flashcore::store {
namespace {

SqlFailure failure(sqlite3* connection, int code, std::string_view sql) {
  return SqlFailure(connection != nullptr ? sqlite3_extended_errcode(connection) : code,
                    connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code),
                    std::string(sql));
}

}  // namespace

SqlFailure::SqlFailure(int code, std::string text, std::string sql)
    : code_(code), text_(std::move(text)), sql_(std::move(sql)) {}

Statement::Statement(sqlite3* connection, std::string_view sql) : connection_(connection) {
  const int code =
      sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  if (code != SQLITE_OK) throw failure(connection, code, sql);
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);
  parameter_ = 0;
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw failure(connection_, code, sqlite3_sql(statement_));
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw failure(connection_, code, sqlite3_sql(statement_));
}

void Statement::put(std::nullptr_t) {
  check(sqlite3_bind_null(statement_, ++parameter_));
}

void Statement::put(std::int64_t value) {
  check(sqlite3_bind_int64(statement_, ++parameter_, value));
}

void Statement::put(double value) {
  check(sqlite3_bind_double(statement_, ++parameter_, value));
}

// An empty view may have a null pointer, which SQLite would take for NULL.
void Statement::put(std::string_view text) {
  const char* data = text.data() != nullptr ? text.data() : "";
  check(sqlite3_bind_text64(statement_, ++parameter_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::put(Blob blob) {
  const char* data = blob.bytes.data() != nullptr ? blob.bytes.data() : "";
  check(sqlite3_bind_blob64(statement_, ++parameter_, data, blob.bytes.size(), SQLITE_TRANSIENT));
}

void Statement::take(std::int64_t& value) {
  value = sqlite3_column_int64(statement_, column_++);
}

void Statement::take(int& value) {
  value = static_cast<int>(sqlite3_column_int64(statement_, column_++));
}

void Statement::take(bool& value) {
  value = sqlite3_column_int64(statement_, column_++) != 0;
}

void Statement::take(std::uint64_t& value) {
  value = static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column_++));
}

void Statement::take(double& value) {
  const bool null = sqlite3_column_type(statement_, column_) == SQLITE_NULL;
  value = null ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_, column_);
  ++column_;
}

void Statement::take(std::string& value) {
  const void* data = sqlite3_column_blob(statement_, column_);
  const int size = sqlite3_column_bytes(statement_, column_);
  value.assign(static_cast<const char*>(data), data != nullptr ? static_cast<std::size_t>(size) : 0);
  ++column_;
}

// Behind take(): the column is the one before.
void Statement::unknown_word(const std::string& word) const {
  const char* const table = sqlite3_column_table_name(statement_, column_ - 1);
  const char* const column = sqlite3_column_origin_name(statement_, column_ - 1);
  constexpr std::size_t kMostShown = 40;
  throw UnreadableValue(
      fmt::format("{}.{} holds '{}', a word that this program does not know", table != nullptr ? table : "?",
                  column != nullptr ? column : "?", word.substr(0, kMostShown)),
      "use the newer FlashCore that wrote it, or restore the database from a copy");
}

void execute(sqlite3* connection, const std::string& sql) {
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw failure(connection, code, sql);
}

std::int64_t query_integer(sqlite3* connection, std::string_view sql) {
  Statement query(connection, sql);
  if (!query.step())
    throw SqlFailure(SQLITE_CORRUPT, "a query that always has a row had none", std::string(sql));
  return query.value<std::int64_t>();
}

Transaction::Transaction(sqlite3* connection) : connection_(connection) {
  execute(connection, "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors (disk full); autocommit is on again then.
  if (connection_ != nullptr && sqlite3_get_autocommit(connection_) == 0) {
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  execute(connection_, "COMMIT");
  connection_ = nullptr;
}

ReadTransaction::ReadTransaction(sqlite3* connection) : connection_(connection) {
  execute(connection, "BEGIN");
}

ReadTransaction::~ReadTransaction() {
  sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace flashcore::store
