#include "store/failure.h"

#include <fmt/format.h>

namespace flashcore::store {
namespace {

struct Cause {
  std::string sentence;
  std::string hint;
};

constexpr const char* kDamagedHint =
    "restore it from a copy, or move it away and start a new one; what can still be read may be saved with "
    "sqlite3's .recover";

Cause cause_of(const SqlFailure& failure) {
  switch (failure.code() & 0xff) {
    case SQLITE_FULL:
      return {"the disk is full", "free some room on that disk, or give a database on another one"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {"another program holds its lock and does not let go",
              "wait until that program is done, or end it, and try again"};
    case SQLITE_READONLY:
      return {"it is read-only", "make the file and its folder writable, or give another database"};
    case SQLITE_CORRUPT: return {"it is damaged", kDamagedHint};
    case SQLITE_NOTADB: return {"it is not an SQLite database", "give another path"};
    case SQLITE_CANTOPEN:
      return {"it cannot be opened",
              "check the rights of the file, of its folder and of the -wal and -shm files beside it"};
    case SQLITE_PERM:
    case SQLITE_AUTH: return {"the system refuses it", "give a database that you may read and write"};
    case SQLITE_TOOBIG:
      return {"a text or an artifact is larger than SQLite can hold", "leave the largest artifact out"};
    case SQLITE_NOMEM: return {"memory has run out", "close other programs, or use a machine with more"};
    case SQLITE_IOERR:
      if (failure.code() == SQLITE_IOERR_CORRUPTFS) return {"its file system is damaged", kDamagedHint};
      return {"reading or writing the file failed",
              "check the disk, its free room and limits on file sizes (ulimit -f), and try again"};
    case SQLITE_CONSTRAINT:
      return {"the values break a rule of the schema", "see docs/schema.md; the detail names the rule"};
    case SQLITE_ERROR:
      if (failure.text().starts_with("no such table") || failure.text().starts_with("no such column")) {
        return {"a part of its schema is missing, so it is damaged or was changed by hand", kDamagedHint};
      }
      break;
    default: break;
  }
  return {failure.text(), "see the detail"};
}

}  // namespace

core::Error database_error(const SqlFailure& failure, const std::filesystem::path& path,
                           std::string_view doing) {
  Cause cause = cause_of(failure);
  return core::Error{core::ErrorCode::kDatabase,
                     fmt::format("cannot {} {}: {}", doing, path.string(), cause.sentence),
                     std::move(cause.hint),
                     fmt::format("{}SQLite {} ({}): {}", is_busy(failure) ? "busy: " : "", failure.code(),
                                 sqlite3_errstr(failure.code()), failure.text())};
}

bool is_busy(const SqlFailure& failure) noexcept {
  const int code = failure.code() & 0xff;
  return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

core::Error unreadable(const UnreadableValue& value, const std::filesystem::path& path,
                       std::string_view doing) {
  return core::Error{core::ErrorCode::kDatabase,
                     fmt::format("cannot {} {}: {}", doing, path.string(), value.sentence()),
                     value.hint(),
                     {}};
}

core::Error out_of_memory(const std::filesystem::path& path, std::string_view doing) {
  return core::Error{core::ErrorCode::kDatabase,
                     fmt::format("cannot {} {}: memory has run out", doing, path.string()),
                     "close other programs, or use a machine with more",
                     {}};
}

}  // namespace flashcore::store
