// Store: the SQLite database that keeps every run.
//
// Owns: one connection. The file is in WAL mode with foreign keys on; its schema is that of
// docs/schema.md, brought up to date on opening by the numbered files of store/migrations.
// application_id is 0x464C4352 ("FLCR"), user_version the number of the last migration.
// Threads: one thread a Store; several Stores (processes too) may have one file open. Writers wait for one
// another: up to Waiting::limit, telling Waiting::on_wait once a second.
// Errors: ErrorCode::kDatabase with what the file is (missing folder, read-only, not a database,
// somebody else's database, damaged, newer schema) and what to do; a refused file is not touched. Error
// context begins with "busy:" where another program held the lock for the whole time.
//
//   auto store = Store::open("runs.db");
//   core::SessionRecord session = ...;
//   core::RunRecord run = ...;                          // its head: subject, problem, device
//   store->append(session, run, *timing->collect(...)); // session, run and measurement, one transaction
//   store->append(session, run, *cupti->collect(...));  // the next measurement of that run
//   auto back = store->read_run(run.id);
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/records.h"
#include "core/result.h"

struct sqlite3;

namespace flashcore::store {

enum class Mode {
  kReadWrite,  // creates the file where there is none (never its folder), with the first thing to keep
  kReadOnly,  // never creates, changes or migrates the file; an older schema is read through a copy in memory
};

struct Waiting {
  std::chrono::milliseconds limit{60'000};
  std::function<void(std::chrono::seconds so_far)> on_wait;  // "another program is writing"
  const core::CancelToken* cancel = nullptr;  // once requested, a wait ends after 2 s; outlives the Store
};

// What a list needs, without samples and counters; kept beside each run.
struct RunSummary {
  core::RowId id = 0;
  core::RowId session_id = 0;
  std::string taken_at;
  core::Origin origin = core::Origin::kLive;
  core::SubjectKind kind = core::SubjectKind::kPhase;
  std::string subject;  // "wmma"
  std::string subject_title;
  std::optional<core::LadderRecord> ladder;
  std::optional<core::Problem> problem;
  std::optional<core::CacheState> cache;
  std::string device;  // name of its class; empty where it is not known
  std::string commit;  // git_sha of the environment
  core::Answer answer = core::Answer::kUnchecked;
  // Times are missing where the answer is wrong or unchecked (core::times_are_results): no result.
  std::optional<double> graph_p50_ns;  // nearest-rank median of the graph samples
  std::optional<double> launch_p50_ns;
  std::optional<double>
      counted_ns;  // gpu__time_duration.sum (or nvbench's mean) over the kernels, where nothing was timed
  std::optional<double> clock_mhz;  // median effective SM clock of the graph samples, else of the launches
  int measurement_count = 0;
  int counter_count = 0;
  int diagnostic_count = 0;
};

// All conditions hold at once; an empty one does not count.
struct RunFilter {
  std::vector<std::string> subjects;    // any of these names
  std::vector<core::Problem> problems;  // any of these
  std::optional<core::CacheState> cache;
  std::string device_contains;  // part of the class's name, any case
  std::optional<core::RowId> session;
  core::Tags tags;            // all of them, of the run or of its session
  std::vector<std::string> commits;  // any of these, whole as environments have them (Store::commits)
  std::string since;          // taken at or after, ISO 8601 (a date alone is its midnight)
  core::RowId before_id = 0;  // for the next page: the last id of this one (only ids below it, or
                              // above it with oldest_first); 0 for the first page
  int limit = 50;             // 0: all of them
  bool oldest_first = false;  // runs of a session are read in the order taken
};

// "some" of "all": whether there are more behind the last one.
struct RunPage {
  std::vector<RunSummary> runs;  // newest first unless oldest_first
  bool more = false;
};

// What choosing among runs needs of each: which build it was, on what, with what answer.
struct RunHead {
  core::RowId id = 0;
  core::RowId series = 0;        // subject, problem, class of device and cache state together, in this file
  core::RowId device_class = 0;  // names the class in this file; 0 where it is not known
  core::Answer answer = core::Answer::kUnchecked;
  std::optional<core::CacheState> cache;
  std::string subject;
  std::string source_hash;   // of the subject; empty where there is nothing to hash
  std::string commit;        // git_sha of the environment
  std::string kernels_hash;  // of the environment
};
struct RunHeads {
  std::vector<RunHead> runs;  // newest first unless oldest_first
  bool more = false;
};

// One subject on one problem on one class of device, from caches in one state: what is compared over time.
struct Series {
  core::RowId id = 0;
  core::SubjectKind kind = core::SubjectKind::kPhase;
  std::string subject;
  std::optional<core::Problem> problem;
  std::optional<core::DeviceRecord> device;  // its class, without UUID
  std::optional<core::CacheState> cache;
};

// What is read of the measurements of many runs, where all would be too much.
struct RunPart {
  enum class Samples { kNone, kWhereNoClock, kAll };  // kWhereNoClock: of runs that have no `clock_mhz`
  Samples samples = Samples::kNone;                   // with the clock log
  bool resources = false;
  std::function<bool(std::string_view name)> counter = {};  // nothing: none
};

// A run of a series: its head as read_run() has it (but tags and diagnostics), its measurements with their
// parameters where they hold samples, and of what they hold the part that was asked for.
struct SeriesRun {
  core::RunRecord run;
  std::optional<double> graph_p50_ns, launch_p50_ns, clock_mhz;  // as stored, whatever the answer is
};

struct SessionSummary {
  core::SessionRecord session;
  int run_count = 0;
  std::string devices;  // names, joined by ", "
  std::string subjects;
};
struct SessionPage {
  std::vector<SessionSummary> sessions;  // newest first
  bool more = false;
};

class Store {
 public:
  static core::Result<Store> open(const std::filesystem::path& path, Mode mode = Mode::kReadWrite,
                                  Waiting waiting = {});

