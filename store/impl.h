// Store::Impl: the connection of a Store, which view of the file it has, and what is kept between calls
// (prepared statements, ids of shared rows, problems).
//
// The views:
// - kLive: SQLite's own locks and log; sees what others write.
// - kImmutable: a file at rest, read without touching anything, not even a lock file beside it. Every read
//   looks at the file before and after; where it changed meanwhile, the read is done again on a live view.
// - kMemory: a copy in memory (a recording, an older schema).
// - kPending: there is no file yet; it is made when there is something to keep.
//
// Owns: all of it. Threads: the Store's. Errors: core::Error, out of reading() and writing().
#pragma once

#include <sys/stat.h>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/connection.h"
#include "store/failure.h"
#include "store/open_files.h"
#include "store/shared_rows.h"
#include "store/statement.h"
#include "store/store.h"

namespace flashcore::store {

// A prepared statement out of the cache, made ready again when it is let go.
class Prepared {
 public:
  explicit Prepared(Statement& statement) : statement_(&statement) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { statement_->reset(); }
  Statement* operator->() const { return statement_; }

 private:
  Statement* statement_;
};

class StatementCache {
 public:
  Prepared prepare(sqlite3* connection, const std::string& sql) {
    auto& statement = statements_[sql];
    if (statement == nullptr) statement = std::make_unique<Statement>(connection, sql);
    return Prepared(*statement);
  }
  void clear() noexcept { statements_.clear(); }

 private:
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

// What a file looked like; two that are equal had no writer in between.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified{}, changed{};
  bool log = false;  // a log or journal with content lies beside it
  bool operator==(const FileStamp& other) const noexcept;
};
FileStamp stamp_of(const std::filesystem::path& path) noexcept;

struct Store::Impl {
  enum class View { kLive, kImmutable, kMemory, kPending };

  Impl(std::filesystem::path path, Mode mode, Waiting waiting)
      : path(std::move(path)), mode(mode), patience(std::move(waiting)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  std::filesystem::path path;
  Mode mode;
  Patience patience;
  std::unique_ptr<OpenFiles::Live> live;  // outlives the connection
  Connection connection;
  View view = View::kMemory;
  FileStamp stamp;
  StatementCache statements;  // behind the connection, so that they go first
  SharedRows shared;
  std::unordered_map<core::RowId, core::Problem> problems;
  std::int64_t changes = 1;
  std::int64_t data_version = 0;

  sqlite3* db() const noexcept { return connection.get(); }
  Prepared prepare(const std::string& sql) { return statements.prepare(db(), sql); }

  // Opens what check_file() has found; nothing but what is returned has changed on failure.
  core::Status open(bool live_only = false);
  core::Status adopt(unsigned char* bytes, std::size_t size, std::size_t room);  // takes `bytes`
  void take(Connection fresh, View of, std::unique_ptr<OpenFiles::Live> said) noexcept;
  core::Result<std::unique_ptr<OpenFiles::Live>> look(bool live_only);

  // Before a read: a file that has appeared or changed is opened anew.
  core::Status follow(bool live_only);
  bool undisturbed() const noexcept { return view != View::kImmutable || stamp == stamp_of(path); }
  void create();  // the file of a pending view
  void forget() noexcept {
    shared.clear();
    problems.clear();
  }

  // `work` returns T or Result<T> and sees one state of the database.
  template <typename T, typename Work>
  core::Result<T> reading(std::string_view doing, Work&& work) {
    constexpr int kAttempts = 4;
    for (int attempt = 1;; ++attempt) {
      if (auto there = follow(attempt == kAttempts); !there) return core::fail(there.error());
      auto result = guarded<T>(path, doing, [&]() -> core::Result<T> {
        const ReadTransaction transaction(db());
        return work();
      });
      if (undisturbed()) return result;
      if (attempt == kAttempts) {
        return core::fail(core::ErrorCode::kDatabase,
                          "cannot " + std::string(doing) + " " + path.string() + ": it changes all the time",
                          "try again when the program that writes it is done",
                          "busy: the file changed while it was read");
      }
    }
  }

  // `work` in one transaction; on an error nothing of it is there.
  template <typename T, typename Work>
  core::Result<T> writing(std::string_view doing, Work&& work) {
    if (mode == Mode::kReadWrite) {
      if (auto there = follow(false); !there) return core::fail(there.error());
    }
    auto result = guarded<T>(path, doing, [&]() -> core::Result<T> {
      if (mode == Mode::kReadOnly) {
        throw SqlFailure(SQLITE_READONLY, "it was opened for reading only", "");
      }
      if (view == View::kPending) create();
      Transaction transaction(db());
      auto value = attempted<T>(work);
      if (value) transaction.commit();
      return value;
    });
    if (!result) forget();  // ids that were taken in the transaction are void
    if (result) ++changes;
    return result;
  }

 private:
  template <typename T, typename Work>
  static core::Result<T> attempted(Work& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
      work();
      return {};
    } else {
      return work();
    }
  }
};

}  // namespace flashcore::store
