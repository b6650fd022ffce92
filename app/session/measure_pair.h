// The use case "measure to decide": two sides are timed in turns until a verdict stands.
//
// A side is a phase of this build, another build of FlashCore (a program or its build folder) or a git
// revision, which is built apart first. Each turn is a fresh process of the side's own flashcore-profile,
// alone on the GPU: A B B A, B A A B, ...; its runs go into a database of its own for the time being and
// then, with the tags compare=<id>, side=a|b, turn=<n>, into the caller's, as soon as the turn is over. Every
// run is kept, whatever the verdict. docs/measure.md is the same for people, with when it stops and why that
// calls no more changes than one look would.
//
// Owns: its processes and a temporary folder. Threads: blocks the caller; cancel from any, what was taken
// until then is kept. Errors: kUsage for sides that are none; kNoDevice; kWrongAnswer where a side's answer
// is wrong; kTool where a revision does not build, with the end of the compiler's words. Turns that were
// taken before an error are in the database, and the hint says so.
//
//   MeasureRequest request;
//   request.base = "wmma";
//   request.now = "fused";
//   request.problems = {*core::parse_problem("mission")};
//   auto outcome = measure_pair(request, store, catalogue, cancel, [](const MeasureEvent&) {});
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "app/session/compare.h"
#include "core/cancel.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

struct MeasureRequest {
  std::string base, now;                // as typed: "wmma", "build-other", "HEAD~3", "fused@HEAD~3"
  std::vector<std::string> phases;      // of builds and revisions: which to time; of two phases: none
  std::vector<core::Problem> problems;  // none: mission
  std::optional<double> until;          // stop when every interval is this narrow (half of it), relative
  int rounds = 0;                       // of A B B A, exactly so many; 0: until decided, 20 at most
  double seconds = 0;                   // begin no round after; 0: no limit
  int iterations = 100;
  double smallest = 0.01;
  int device = 0;
  std::function<core::Result<std::vector<core::DeviceRecord>>()> devices;  // empty: this machine's
  core::Tags tags;
  std::string command;
  std::filesystem::path program;  // of this build; empty: the running program
  double turn_seconds = 1800;     // a turn that takes longer is ended by force
};

struct MeasureEvent {
  std::string text;  // "turn 7: base, fused on mission", "building 1a2b3c4"
  int turn = 0;
  std::string standing;  // the verdict so far, "FASTER by 2.1 % (1.6 to 2.6)"
  double fraction = 0;
};

struct MeasureOutcome {
  CompareOutcome compared;    // of a measurement that was cancelled before both sides ran: no pairs
  int turns = 0, rounds = 0;  // a round that was begun counts
  double seconds = 0;         // builds not counted
  std::string stopped_by;     // "every verdict stands", "--until reached", "--rounds", "cancelled", ...
  bool cancelled = false;
  core::RowId session_id = 0;  // 0: nothing was taken
  std::string id;              // of the tag compare=
  int looks = 1;               // at how many moments it might have stopped on a verdict
  double level = 0.01;         // of each of them; together at most the whole level
};

core::Result<MeasureOutcome> measure_pair(const MeasureRequest& request, store::Store& store,
                                          const analysis::Catalogue& catalogue,
                                          const core::CancelToken& cancel,
                                          const std::function<void(const MeasureEvent&)>& on_event);

// Whether the sides are sides, and what they are ("wmma of this build", "fused at 1a2b3c4 (HEAD~3)"): what
// can be refused before a database is opened. kUsage, kTool.
core::Status check_measure(const MeasureRequest& request);

}  // namespace flashcore::session
