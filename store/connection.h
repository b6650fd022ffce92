// Opening SQLite connections: flags, pragmas, and waiting for other programs.
//
// Owns: nothing; hands out connections that close themselves. Threads: any. Errors: SqlFailure.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "core/result.h"
#include "store/store.h"

namespace flashcore::store {

struct CloseConnection {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

enum class Access {
  kCreate,     // reads and writes, makes the file
  kReadWrite,  // reads and writes a file that is there
  kReadOnly,   // takes part in WAL locking, so it needs the files beside the database
  kImmutable,  // looks at the file alone and touches nothing: no locks, no log
};

// How long others are waited for. Must outlive the connections that wait with it.
class Patience {
 public:
  explicit Patience(Waiting waiting) : waiting_(std::move(waiting)) {}
  void begin() noexcept;
  // Sleeps a moment, longer each time; false once the limit has passed.
  bool wait(int times) noexcept;
  // SQLite's busy handler; `patience` is a Patience.
  static int on_busy(void* patience, int times) noexcept;

 private:
  Waiting waiting_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::seconds told_{0};
};

// SqlFailure where the working folder, which a relative path starts from, is gone.
std::filesystem::path absolute_path(const std::filesystem::path& path);

Connection connect(const std::filesystem::path& path, Access access);
Connection connect_memory();

// What every connection has: waiting, foreign keys, no trust in the file's own SQL.
void configure(sqlite3* connection, Patience* patience, bool read_only);

// Puts the file in WAL mode. Waits for other programs that are doing the same.
void use_wal(sqlite3* connection, Patience& patience);

}  // namespace flashcore::store
