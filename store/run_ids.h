// RunIds: the ids of the runs that keep a filter, in order, without reading what lies between them.
//
// A filter first becomes a set of series (subject, problem, class of device, cache state: few rows). Each
// series has its runs in the order of ids in an index, and so has each tag and each session within a series;
// their heads are merged. Which of these leads is taken is decided by counting, up to a few thousand, which
// is the rarest; what the lead does not say is asked of each run that it brings. Where few runs are young
// enough for `since`, they are taken by the index over time and sorted. Commits become environments, which are
// few rows: they lead where nothing else chooses, and are asked of each run elsewhere.
//
// Owns: what it has read ahead. Threads: the Store's. Errors: SqlFailure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/impl.h"

namespace flashcore::store {

class RunIds {
 public:
  // `wanted`: how many ids the caller is going to take, for reading ahead.
  RunIds(Store::Impl& impl, const RunFilter& filter, std::size_t wanted);

  std::optional<core::RowId> next();

 private:
  enum class Table { kAll, kSeries, kSession, kTag, kEnvironment };
  struct Lead {
    Table table = Table::kAll;
    core::RowId key = 0;  // session or tag
    std::vector<core::RowId> series;  // of kEnvironment the environments
    std::int64_t size = 0;  // up to kMostCounted
  };
  struct Stream {
    core::RowId series = 0;  // of kEnvironment the environment
    core::RowId behind = 0;  // the last id that was read
    std::vector<core::RowId> ahead;
    std::size_t at = 0;
    std::size_t piece = 1;
    bool ended = false;
  };
  struct Head {
    core::RowId id;
    std::size_t stream;
  };

  bool resolve(const RunFilter& filter);
  bool resolve_commits(const RunFilter& filter);
  void choose(bool any_series);
  Lead lead(Table table, core::RowId key) const;
  std::int64_t count(const Lead& lead) const;
  bool take_young(bool any_series, std::int64_t fewer_than);
  void skip_old();
  void start(const Lead& lead);
  void refill(Stream& stream);
  void push(std::size_t stream);
  bool keeps(core::RowId id) const;
  void expect_own(core::RowId id);
  bool before(core::RowId a, core::RowId b) const { return oldest_first_ ? a < b : a > b; }

  Store::Impl& impl_;
  bool oldest_first_ = false;
  core::RowId begin_ = 0;
  core::RowId last_ = 0;  // that was given away
  std::string since_;
  std::size_t wanted_ = 1;
  std::vector<core::RowId> series_;  // sorted
  bool by_series_ = false;           // the filter leaves some series out, or might
  std::optional<core::CacheState> cache_;
  std::optional<core::RowId> session_;
  std::vector<core::RowId> tags_;
  std::optional<std::vector<core::RowId>> environments_;  // sorted
  Table table_ = Table::kAll;
  core::RowId key_ = 0;
  std::string piece_sql_;
  std::vector<Stream> streams_;
  std::vector<Head> heads_;  // a heap
};

}  // namespace flashcore::store
