// Statement, Transaction, SqlFailure: the thin skin between this folder and SQLite's C interface.
//
// Owns: a Statement owns its prepared statement, a Transaction the one that it began. Values are
// bound and read in the order of their columns; NaN is stored as NULL (SQLite has no NaN) and NULL
// read into a double is NaN.
// Threads: the connection's. Errors: SqlFailure is thrown inside store/ and turned into a
// core::Error by guarded() (store/failure.h); it never leaves the folder. A word that an enumeration does not
// have throws UnreadableValue: it is never taken for another one.
//
//   Statement insert(connection, "INSERT INTO run_tag VALUES (?, ?, ?)");
//   insert.run(run_id, key, value);
#pragma once

#include <sqlite3.h>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/records.h"

namespace flashcore::store {

class SqlFailure : public std::exception {
 public:
  SqlFailure(int code, std::string text, std::string sql);
  int code() const noexcept { return code_; }  // SQLite's extended result code
  const std::string& text() const noexcept { return text_; }
  const std::string& sql() const noexcept { return sql_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  int code_;
  std::string text_;
  std::string sql_;
};

// A value that is there and cannot be what it stands for: an unknown word, rows that are missing.
class UnreadableValue : public std::exception {
 public:
  UnreadableValue(std::string what, std::string hint) : what_(std::move(what)), hint_(std::move(hint)) {}
  const std::string& sentence() const noexcept { return what_; }
  const std::string& hint() const noexcept { return hint_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
  std::string hint_;
};

// Bytes that are no text; bound and read as a BLOB.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement(sqlite3* connection, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Ends a query before its last row, so that it holds no lock.
  void reset() noexcept;

  // Binds all parameters and starts anew; rows follow by step().
  template <typename... Values>
  void bind(const Values&... values) {
    reset();
    (put(values), ...);
  }

  void bind_all(const std::vector<std::string>& values) {
    reset();
    for (const std::string& value : values) put(value);
  }
  // One parameter by its number, from 1, after bind().
  template <typename Value>
  void bind_at(int place, const Value& value) {
    parameter_ = place - 1;
    put(value);
  }

  // True while there is a row.
  bool step();

  // For a statement without rows: bind, execute, make ready again.
  template <typename... Values>
  void run(const Values&... values) {
    bind(values...);
    while (step()) {
    }
    reset();
  }

  // Reads the row's columns in order.
  template <typename... Values>
  void read(Values&&... values) {
    column_ = 0;
    (take(values), ...);
  }

  template <typename Value>
  Value value() {
    Value v{};
    column_ = 0;
    take(v);
    return v;
  }

 private:
  void check(int code) const;
  [[noreturn]] void unknown_word(const std::string& word) const;

  void put(std::nullptr_t);
  void put(std::int64_t value);
  void put(int value) { put(static_cast<std::int64_t>(value)); }
  void put(bool value) { put(static_cast<std::int64_t>(value)); }
  // SQLite's integers are signed; the bits are kept.
  void put(std::uint64_t value) { put(static_cast<std::int64_t>(value)); }
  void put(double value);
  void put(std::string_view text);
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const char* text) { put(std::string_view(text)); }
  void put(Blob blob);
  template <core::Named Enum>
  void put(Enum value) {
    put(core::name_of(value));
  }
  template <typename T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      put(nullptr);
    }
  }
  template <typename... T>
  void put(const std::tuple<T...>& fields) {
    std::apply([this](const auto&... field) { (put(field), ...); }, fields);
  }

  void take(std::int64_t& value);
  void take(int& value);
  void take(bool& value);
  void take(std::uint64_t& value);
  void take(double& value);
  void take(std::string& value);
  template <core::Named Enum>
  void take(Enum& value) {
    std::string word;
    take(word);
    const auto known = core::named<Enum>(word);
    if (!known) unknown_word(word);
    value = *known;
  }
  template <typename T>
  void take(std::optional<T>& value) {
    if (sqlite3_column_type(statement_, column_) == SQLITE_NULL) {
      value.reset();
      ++column_;
    } else {
      take(value.emplace());
    }
  }
  template <typename... T>
  void take(const std::tuple<T&...>& fields) {
    std::apply([this](auto&... field) { (take(field), ...); }, fields);
  }

  sqlite3* connection_;
  sqlite3_stmt* statement_ = nullptr;
  int parameter_ = 0;
  int column_ = 0;
};

// Several statements at once, without parameters and without rows.
void execute(sqlite3* connection, const std::string& sql);

// The one value of a query such as "PRAGMA user_version".
std::int64_t query_integer(sqlite3* connection, std::string_view sql);

// Takes the write lock at once (waiting for other writers), so that no reader's lock has to be
// raised later, which SQLite would refuse without waiting. Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  sqlite3* connection_;
};

// One state of the database over several reads.
class ReadTransaction {
 public:
  explicit ReadTransaction(sqlite3* connection);
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

 private:
  sqlite3* connection_;
};

}  // namespace flashcore::store