  // A database from bytes (an unpacked recording), in memory and read-only. An older schema is
  // brought up to date there; the bytes stay as they are.
  static core::Result<Store> from_bytes(std::string_view bytes, const std::string& name);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const std::filesystem::path& path() const noexcept;

  // Writes, in one transaction, the measurement and whichever of session and run has no id yet (theirs are
  // set then), brings the run's kernels, answer and summary up to date, and takes the measurement into `run`
  // (core::add_measurement). On an error nothing of it is there and neither record has changed.
  core::Status append(core::SessionRecord& session, core::RunRecord& run,
                      core::MeasurementRecord measurement);

  // Whole runs (a replay, an import), all in one transaction; sets their ids. `session` as above.
  core::Status write_runs(core::SessionRecord& session, std::span<core::RunRecord> runs);
  core::Status write_run(core::SessionRecord& session, core::RunRecord& run);

  // Where the session's time went, when it has ended; replaces what was noted before. kUsage where there is
  // no such session.
  core::Status note_steps(core::RowId session, std::span<const core::StepRecord> steps);

  // A diagnostic of a run that is stored.
  core::Status add_diagnostic(core::RowId run, const core::DiagnosticRecord& diagnostic);

  core::Result<RunPage> list_runs(const RunFilter& filter) const;
  core::Result<RunHeads> run_heads(const RunFilter& filter) const;  // as list_runs, for many runs
  core::Result<std::vector<RunHead>> run_heads(std::span<const core::RowId> ids) const;  // kUsage: one is missing
  core::Result<std::int64_t> count_runs() const;
  // The commits of environments that begin with these digits, in any case; all of them for none.
  core::Result<std::vector<std::string>> commits(std::string_view digits) const;
  // The tags of runs and sessions, "key" with "value"; those of one value where it is given. Up to `limit`.
  core::Result<std::vector<std::pair<std::string, std::string>>> tags(const std::optional<std::string>& value,
                                                                      int limit = 1000) const;
  // The run that is so many before the newest; nothing where there are fewer.
  core::Result<std::optional<core::RowId>> run_before_latest(std::int64_t back) const;
  core::Result<SessionPage> list_sessions(core::RowId before_id = 0, int limit = 50) const;
  core::Result<core::SessionRecord> read_session(core::RowId id) const;
  core::Result<core::RunRecord> read_run(core::RowId id) const;  // kUsage where there is none
  core::Result<core::RowId> latest_run() const;                  // kUsage where there are none
  core::Result<core::RowId> latest_session() const;
  core::Result<std::vector<core::DeviceRecord>> devices() const;  // one a class, without UUID
  // The series that keep the filter's subjects, problems, cache and device; its other conditions do not count.
  // By id.
  core::Result<std::vector<Series>> series(const RunFilter& filter) const;
  // Its newest `limit` runs (0: all) taken at or after `since`, oldest first; those of one second by id.
  core::Result<std::vector<SeriesRun>> series_runs(core::RowId series, const std::string& since, int limit,
                                                   const RunPart& part) const;
  // Names that occur, for filters to offer: subjects by ladder, problems.
  core::Result<std::vector<std::string>> subject_names() const;
  core::Result<std::vector<core::Problem>> problems() const;

  // Grows with every change by anybody (PRAGMA data_version): whether to read again.
  core::Result<std::int64_t> change_counter() const;
  // Whether the file under path() is still the one that is open.
  enum class FileFate { kSame, kReplaced, kDeleted };
  FileFate file_fate() const;

  // A compact copy of the whole database (VACUUM INTO), for a recording. The target must not exist.
  // Stopped by `cancel`, nothing is left of it (kCancelled).
  core::Status save_copy(const std::filesystem::path& target, const core::CancelToken& cancel = {}) const;

  // What such a copy takes, roughly: the pages that are in use.
  core::Result<std::int64_t> size_bytes() const;

  struct Impl;

 private:
  friend core::Result<Store> open_recording(const std::filesystem::path& path);
  // As from_bytes, taking bytes of sqlite3_malloc64 with `room` for so many.
  static core::Result<Store> adopt_bytes(unsigned char* bytes, std::size_t size, std::size_t room,
                                         const std::string& name);
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The schema version that this program writes: the number of the last migration.
int schema_version() noexcept;

}  // namespace flashcore::store
