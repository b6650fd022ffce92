// Migrations: the numbered SQL files of store/migrations, compiled in, and what applies them.
//
// Owns: nothing. Threads: the connection's. Errors: SqlFailure; the database is then as it was.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

struct sqlite3;

namespace flashcore::store {

inline constexpr std::int64_t kApplicationId = 0x464C4352;  // "FLCR"

struct Migration {
  int number;  // user_version once it has been applied
  const char* file;
  const char* sql;
};

// In the order of their numbers, from 1 without a gap (checked when the build is configured).
std::span<const Migration> migrations() noexcept;

// Applies those of `steps` that the database has not had, all in one transaction. Several programs
// may do this at once: whoever comes second finds it done.
void migrate(sqlite3* connection, std::span<const Migration> steps);

}  // namespace flashcore::store
