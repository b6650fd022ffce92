// The use case "profile": subjects x problems are checked, timed and counted; every measurement is stored as
// soon as it is taken. CLI and GUI (through the worker) both call this.
//
// Places (collectors/registry.h): run by run answers are checked and times taken, in this process, which
// never loads CUPTI; when all runs are timed, counters are taken by a helper process that was started first
// and set itself up while the first answer was checked (the first timing waits for it, since its set-up works
// on the GPU). When the helper dies, what it was counting is one failed measurement, a new helper takes the
// rest, and nothing that was timed is lost. A collector that is refused falls to the next of its ladder; with
// `strict` the refusal ends the session instead.
//
// Owns: nothing beyond the call; helpers belong to the Workbench. Threads: blocks the calling thread; cancel
// from any.
// Errors: kUsage before anything is launched; kNoDevice, kDevice; kWrongAnswer is not an error of
// the call: the outcome's wrong_answers counts them. When it is cancelled or the device fails, what was
// taken until then is in the database. Where the database cannot be written any more (locked for too long,
// full), what is held goes to a database of its own, and the error says where.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "core/cancel.h"
#include "core/records.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct ProfileRequest {
  std::vector<std::string> phases{"all"};
  std::vector<core::Problem> problems;
  bool causal_only = false;             // a replay without problems: only the runs with the mask
  std::vector<std::string> collectors;  // ids of the registry; empty: those by default
  analysis::CounterSet set = analysis::CounterSet::kStandard;
  int warmup = 20;
  int iterations = 100;
  int device = 0;
  std::uint64_t seed = 0;  // of the timed inputs; checks use 0, 42, 12345
  bool strict = false;     // refused counters are an error (kPermission)
  std::string nvtx_filter;
  std::string ncu_path;
  std::vector<std::string> ncu_sets;
  bool keep_report = false;
  core::Tags tags;
  std::string command;  // for the session's row
};

// One step of the work, for a progress line or a worker's event.
struct ProfileEvent {
  enum class Kind { kSession, kRunStarted, kStep, kRunFinished, kRunSkipped, kNote };
  Kind kind = Kind::kStep;
  int run_index = 0, run_count = 0;  // of the whole request
  std::string subject, problem;      // problem: its label
  std::string step;                  // "check" or a collector's id
  int done = 0, total = 0;           // of the step
  double fraction = 0;               // of the whole request, 0 to 1; never goes back
  core::RowId session_id = 0, run_id = 0;
  std::string text;  // why skipped, what was diagnosed, what is waited for (kNote)
};
using OnEvent = std::function<void(const ProfileEvent&)>;

struct ProfileOutcome {
  core::RowId session_id = 0;
  std::vector<core::RowId> runs;
  int wrong_answers = 0;
  bool cancelled = false;
  std::optional<core::Error> counter_refusal;
  std::vector<std::string> skipped;  // "wmma on 1,1,32,64: why"
};

class Workbench;

// The ids that a list of names stands for ("all", "wmma"); kUsage with the nearest names.
core::Result<std::vector<std::string>> resolve_phases(const std::vector<std::string>& names);

// Whether profile() would begin: rules, phases, collectors and device, before a database is opened for it.
core::Status check_request(const ProfileRequest& request, Workbench& bench);

// Checks the request against rules, phases and device; takes the runs.
core::Result<ProfileOutcome> profile(const ProfileRequest& request, Workbench& bench, store::Store& store,
                                     const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                                     const OnEvent& on_event);

}  // namespace flashcore::session
