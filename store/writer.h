// Writer: the rows of sessions, runs and measurements, inside a transaction of the caller.
//
// Owns: nothing. Threads: the Store's. Errors: SqlFailure.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "store/impl.h"
#include "store/summary.h"

namespace flashcore::store {

class Writer {
 public:
  explicit Writer(Store::Impl& impl) : impl_(impl), db_(impl.db()) {}

  core::RowId session(const core::SessionRecord& session);
  // In place of those that the session had.
  void steps_of_session(core::RowId session, std::span<const core::StepRecord> steps);
  bool has(std::string_view table, core::RowId id);
  // The row of a run with its tags; measurements follow.
  core::RowId run_head(const core::RunRecord& run, core::RowId session);
  void kernels(core::RowId run, const std::vector<core::KernelRecord>& kernels);
  // Kernels that are only named by a resource or a counter.
  void nameless_kernels(core::RowId run, const core::MeasurementRecord& measurement);
  core::RowId measurement(core::RowId run, std::int64_t ordinal, const core::MeasurementRecord& measurement,
                          std::int64_t& diagnostic);
  void diagnostic(core::RowId run, std::int64_t ordinal, std::optional<core::RowId> measurement,
                  const core::DiagnosticRecord& diagnostic);
  void summary(core::RowId run, const Summary& summary);
  core::RowId whole_run(const core::RunRecord& run, core::RowId session,
                        std::vector<core::RowId>& measurements);
  Summary stored_summary(core::RowId run);

 private:
  void tags(std::string_view table, std::string_view owner, core::RowId id, const core::Tags& tags);
  void find_by_tags(core::RowId run, core::RowId session, core::RowId series, const core::RunRecord& record);
  void counters(core::RowId measurement, const std::vector<core::CounterValue>& counters);

  Store::Impl& impl_;
  sqlite3* db_;
};

}  // namespace flashcore::store
