#include "store/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "store/failure.h"
#include "store/statement.h"

namespace flashcore::store {
namespace {

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
  // Without SQLITE_OPEN_MEMORY: VACUUM INTO opens its target with the same flags.
  return open_uri(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

void Patience::begin() noexcept {
  began_ = std::chrono::steady_clock::now();
  told_ = std::chrono::seconds(0);
}

bool Patience::wait(int times) noexcept {
  using std::chrono::milliseconds;
  const auto so_far = std::chrono::steady_clock::now() - began_;
  if (so_far >= waiting_.limit) return false;
  // What is being written when a user stops may still get its turn, but not the whole patience.
  constexpr std::chrono::seconds kAfterAStop{2};
  if (waiting_.cancel != nullptr && waiting_.cancel->requested() && so_far >= kAfterAStop) return false;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(so_far);
  if (seconds > told_) {
    told_ = seconds;
    try {
      if (waiting_.on_wait) waiting_.on_wait(seconds);
    } catch (...) {
      return false;
    }
  }
  // Apart from one another, so that many writers do not knock at the same moment.
  thread_local std::minstd_rand random(std::random_device{}());
  const int most = 1 << std::min(times + 1, 5);
  std::this_thread::sleep_for(milliseconds(1 + static_cast<int>(random() % static_cast<unsigned>(most))));
  return true;
}

int Patience::on_busy(void* patience, int times) noexcept {
  auto* const self = static_cast<Patience*>(patience);
  if (times == 0) self->begin();
  return self->wait(times) ? 1 : 0;
}

void configure(sqlite3* connection, Patience* patience, bool read_only) {
  if (patience != nullptr) sqlite3_busy_handler(connection, Patience::on_busy, patience);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  execute(connection, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON");
  if (read_only) execute(connection, "PRAGMA query_only = ON");
}

void use_wal(sqlite3* connection, Patience& patience) {
  // Changing the mode needs the file alone, and SQLite does not wait for that by itself.
  patience.begin();
  for (int times = 0;; ++times) {
    try {
      execute(connection, "PRAGMA journal_mode = WAL");
      return;
    } catch (const SqlFailure& failure) {
      if (!is_busy(failure) || !patience.wait(times)) throw;
    }
  }
}

}  // namespace flashcore::store
