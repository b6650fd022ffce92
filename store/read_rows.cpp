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

core::SubjectRecord read_subject(Store::Impl& impl, RowId id) {
  const Prepared select =
      impl.prepare("SELECT kind, name, title, rung, reference, source_hash FROM subject WHERE id = ?");
  select->bind(id);
  if (!select->step()) lost(fmt::format("subject {} is referenced but missing", id));
  core::SubjectRecord subject;
  std::optional<int> rung;
  std::optional<bool> reference;
  select->read(subject.kind, subject.name, subject.title, rung, reference, subject.source_hash);
  if (rung && reference) subject.ladder = core::LadderRecord{*rung, *reference};
  return subject;
}

core::DeviceRecord read_device_class(Store::Impl& impl, RowId id) {
  return read_row<core::DeviceRecord>(impl, "device_class", kDeviceColumns, id,
                                      [](auto& d) { return device_fields(d); });
}

core::DeviceRecord read_device(Store::Impl& impl, RowId id) {
  RowId class_id = 0;
  std::string uuid;
  {
    const Prepared select = impl.prepare("SELECT class_id, uuid FROM device WHERE id = ?");
    select->bind(id);
    if (!select->step()) lost(fmt::format("device {} is referenced but missing", id));
    select->read(class_id, uuid);
  }
  core::DeviceRecord device = read_device_class(impl, class_id);
  device.uuid = std::move(uuid);
  return device;
}

std::vector<core::KernelRecord> read_kernels(Store::Impl& impl, RowId run) {
  const Prepared select = impl.prepare(
      "SELECT run_id, ordinal, name, grid_x, grid_y, grid_z, block_x, block_y, block_z FROM kernel WHERE "
      "run_id = ? ORDER BY ordinal");
  select->bind(run);
  std::vector<core::KernelRecord> kernels;
  while (select->step()) {
    core::KernelRecord& k = kernels.emplace_back();
    RowId said = 0;
    std::optional<std::int64_t> grid[3], block[3];
    select->read(said, k.ordinal, k.name, grid[0], grid[1], grid[2], block[0], block[1], block[2]);
    expect_owner(said, run, "kernel");
    if (grid[0] && grid[1] && grid[2]) k.grid = core::Extent3{*grid[0], *grid[1], *grid[2]};
    if (block[0] && block[1] && block[2]) k.block = core::Extent3{*block[0], *block[1], *block[2]};
  }
  return kernels;
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
