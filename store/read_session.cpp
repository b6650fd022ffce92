// Reading sessions, and the devices that occur.
#include "store/columns.h"
#include "store/read_rows.h"

namespace flashcore::store {
namespace {

using core::RowId;

// All `wanted` of them, numbered without a gap: see read.cpp.
std::vector<core::StepRecord> read_steps(Store::Impl& impl, RowId session, std::int64_t wanted) {
  const Prepared select = impl.prepare(
      fmt::format("SELECT session_id, ordinal, {} FROM session_step WHERE session_id = ? ORDER BY ordinal",
                  kStepColumns));
  select->bind(session);
  std::vector<core::StepRecord> steps;
  while (select->step()) {
    RowId said = 0;
    std::int64_t ordinal = 0;
    core::StepRecord& step = steps.emplace_back();
    select->read(said, ordinal, step_fields(step));
    expect_owner(said, session, "session_step");
    if (ordinal != static_cast<std::int64_t>(steps.size()) - 1) {
      lost(fmt::format("session {} has step {} where {} should be", session, ordinal, steps.size() - 1));
    }
  }
  if (static_cast<std::int64_t>(steps.size()) != wanted) {
    lost(fmt::format("session {} has {} steps and should have {}", session, steps.size(), wanted));
  }
  return steps;
}

}  // namespace

core::Result<core::SessionRecord> Store::read_session(RowId id) const {
  return impl_->reading<core::SessionRecord>("read a session of", [&]() -> core::Result<core::SessionRecord> {
    core::SessionRecord session;
    RowId environment = 0;
    std::int64_t steps = 0;
    {
      const Prepared select = impl_->prepare(fmt::format(
          "SELECT id, {}, environment_id, step_count FROM session WHERE id = ?", kSessionColumns));
      select->bind(id);
      if (!select->step()) return core::fail(no_such("session", id));
      select->read(session.id, session_fields(session), environment, steps);
    }
    session.tags = read_tags(*impl_, "session_tag", "session_id", id);
    session.environment = read_environment(*impl_, environment);
    session.steps = read_steps(*impl_, id, steps);
    return session;
  });
}

core::Result<std::vector<core::DeviceRecord>> Store::devices() const {
  return impl_->reading<std::vector<core::DeviceRecord>>("list the devices of", [&] {
    const Prepared select =
        impl_->prepare(fmt::format("SELECT {} FROM device_class ORDER BY id", kDeviceColumns));
    select->bind();
    std::vector<core::DeviceRecord> devices;
    while (select->step()) select->read(device_fields(devices.emplace_back()));
    return devices;
  });
}

}  // namespace flashcore::store
