#include "store/read_rows.h"

#include "store/columns.h"

namespace flashcore::store {

using core::RowId;

void lost(std::string how) {
  throw UnreadableValue(
      fmt::format("it is damaged: {}", how),
      "restore it from a copy; sqlite3's integrity_check says more. The file was not changed");
}

void expect_owner(RowId said, RowId wanted, std::string_view table) {
  if (said != wanted)
    lost(fmt::format("a row of {} is {}'s and lies among those of {}", table, said, wanted));
}

core::Error no_such(std::string_view kind, RowId id) {
  return core::Error{core::ErrorCode::kUsage,
                     fmt::format("there is no {} {}", kind, id),
                     fmt::format("flashcore-profile list {}s shows what there is", kind),
                     {}};
}

core::EnvironmentRecord read_environment(Store::Impl& impl, RowId id) {
  return read_row<core::EnvironmentRecord>(impl, "environment", kEnvironmentColumns, id,
                                           [](auto& e) { return environment_fields(e); });
}

core::Tags read_tags(Store::Impl& impl, std::string_view table, std::string_view owner, RowId id) {
  const Prepared select =
      impl.prepare(fmt::format("SELECT {1}, key, value FROM {0} WHERE {1} = ?", table, owner));
  select->bind(id);
  core::Tags tags;
  while (select->step()) {
    RowId said = 0;
    std::string key, value;
    select->read(said, key, value);
    expect_owner(said, id, table);
    tags.emplace(std::move(key), std::move(value));
  }
  return tags;
}

}  // namespace flashcore::store
