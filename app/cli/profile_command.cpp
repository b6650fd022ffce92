#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/progress.h"
#include "app/cli/results.h"
#include "app/session/import.h"
#include "app/session/ledger.h"
#include "app/session/replay.h"
#include "app/session/step_clock.h"
#include "app/session/workbench.h"

namespace flashcore::cli {
namespace {

using core::fail;
using core::Result;

// A run's data and the store that has it.
struct Taken {
  session::ProfileOutcome outcome;
  store::Store store;
};

Result<store::Store> open_for(const Options& options, session::WaitingTeller& teller,
                              const core::CancelToken& cancel) {
  auto path = database_to_write(options);
  return path ? teller.open(*path, cancel) : fail(path.error());
}

core::Status check_targets(const Options& options) {
  if (auto ok = check_files_differ(options); !ok) return ok;
  for (const auto& target : {options.report, options.json}) {
    if (auto ok = check_target(target); !ok) return ok;
  }
  return {};
}

// Everything that can be refused is asked before the database is opened, so that a refusal leaves none.
Result<Taken> measure(const Options& options, session::ProfileRequest& request,
                      const analysis::Catalogue& catalogue, session::Workbench& bench,
                      const core::CancelToken& cancel, session::WaitingTeller& teller) {
  if (request.problems.empty()) {
    auto mission = parse_problems({"mission"}, options.causal);
    if (!mission) return fail(mission.error());
    request.problems = *std::move(mission);
  }
  std::vector<core::StepRecord> steps;
  if (auto ok = session::check_request(request, bench, &steps); !ok) return fail(ok.error());
  session::StepClock opening;
  auto store = [&] {
    const auto step = opening.begin("store");
    return open_for(options, teller, cancel);
  }();
  if (!store) return fail(store.error());
  steps.insert(steps.end(), opening.steps().begin(), opening.steps().end());
  auto outcome = session::profile(request, bench, *store, catalogue, cancel, teller.listener(), steps);
  bench.helpers().end(std::chrono::milliseconds(0));  // they let go while the runs are shown
  if (!outcome) return fail(outcome.error());
  return Taken{*std::move(outcome), *std::move(store)};
}

// Until helpers have let go of the GPU's counters, for whoever counts next.
constexpr std::chrono::milliseconds kEndPatience{300};

// At once. What the end of a process would give back piece by piece, contexts of the GPU above all, is left
// to the system, and a helper, which ends by itself, is not waited for. Everything is written, and the
// database is closed.
[[noreturn]] void leave(int code, std::unique_ptr<session::Workbench> bench) {
  bench->helpers().end(kEndPatience);
  (void)bench.release();  // its end would wait for the helpers'
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  std::_Exit(code);
}

Result<Taken> replay(const Options& options, const session::ProfileRequest& request,
                     const core::CancelToken& cancel, session::WaitingTeller& teller) {
  auto recording = session::named_recording(*options.replay);
  if (!recording) return fail(recording.error());
  auto source = session::ReplaySource::open(*recording, request);
  if (!source) return fail(source.error());
  (options.json == "-" ? std::cerr : std::cout)
      << "This is a recording, not a measurement of this machine: " << source->description() << std::endl;
  auto store = open_for(options, teller, cancel);
  if (!store) return fail(store.error());
  auto outcome = source->replay(request, *store, cancel, teller.listener());
  if (!outcome) return fail(outcome.error());
  return Taken{*std::move(outcome), *std::move(store)};
}

}  // namespace

int profile_command(const Options& options, const core::CancelToken& cancel) {
  auto request = make_request(options);
  if (!request) return complain(request.error());
  if (!options.replay) {
    if (auto ok = session::resolve_phases(request->phases); !ok) return complain(ok.error());
  }
  if (auto ok = check_targets(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  if (!options.idle.empty()) {
    std::cerr << fmt::format("note: runs are shown as they were recorded; without effect: {}\n",
                             fmt::join(options.idle, ", "));
  }
  auto bench = options.replay ? nullptr : session::machine_workbench(session::Requests::kOne);
  const int code = [&] {
    ProgressLine line(!options.quiet);
    session::WaitingTeller teller(tell_on(line));
    auto taken = bench ? measure(options, *request, *catalogue, *bench, cancel, teller)
                       : replay(options, *request, cancel, teller);
    line.clear();
    if (!taken) return complain(taken.error());
    return show_outcome(options, taken->outcome, taken->store, *catalogue);
  }();
  if (bench) leave(code, std::move(bench));
  return code;
}

int import_command(const Options& options, const core::CancelToken& cancel) {
  if (auto ok = check_targets(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  session::ImportRequest request;
  request.files.assign(options.import_files.begin(), options.import_files.end());
  request.ncu_path = options.ncu_path;
  request.keep_report = options.keep_report;
  request.tags = options.tags;
  request.command = "flashcore-profile import";
  for (const std::string& file : options.import_files) request.command += " " + file;
  if (auto ok = session::check_import(request); !ok) return complain(ok.error());
  ProgressLine line(!options.quiet);
  session::WaitingTeller teller(tell_on(line));
  auto store = open_for(options, teller, cancel);
  if (!store) return complain(store.error());
  auto outcome = session::import_files(request, *store, *catalogue, cancel, teller.listener());
  line.clear();
  if (!outcome) return complain(outcome.error());
  return show_outcome(options, *outcome, *store, *catalogue);
}

}  // namespace flashcore::cli
