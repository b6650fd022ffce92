// SharedRows: rows that many runs share (environment, subject, problem, device, series, names of counters,
// tags), stored once; their ids are remembered between runs.
//
// Owns: the ids. They are void after a rollback: clear() then. Threads: the Store's. Errors: SqlFailure.
#pragma once

#include <sqlite3.h>

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/records.h"

namespace flashcore::store {

class StatementCache;

class SharedRows {
 public:
  struct Device {
    core::RowId class_id = 0;
    core::RowId id = 0;
  };

  core::RowId environment(sqlite3* db, const core::EnvironmentRecord& environment);
  core::RowId subject(sqlite3* db, const core::SubjectRecord& subject);
  core::RowId problem(sqlite3* db, const core::Problem& problem);
  Device device(sqlite3* db, const core::DeviceRecord& device);
  core::RowId series(sqlite3* db, const core::SubjectRecord& subject, std::optional<core::RowId> problem,
                     std::optional<core::RowId> device_class, std::optional<core::CacheState> cache);
  core::RowId counter_name(sqlite3* db, const std::string& name);
  core::RowId tag(sqlite3* db, const std::string& key, const std::string& value);

  void clear() noexcept;

 private:
  template <typename Record, typename Id>
  using Recent = std::vector<std::pair<Record, Id>>;
  using SeriesKey =
      std::tuple<core::SubjectKind, std::string, core::RowId, core::RowId, std::optional<core::CacheState>>;

  Recent<core::EnvironmentRecord, core::RowId> environments_;
  Recent<core::SubjectRecord, core::RowId> subjects_;
  Recent<core::DeviceRecord, Device> devices_;
  std::unordered_map<std::string, core::RowId> problems_;  // by canonical text
  std::map<SeriesKey, core::RowId> series_;
  std::unordered_map<std::string, core::RowId> counter_names_;
  std::map<std::pair<std::string, std::string>, core::RowId> tags_;
};

}  // namespace flashcore::store
