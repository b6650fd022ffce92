#include "store/store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "store/connection.h"
#include "store/failure.h"
#include "store/file_check.h"
#include "store/migrate.h"

namespace flashcore::store {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

// SQLite's own look at the file, through a connection that cannot change anything.
Status probe(const fs::path& path) {
  return guarded<void>(path, "open", [&]() -> Status {
    const Connection connection = connect(path, Access::kImmutable);
    return check_content(connection.get(), path.string());
  });
}

Status probe_patiently(const fs::path& path) {
  // For the same reason as in check_file(): another program may be moving pages just now.
  constexpr int kAttempts = 3;
  Status good = probe(path);
  for (int attempt = 1; attempt < kAttempts && !good; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    good = probe(path);
  }
  return good;
}

Access access_for(const FileState& file) {
  if (file.is_new) return Access::kCreate;
  // Reading through a writing handle (held back by query_only) lets SQLite clear away its log when
  // the last reader leaves; a reading handle would leave it behind.
  if (file.writable) return Access::kReadWrite;
  return file.has_wal ? Access::kReadOnly : Access::kImmutable;
}

Result<Connection> open_checked(const fs::path& path, Mode mode, const FileState& file) {
  Connection connection = connect(path, access_for(file));
  sqlite3* const db = connection.get();
  // Until the schema is known to be ours, closing must not move the log into the file.
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  configure(db, mode == Mode::kReadOnly);
  const std::int64_t schema = query_integer(db, "PRAGMA user_version");
  if (schema > schema_version()) return fail(newer_schema(path.string(), schema));
  if (mode == Mode::kReadOnly && schema < schema_version()) return fail(older_schema(path.string(), schema));
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  if (mode == Mode::kReadOnly) return connection;
  if (schema < schema_version()) migrate(db, migrations());
  use_wal(db);
  return connection;
}

// A copy for sqlite3_deserialize, which has no files and so refuses a database in WAL mode; bytes
// 18 and 19 of the header say which mode that is (1 rollback journal, 2 WAL).
unsigned char* copy_for_memory(std::string_view bytes) {
  auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size()));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, bytes.data(), bytes.size());
  if (copy[18] == 2) copy[18] = 1;
  if (copy[19] == 2) copy[19] = 1;
  return copy;
}

// Lets a connection that only reads write another file for a while.
class WritingElsewhere {
 public:
  explicit WritingElsewhere(sqlite3* connection)
      : connection_(connection), held_back_(query_integer(connection, "PRAGMA query_only") != 0) {
    if (held_back_) execute(connection_, "PRAGMA query_only = OFF");
  }
  WritingElsewhere(const WritingElsewhere&) = delete;
  WritingElsewhere& operator=(const WritingElsewhere&) = delete;
  ~WritingElsewhere() {
    if (held_back_) sqlite3_exec(connection_, "PRAGMA query_only = ON", nullptr, nullptr, nullptr);
  }

 private:
  sqlite3* connection_;
  bool held_back_;
};

}  // namespace

Store::Store(sqlite3* connection, fs::path path) : connection_(connection), path_(std::move(path)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

void Store::Close::operator()(sqlite3* connection) const noexcept {
  sqlite3_close_v2(connection);
}

Result<Store> Store::open(const fs::path& path, Mode mode) {
  if (path.empty()) {
    return fail(ErrorCode::kDatabase, "cannot open a database: its path is empty", "give a path");
  }
  auto file = check_file(path, mode);
  if (!file) return fail(file.error());
  if (!file->is_new && mode == Mode::kReadOnly && file->schema < schema_version() && !file->has_wal) {
    return fail(older_schema(path.string(), file->schema));
  }
  if (!file->is_new && !file->has_wal && file->schema > 0) {
    if (auto good = probe_patiently(path); !good) return fail(good.error());
  }
  auto connection = guarded<Connection>(path, "open", [&] { return open_checked(path, mode, *file); });
  if (!connection) {
    // A database that could not be made leaves nothing behind.
    std::error_code ignored;
    if (!file->existed && fs::file_size(path, ignored) == 0 && !ignored) fs::remove(path, ignored);
    return fail(connection.error());
  }
  return Store(connection->release(), path);
}

Result<Store> Store::from_bytes(std::string_view bytes, const std::string& name) {
  auto schema = check_bytes(bytes, name);
  if (!schema) return fail(schema.error());
  return guarded<Store>(name, "open", [&]() -> Result<Store> {
    Connection connection = connect_memory();
    sqlite3* const db = connection.get();
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    const int code = sqlite3_deserialize(db, "main", copy_for_memory(bytes), size, size,
                                         SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (code != SQLITE_OK) throw SqlFailure(code, sqlite3_errmsg(db), "deserialize");
    configure(db, false);
    if (*schema > 0) {
      if (auto good = check_content(db, name); !good) return fail(good.error());
    }
    migrate(db, migrations());
    execute(db, "PRAGMA query_only = ON");
    return Store(connection.release(), name);
  });
}

Status Store::save_copy(const fs::path& target) const {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    return fail(ErrorCode::kFile, fmt::format("cannot write {}: it is there already", target.string()),
                "give another path, or remove it first");
  }
  const fs::path partial = fmt::format("{}.partial-{}", target.string(), ::getpid());
  auto written = guarded<void>(target, "write a copy to", [&] {
    const WritingElsewhere writing(connection_.get());
    Statement vacuum(connection_.get(), "VACUUM INTO ?");
    vacuum.run(absolute_path(partial).string());
  });
  if (!written) {
    fs::remove(partial, ignored);
    return written;
  }
  std::error_code error;
  fs::rename(partial, target, error);
  if (error) {
    fs::remove(partial, ignored);
    return fail(ErrorCode::kFile, fmt::format("cannot write {}: {}", target.string(), error.message()),
                "check the path and the rights of its folder");
  }
  return {};
}

Result<std::string> Store::to_bytes() const {
  return guarded<std::string>(path_, "copy", [&]() -> std::string {
    const Connection memory = connect_memory();
    sqlite3_backup* backup = sqlite3_backup_init(memory.get(), "main", connection_.get(), "main");
    if (backup == nullptr) throw SqlFailure(SQLITE_ERROR, sqlite3_errmsg(memory.get()), "backup");
    sqlite3_backup_step(backup, -1);
    const int code = sqlite3_backup_finish(backup);
    if (code != SQLITE_OK) throw SqlFailure(code, sqlite3_errmsg(memory.get()), "backup");
    execute(memory.get(), "VACUUM");
    sqlite3_int64 size = 0;
    const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
        sqlite3_serialize(memory.get(), "main", &size, 0), sqlite3_free);
    if (bytes == nullptr) throw std::bad_alloc();
    return std::string(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
  });
}

}  // namespace flashcore::store
