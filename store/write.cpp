// Writing: what is written together is one transaction.
#include <fmt/format.h>

#include "store/impl.h"
#include "store/writer.h"

namespace flashcore::store {
namespace {

using core::RowId;

core::Error no_such(std::string_view kind, RowId id) {
  return core::Error{core::ErrorCode::kUsage,
                     fmt::format("there is no {} {} to write to", kind, id),
                     "it may have been deleted meanwhile; begin a new one",
                     {}};
}

struct Written {
  RowId session = 0;
  std::vector<RowId> runs;
  std::vector<std::vector<RowId>> measurements;  // of each run
};

}  // namespace

core::Status Store::append(core::SessionRecord& session, core::RunRecord& run,
                           core::MeasurementRecord measurement) {
  struct Ids {
    RowId session, run, measurement;
    std::vector<RowId> earlier;
  };
  auto written = impl_->writing<Ids>("write a measurement to", [&]() -> core::Result<Ids> {
    Writer writer(*impl_);
    Ids ids{session.id, run.id, 0, {}};
    if (ids.session != 0 && !writer.has("session", ids.session))
      return core::fail(no_such("session", ids.session));
    if (ids.run != 0 && !writer.has("run", ids.run)) return core::fail(no_such("run", ids.run));
    if (ids.session == 0) ids.session = writer.session(session);
    if (ids.run == 0) ids.run = writer.whole_run(run, ids.session, ids.earlier);

    // What add_measurement() decides, on a copy without the measurements: an error must change nothing.
    core::RunRecord after;
    after.kernels = run.kernels;
    after.answer = run.answer;
    core::MeasurementRecord deciding;
    deciding.kernels = measurement.kernels;
    deciding.checks = measurement.checks;
    core::add_measurement(after, std::move(deciding));
    writer.kernels(ids.run, after.kernels);
    writer.nameless_kernels(ids.run, measurement);
    {
      const Prepared update = impl_->prepare("UPDATE run SET answer = ? WHERE id = ?");
      update->run(after.answer, ids.run);
    }
    const auto next = [&](std::string_view table) {
      const Prepared select =
          impl_->prepare(fmt::format("SELECT ifnull(max(ordinal), -1) + 1 FROM {} WHERE run_id = ?", table));
      select->bind(ids.run);
      select->step();
      return select->value<std::int64_t>();
    };
    std::int64_t diagnostic = next("diagnostic");
    ids.measurement = writer.measurement(ids.run, next("measurement"), measurement, diagnostic);
    writer.summary(ids.run, writer.stored_summary(ids.run));
    return ids;
  });
  if (!written) return core::fail(written.error());
  session.id = written->session;
  run.id = written->run;
  run.session_id = written->session;
  for (std::size_t i = 0; i < written->earlier.size(); ++i) run.measurements[i].id = written->earlier[i];
  measurement.id = written->measurement;
  core::add_measurement(run, std::move(measurement));
  return {};
}

core::Status Store::write_runs(core::SessionRecord& session, std::span<core::RunRecord> runs) {
  if (runs.empty()) return {};  // a session appears with its first run
  auto written = impl_->writing<Written>("write runs to", [&]() -> core::Result<Written> {
    Writer writer(*impl_);
    Written ids;
    ids.session = session.id;
    if (ids.session != 0 && !writer.has("session", ids.session))
      return core::fail(no_such("session", ids.session));
    if (ids.session == 0) ids.session = writer.session(session);
    ids.runs.reserve(runs.size());
    ids.measurements.reserve(runs.size());
    for (const core::RunRecord& run : runs) {
      ids.runs.push_back(writer.whole_run(run, ids.session, ids.measurements.emplace_back()));
    }
    return ids;
  });
  if (!written) return core::fail(written.error());
  session.id = written->session;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].id = written->runs[i];
    runs[i].session_id = session.id;
    const std::vector<RowId>& ids = written->measurements[i];
    for (std::size_t m = 0; m < ids.size(); ++m) runs[i].measurements[m].id = ids[m];
  }
  return {};
}

core::Status Store::write_run(core::SessionRecord& session, core::RunRecord& run) {
  return write_runs(session, std::span(&run, 1));
}

core::Status Store::note_steps(RowId session, std::span<const core::StepRecord> steps) {
  return impl_->writing<void>("write the steps of a session to", [&]() -> core::Status {
    Writer writer(*impl_);
    if (!writer.has("session", session)) return core::fail(no_such("session", session));
    writer.steps_of_session(session, steps);
    return {};
  });
}

core::Status Store::add_diagnostic(RowId run, const core::DiagnosticRecord& diagnostic) {
  return impl_->writing<void>("write a diagnostic to", [&]() -> core::Status {
    Writer writer(*impl_);
    if (!writer.has("run", run)) return core::fail(no_such("run", run));
    std::int64_t ordinal = 0;
    {
      const Prepared last =
          impl_->prepare("SELECT ifnull(max(ordinal), -1) + 1 FROM diagnostic WHERE run_id = ?");
      last->bind(run);
      last->step();
      ordinal = last->value<std::int64_t>();
    }
    writer.diagnostic(run, ordinal, std::nullopt, diagnostic);
    const Prepared update =
        impl_->prepare("UPDATE run_summary SET diagnostic_count = diagnostic_count + 1 WHERE run_id = ?");
    update->run(run);
    return {};
  });
}

}  // namespace flashcore::store
