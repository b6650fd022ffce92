// The use case "profile": phases x problems are checked and timed, then counted and stored. CLI and GUI
// (through the worker) both call this.
//
// Owns: nothing beyond the call. Threads: blocks the calling thread; cancel from any.
// Errors: kUsage before anything is launched; kNoDevice, kDevice; kWrongAnswer is not an error of
// the call: the outcome's wrong_answers counts them. When it is cancelled or the device fails, what was
// timed until then is in the database.
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
  bool causal_only = false;  // a replay without problems: only the runs with the mask
  bool collect_timing = true;
  bool collect_counters = true;
  analysis::CounterSet set = analysis::CounterSet::kStandard;
  int warmup = 20;
  int iterations = 100;
  int device = 0;
  std::uint64_t seed = 0;  // of the timed inputs; checks use 0, 42, 12345
  bool strict = false;     // refused counters are an error (kPermission)
  std::map<std::string, std::string> tags;
  std::string command;  // for the session's row
};

// One step of the work, for a progress line or a worker's event.
struct ProfileEvent {
  enum class Kind { kSession, kRunStarted, kStep, kRunFinished, kRunSkipped };
  Kind kind = Kind::kStep;
  int run_index = 0, run_count = 0;  // of the whole request
  std::string phase, problem;
  std::string step;         // "check", "timing", "cupti", "resources"
  int done = 0, total = 0;  // of the step
  double fraction = 0;      // of the whole request, 0 to 1; never goes back
  core::RowId session_id = 0, run_id = 0;
  std::string text;  // why skipped, what was diagnosed
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

// The ids that a list of names stands for ("all", "wmma"); kUsage with the nearest names.
core::Result<std::vector<std::string>> resolve_phases(const std::vector<std::string>& names);

// Checks the request against rules, phases and device; takes the runs.
core::Result<ProfileOutcome> profile(const ProfileRequest& request, store::Store& store,
                                     const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                                     const OnEvent& on_event);

}  // namespace flashcore::session
