// Store: the SQLite database that keeps every run.
//
// Owns: one connection. The file is in WAL mode with foreign keys on; its schema is that of
// docs/schema.md, brought up to date on opening by the numbered files of store/migrations.
// application_id is 0x464C4352 ("FLCR"), user_version the number of the last migration.
// Threads: one thread a Store; several Stores (processes too) may have one file open, writers
// wait for one another up to five seconds.
// Errors: ErrorCode::kDatabase with what the file is (missing folder, read-only, not a database,
// somebody else's database, damaged, newer schema) and what to do; a refused file is not touched.
//
//   auto store = Store::open("runs.db");
//   auto session = store->begin_session(record);   // a session row
//   auto run = store->write_run(*session, record); // one transaction
//   auto back = store->read_run(*run);
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/records.h"
#include "core/result.h"

struct sqlite3;

namespace flashcore::store {

enum class Mode {
  kReadWrite,  // creates the file where there is none (never its folder)
  kReadOnly,   // never creates, never migrates; an older schema is refused with the remedy
};

// What a list needs, without samples and counters.
struct RunSummary {
  core::RowId id = 0;
  core::RowId session_id = 0;
  std::string taken_at;
  std::string phase;
  std::string phase_title;
  int rung = 0;
  bool reference = false;
  core::Problem problem;
  std::string device;
  core::Origin origin = core::Origin::kLive;
  bool checked = false;  // has correctness rows
  bool correct = false;
  std::optional<double> graph_p50_ns;  // nearest-rank median of the graph samples
  std::optional<double> launch_p50_ns;
  int counter_count = 0;
};

struct SessionSummary {
  core::SessionRecord session;
  int run_count = 0;
  std::string devices;  // names, joined by ", "
  std::string phases;
};

class Store {
 public:
  static core::Result<Store> open(const std::filesystem::path& path, Mode mode = Mode::kReadWrite);

  // A database from bytes (an unpacked recording), in memory and read-only. An older schema is
  // brought up to date there; the bytes stay as they are.
  static core::Result<Store> from_bytes(std::string_view bytes, const std::string& name);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const std::filesystem::path& path() const noexcept { return path_; }

  core::Result<core::RowId> begin_session(const core::SessionRecord& session);
  // Everything of a run in one transaction; on an error nothing of it is there.
  core::Result<core::RowId> write_run(core::RowId session, const core::RunRecord& run);

  core::Result<std::vector<SessionSummary>> sessions() const;                // newest first
  core::Result<std::vector<RunSummary>> runs() const;                        // newest first
  core::Result<std::vector<RunSummary>> runs_of(core::RowId session) const;  // in order taken
  core::Result<core::SessionRecord> read_session(core::RowId id) const;
  core::Result<core::RunRecord> read_run(core::RowId id) const;  // kUsage where there is none
  core::Result<std::vector<core::DeviceRecord>> devices() const;

  // A compact copy of the whole database (VACUUM INTO), for a recording. The target must not exist.
  core::Status save_copy(const std::filesystem::path& target) const;

  // The same copy as bytes; from_bytes() opens it again.
  core::Result<std::string> to_bytes() const;

 private:
  Store(sqlite3* connection, std::filesystem::path path);
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  std::unique_ptr<sqlite3, Close> connection_;
  std::filesystem::path path_;
};

// The schema version that this program writes: the number of the last migration.
int schema_version() noexcept;

}  // namespace flashcore::store
