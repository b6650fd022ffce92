// Ledger: where the measurements of one session go, each as soon as it is taken. Where the database cannot
// take one any more (locked for the whole wait, full, gone), the run with all that is held of it goes to a
// database of its own, beside the first or in the folder for temporary files.
//
// Owns: the session's record; not the store. Threads: one. Errors: those of the store, with where the held
// run went to.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/session/profile.h"
#include "core/records.h"
#include "store/store.h"

namespace flashcore::session {

class Ledger {
 public:
  Ledger(store::Store& store, core::SessionRecord session) : store_(store), session_(std::move(session)) {}

  // The session's and the run's rows are written with their first measurement: nothing empty is left.
  core::Status keep(core::RunRecord& run, core::MeasurementRecord measurement);

  // On a run that is stored; where there is no row of it yet, there is nothing to note it on.
  core::Status note(const core::RunRecord& run, const core::DiagnosticRecord& diagnostic);

  const core::SessionRecord& session() const { return session_; }

 private:
  store::Store& store_;
  core::SessionRecord session_;
};

// Runs that `database` did not take go to a database of their own, beside it or in the folder for temporary
// files; `why`, with where they are, or that they are nowhere.
core::Error rescue_runs(const std::filesystem::path& database, core::SessionRecord session,
                        std::vector<core::RunRecord> runs, const core::Error& why);

// ProfileEvent::step of a note that says what the database waits for.
inline constexpr std::string_view kWaitingStep = "database";

// A store to write to that tells `on_event` (kNote, with the fraction told last) while it waits for another
// program; the wrapped listener is what the use case must be given.
class WaitingTeller {
 public:
  explicit WaitingTeller(OnEvent on_event) : on_event_(std::move(on_event)) {}
  WaitingTeller(const WaitingTeller&) = delete;
  WaitingTeller& operator=(const WaitingTeller&) = delete;
  // `cancel` ends a wait and must outlive the store; kCancelled where it did so here.
  core::Result<store::Store> open(const std::filesystem::path& database, const core::CancelToken& cancel);
  OnEvent listener();

 private:
  OnEvent on_event_;
  ProfileEvent last_;
};

}  // namespace flashcore::session
