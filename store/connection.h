// Opening SQLite connections: flags, pragmas and the checks that need SQL.
//
// Owns: nothing; hands out connections that close themselves. Threads: any. Errors: SqlFailure.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "core/result.h"

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

// SqlFailure where the working folder, which a relative path starts from, is gone.
std::filesystem::path absolute_path(const std::filesystem::path& path);

Connection connect(const std::filesystem::path& path, Access access);
Connection connect_memory();

// What every connection has: busy timeout, foreign keys, no trust in the file's own SQL.
void configure(sqlite3* connection, bool read_only);

// FlashCore's tables are there and the pages hang together. All pages of a small database; of a
// large one only the schema's, so that opening stays quick.
core::Status check_content(sqlite3* connection, const std::string& name);

// Puts the file in WAL mode. Waits for other programs that are doing the same.
void use_wal(sqlite3* connection);

}  // namespace flashcore::store
