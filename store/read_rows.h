// What the readers of runs and of sessions share: rows that are stored once, tags, and the sentences for what
// is damaged or not there.
//
// Owns: nothing. Threads: the Store's. Errors: SqlFailure, UnreadableValue.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/records.h"
#include "core/result.h"
#include "store/impl.h"

namespace flashcore::store {

[[noreturn]] void lost(std::string how);

void expect_owner(core::RowId said, core::RowId wanted, std::string_view table);

core::Error no_such(std::string_view kind, core::RowId id);

// The row `id` of a table whose rows are stored once.
template <typename Record, typename Fields>
Record read_row(Store::Impl& impl, std::string_view table, std::string_view columns, core::RowId id,
                Fields fields) {
  const Prepared select = impl.prepare(fmt::format("SELECT {} FROM {} WHERE id = ?", columns, table));
  select->bind(id);
  if (!select->step()) lost(fmt::format("{} {} is referenced but missing", table, id));
  Record record;
  select->read(fields(record));
  return record;
}

core::EnvironmentRecord read_environment(Store::Impl& impl, core::RowId id);

core::SubjectRecord read_subject(Store::Impl& impl, core::RowId id);
core::DeviceRecord read_device_class(Store::Impl& impl, core::RowId id);  // without UUID
core::DeviceRecord read_device(Store::Impl& impl, core::RowId id);
std::vector<core::KernelRecord> read_kernels(Store::Impl& impl, core::RowId run);

core::Tags read_tags(Store::Impl& impl, std::string_view table, std::string_view owner, core::RowId id);

}  // namespace flashcore::store
