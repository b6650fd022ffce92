// The use case "profile": subjects x problems are checked, timed and counted; every measurement is stored as
// soon as it is taken. CLI and GUI (through the worker) both call this.
//
// Places (collectors/registry.h): problem by problem all phases are prepared together as far as the device's
// memory holds them, their answers are checked on both inputs, times are taken in turns (A B C C B A), and
// what the last launches left is checked once more: in this process, which never loads CUPTI. When all runs
// are timed, counters are taken by a helper process; several runs share its passes. It is begun before this
// process touches the driver, prepares the runs that it will count first while they are prepared and checked
// here, and is wholly ready before the first time is taken (timing_round.cpp says why). When the helper dies,
// a new one takes the runs of that batch one by one; the one that kills it again is one failed measurement,
// and nothing that was timed is lost. A collector that is refused falls to the next of its ladder; with
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
  core::CacheState cache = core::CacheState::kWarm;
  std::optional<core::CacheState> replay_cache;  // a replay: only the runs taken so; nothing: all of them
  int device = 0;
  std::uint64_t seed = 0;  // of the timed inputs; checks use it and kPeakedSeed
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
  std::string step;                  // "check" or a collector's id; runs that take it together are all
                                     // named in `subject`
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
  // Where the session's time went, this process and its helpers; kept with the session too.
  std::vector<core::StepRecord> steps;
};

class Workbench;

// The ids that a list of names stands for ("all", "wmma"); kUsage with the nearest names.
core::Result<std::vector<std::string>> resolve_phases(const std::vector<std::string>& names);

// Whether profile() would begin: rules, phases, collectors and device, before a database is opened for it.
// Where its time went is added to `steps`.
core::Status check_request(const ProfileRequest& request, Workbench& bench,
                           std::vector<core::StepRecord>* steps = nullptr);

// Checks the request against rules, phases and device; takes the runs. `before`: what the caller has spent on
// the request already; part of the outcome's steps.
core::Result<ProfileOutcome> profile(const ProfileRequest& request, Workbench& bench, store::Store& store,
                                     const analysis::Catalogue& catalogue, const core::CancelToken& cancel,
                                     const OnEvent& on_event,
                                     const std::vector<core::StepRecord>& before = {});

}  // namespace flashcore::session
