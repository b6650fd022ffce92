// Opening: what a file is, which view of it is safe, and following it while others write.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "store/file_check.h"
#include "store/impl.h"
#include "store/migrate.h"
#include "store/schema_check.h"

namespace flashcore::store {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;

bool has_content(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

bool equal(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// Everything that must hold before a row is believed. Returns the schema.
Result<std::int64_t> check_all(sqlite3* db, const std::string& name) {
  const ReadTransaction transaction(db);
  const std::int64_t schema = query_integer(db, "PRAGMA user_version");
  if (schema > schema_version()) return fail(newer_schema(name, schema));
  if (schema < 0) return fail(damaged(name, fmt::format("its header says schema {}", schema)));
  if (schema > 0 && query_integer(db, "PRAGMA application_id") != kApplicationId) {
    return fail(damaged(name, "its header is another program's"));
  }
  if (auto good = check_schema(db, name, schema); !good) return fail(good.error());
  if (auto good = check_pages(db, name, schema); !good) return fail(good.error());
  return schema;
}

// SQLite's own look at a file at rest, through a connection that cannot change anything. Another program may
// be moving pages just now, which looks like damage for a moment; real damage stays.
Status probe(const fs::path& path) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    auto good = guarded<std::int64_t>(path, "open", [&] {
      const Connection connection = connect(path, Access::kImmutable);
      configure(connection.get(), nullptr, true);
      return check_all(connection.get(), path.string());
    });
    if (good) return {};
    if (attempt == kAttempts) return fail(good.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// A database in memory with what `source` holds, brought up to date.
Connection copied_to_memory(sqlite3* source) {
  Connection memory = connect_memory();
  configure(memory.get(), nullptr, false);
  sqlite3_backup* backup = sqlite3_backup_init(memory.get(), "main", source, "main");
  if (backup == nullptr) throw SqlFailure(SQLITE_ERROR, sqlite3_errmsg(memory.get()), "backup");
  sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) throw SqlFailure(code, sqlite3_errmsg(memory.get()), "backup");
  migrate(memory.get(), migrations());
  execute(memory.get(), "PRAGMA query_only = ON");
  return memory;
}

// For sqlite3_deserialize, which has no files and so refuses a database in WAL mode; bytes 18 and 19 of the
// header say which mode that is (1 rollback journal, 2 WAL).
void leave_wal_mode(unsigned char* bytes) {
  if (bytes[18] == 2) bytes[18] = 1;
  if (bytes[19] == 2) bytes[19] = 1;
}

// Makes or repairs what is there: a journal is played back by SQLite, a missing schema is made.
Connection open_for_writing(const fs::path& path, Patience& patience, bool create, core::Error& refusal) {
  patience.begin();
  for (int times = 0;; ++times) {
    try {
      Connection connection = connect(path, create ? Access::kCreate : Access::kReadWrite);
      sqlite3* const db = connection.get();
      // Until the schema is known to be ours, closing must not move the log into the file.
      sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      configure(db, &patience, false);
      auto schema = check_all(db, path.string());
      if (!schema) {
        refusal = schema.error();
        return nullptr;
      }
      sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
      if (*schema < schema_version()) migrate(db, migrations());
      use_wal(db, patience);
      return connection;
    } catch (const SqlFailure& failure) {
      if (!is_busy(failure) || !patience.wait(times)) throw;
    }
  }
}

// One program at a time makes a database in a folder. Where the file system has no such locks, SQLite's own
// must do. Given back by the system when the program is killed.
class FolderLock {
 public:
  FolderLock(const fs::path& file, Patience& patience) {
    const fs::path folder = absolute_path(file).parent_path();
    descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    patience.begin();
    for (int times = 0; descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; ++times) {
      if (errno != EWOULDBLOCK && errno != EINTR) return;
      if (!patience.wait(times)) throw SqlFailure(SQLITE_BUSY, "another program is making it", "create");
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  int descriptor_ = -1;
};

}  // namespace

bool FileStamp::operator==(const FileStamp& other) const noexcept {
  return device == other.device && inode == other.inode && size == other.size &&
         equal(modified, other.modified) && equal(changed, other.changed) && log == other.log;
}

FileStamp stamp_of(const fs::path& path) noexcept {
  FileStamp stamp;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return stamp;
  stamp.device = info.st_dev;
  stamp.inode = info.st_ino;
  stamp.size = info.st_size;
  stamp.modified = info.st_mtim;
  stamp.changed = info.st_ctim;
  std::error_code error;
  const auto real = fs::canonical(path, error);
  const std::string name = error ? path.string() : real.string();
  stamp.log = has_content(name + "-wal") || has_content(name + "-journal");
  return stamp;
}

Store::Impl::~Impl() {
  take(nullptr, View::kMemory, nullptr);
}

// The old connection goes first, and then what was said of it.
void Store::Impl::take(Connection fresh, View of, std::unique_ptr<OpenFiles::Live> said) noexcept {
  statements.clear();
  forget();
  if (view == View::kImmutable) OpenFiles::close(OpenFiles::key_of(path), std::move(connection));
  connection = std::move(fresh);
  live = std::move(said);
  view = of;
  ++changes;
}

// A file that no thread of this process has open is looked at first, so that one that is refused stays as it
// is. Nothing where a live view is to be opened.
Result<std::unique_ptr<OpenFiles::Live>> Store::Impl::look(bool live_only) {
  const auto held = OpenFiles::lock();
  const std::string key = OpenFiles::key_of(path);
  const FileStamp before = stamp_of(path);
  const auto nothing_yet = [&] {
    Connection empty = connect_memory();
    migrate(empty.get(), migrations());
    execute(empty.get(), "PRAGMA query_only = ON");
    take(std::move(empty), View::kPending, nullptr);
    return nullptr;
  };
  if (OpenFiles::is_live(key)) {
    if (before.size > 0) return std::make_unique<OpenFiles::Live>(key);
    // A thread of this process is making it. To open and close the file here would take that thread's locks
    // away: they are the process's, and go with the first descriptor of the file that it closes (POSIX,
    // fcntl).
    if (mode == Mode::kReadWrite) return nothing_yet();
    return fail(core::ErrorCode::kDatabase,
                "cannot read " + path.string() + ": it is being made at this moment", "try again");
  }
  auto file = check_file(path, mode);
  if (!file) return fail(file.error());
  if (file->is_new) return nothing_yet();
  const bool at_rest = !before.log && !live_only;
  if (mode == Mode::kReadWrite && at_rest) {
    if (auto good = probe(path); !good) return fail(good.error());
  }
  if (mode == Mode::kReadOnly && at_rest) {
    Connection fresh = connect(path, Access::kImmutable);
    configure(fresh.get(), nullptr, true);
    auto schema = check_all(fresh.get(), path.string());
    if (before == stamp_of(path)) {
      if (!schema) return fail(schema.error());
      const bool current = *schema == schema_version();
      if (!current) fresh = copied_to_memory(fresh.get());
      take(std::move(fresh), current ? View::kImmutable : View::kMemory, nullptr);
      stamp = before;
      return nullptr;
    }
  }
  return std::make_unique<OpenFiles::Live>(key);
}

Status Store::Impl::open(bool live_only) {
  return guarded<void>(path, "open", [&]() -> Status {
    auto said = look(live_only);
    if (!said) return fail(said.error());
    if (*said == nullptr) return {};
    if (mode == Mode::kReadOnly) {
      Connection fresh = connect(path, Access::kReadOnly);
      configure(fresh.get(), &patience, true);
      auto schema = check_all(fresh.get(), path.string());
      if (!schema) return fail(schema.error());
      const bool current = *schema == schema_version();
      if (!current) fresh = copied_to_memory(fresh.get());
      take(std::move(fresh), current ? View::kLive : View::kMemory, current ? std::move(*said) : nullptr);
    } else {
      core::Error refusal;
      Connection fresh = open_for_writing(path, patience, false, refusal);
      if (fresh == nullptr) return fail(refusal);
      take(std::move(fresh), View::kLive, std::move(*said));
    }
    stamp = stamp_of(path);
    return {};
  });
}

Status Store::Impl::follow(bool live_only) {
  if (view == View::kPending && stamp_of(path).size > 0) return open();
  if (view == View::kImmutable && (live_only || !undisturbed())) return open(true);
  return {};
}

void Store::Impl::create() {
  const FolderLock alone(path, patience);
  const bool existed = stamp_of(path).inode != 0;
  auto said = std::make_unique<OpenFiles::Live>(OpenFiles::key_of(path));
  core::Error refusal;
  try {
    Connection fresh = open_for_writing(path, patience, true, refusal);
    if (fresh == nullptr) throw UnreadableValue(refusal.message, refusal.hint);
    take(std::move(fresh), View::kLive, std::move(said));
    stamp = stamp_of(path);
  } catch (...) {
    // A database that could not be made leaves nothing behind.
    if (!existed && stamp_of(path).size == 0) ::unlink(path.c_str());
    throw;
  }
}

Status Store::Impl::adopt(unsigned char* bytes, std::size_t size, std::size_t room) {
  std::unique_ptr<unsigned char, decltype(&sqlite3_free)> owned(bytes, sqlite3_free);
  auto schema = check_bytes(std::string_view(reinterpret_cast<const char*>(bytes), size), path.string());
  if (!schema) return fail(schema.error());
  return guarded<void>(path, "open", [&]() -> Status {
    Connection fresh = connect_memory();
    sqlite3* const db = fresh.get();
    leave_wal_mode(owned.get());
    // SQLite frees the bytes, also where it fails.
    const int code = sqlite3_deserialize(db, "main", owned.release(), static_cast<sqlite3_int64>(size),
                                         static_cast<sqlite3_int64>(room),
                                         SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (code != SQLITE_OK) throw SqlFailure(code, sqlite3_errmsg(db), "deserialize");
    configure(db, nullptr, false);
    auto known = check_all(db, path.string());
    if (!known) return fail(known.error());
    if (*known < schema_version()) migrate(db, migrations());
    execute(db, "PRAGMA query_only = ON");
    take(std::move(fresh), View::kMemory, nullptr);
    return {};
  });
}

}  // namespace flashcore::store
