#include "store/connection.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "store/file_check.h"
#include "store/statement.h"

namespace flashcore::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr std::int64_t kFullCheckBytes = 4 << 20;  // about 5 ms of checking

// SQLite takes a path apart at '?', '#' and '%' in a URI.
std::string uri_of(const std::filesystem::path& path, bool immutable) {
  std::string uri = "file://";
  for (const unsigned char c : absolute_path(path).string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '_' || c == '-';
    uri += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return immutable ? uri + "?immutable=1" : uri;
}

Connection open_uri(const std::string& uri, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      uri.c_str(), &raw, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Connection connection(raw);
  if (code != SQLITE_OK) throw SqlFailure(code, raw != nullptr ? sqlite3_errmsg(raw) : "", "open");
  return connection;
}

}  // namespace

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error);
  if (error) throw SqlFailure(SQLITE_CANTOPEN_FULLPATH, "the working folder: " + error.message(), "open");
  return absolute;
}

Connection connect(const std::filesystem::path& path, Access access) {
  int flags = SQLITE_OPEN_READONLY;
  if (access == Access::kCreate) flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (access == Access::kReadWrite) flags = SQLITE_OPEN_READWRITE;
  return open_uri(uri_of(path, access == Access::kImmutable), flags);
}

Connection connect_memory() {
  return open_uri(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

void configure(sqlite3* connection, bool read_only) {
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute(connection, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON");
  if (read_only) execute(connection, "PRAGMA query_only = ON");
}

core::Status check_content(sqlite3* connection, const std::string& name) {
  const std::int64_t tables =
      query_integer(connection,
                    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                    "('session', 'run', 'sample', 'counter', 'device', 'environment', 'problem', 'phase')");
  if (tables != 8) {
    return core::fail(damaged(name, fmt::format("it has {} of the 8 tables that every one has", tables)));
  }
  const std::int64_t bytes =
      query_integer(connection, "PRAGMA page_count") * query_integer(connection, "PRAGMA page_size");
  Statement check(connection,
                  bytes <= kFullCheckBytes ? "PRAGMA quick_check(1)" : "PRAGMA quick_check(sqlite_schema)");
  check.bind();
  const std::string answer = check.step() ? check.value<std::string>() : "the check gave no answer";
  if (answer != "ok") {
    core::Error error = damaged(name, "its pages do not hang together");
    error.context = "SQLite's quick_check: " + answer;
    return core::fail(std::move(error));
  }
  return {};
}

void use_wal(sqlite3* connection) {
  // Changing the mode needs the file alone, and SQLite does not wait for that by itself.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kBusyTimeoutMs);
  while (true) {
    try {
      execute(connection, "PRAGMA journal_mode = WAL");
      return;
    } catch (const SqlFailure& failure) {
      const bool busy = (failure.code() & 0xff) == SQLITE_BUSY;
      if (!busy || std::chrono::steady_clock::now() > give_up) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace flashcore::store
