#include "app/session/ledger.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace flashcore::session {
namespace {

using core::Error;
using core::ErrorCode;
using core::fail;
using core::Status;

// "20260131T120000": fit for a file's name.
std::string compact_now() {
  std::string text = core::utc_now();
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  return text;
}

std::vector<std::filesystem::path> rescue_places(const std::filesystem::path& database) {
  const std::string name =
      fmt::format("{}.rescue-{}-{}.db", database.stem().string(), compact_now(), ::getpid());
  std::error_code error;
  std::vector<std::filesystem::path> places{database.parent_path() / name};
  if (const auto folder = std::filesystem::temp_directory_path(error); !error)
    places.push_back(folder / name);
  return places;
}

}  // namespace

Status Ledger::keep(core::RunRecord& run, core::MeasurementRecord measurement) {
  auto ok = store_.append(session_, run, measurement);
  if (ok) return ok;
  core::RunRecord held = run;
  core::add_measurement(held, std::move(measurement));
  return fail(rescue_runs(store_.path(), session_, {std::move(held)}, ok.error()));
}

Status Ledger::note(const core::RunRecord& run, const core::DiagnosticRecord& diagnostic) {
  if (run.id == 0) return {};
  return store_.add_diagnostic(run.id, diagnostic);
}

Error rescue_runs(const std::filesystem::path& database, core::SessionRecord session,
                  std::vector<core::RunRecord> runs, const Error& why) {
  session.id = 0;
  for (core::RunRecord& run : runs) {
    run.id = run.session_id = 0;
    for (auto& measurement : run.measurements) measurement.id = 0;
  }
  const std::string held = runs.size() == 1 ? "the run that was held" : "the runs that were held";
  Error told = why;
  for (const auto& place : rescue_places(database)) {
    auto store = store::Store::open(place);
    if (store && store->write_runs(session, runs)) {
      told.message += fmt::format("; {} {} in {}", held, runs.size() == 1 ? "is" : "are", place.string());
      told.hint += fmt::format("{}look at it with --db {}", told.hint.empty() ? "" : "; ", place.string());
      return told;
    }
    std::error_code ignored;
    if (store) std::filesystem::remove(place, ignored);
  }
  told.message += fmt::format("; {} could be written nowhere", held);
  return told;
}

core::Result<store::Store> WaitingTeller::open(const std::filesystem::path& database,
                                               const core::CancelToken& cancel) {
  store::Waiting waiting;
  waiting.cancel = &cancel;
  waiting.on_wait = [this, name = database.string()](std::chrono::seconds so_far) {
    ProfileEvent note = last_;
    note.kind = ProfileEvent::Kind::kNote;
    note.step = kWaitingStep;
    note.text = fmt::format("another program is writing to {} ({} s)", name, so_far.count());
    if (on_event_) on_event_(note);
  };
  auto store = store::Store::open(database, store::Mode::kReadWrite, std::move(waiting));
  if (!store && cancel.requested()) return fail(ErrorCode::kCancelled, "stopped; nothing was written");
  return store;
}

OnEvent WaitingTeller::listener() {
  return [this](const ProfileEvent& event) {
    last_ = event;
    if (on_event_) on_event_(event);
  };
}

}  // namespace flashcore::session
