// `compare --measure`: two sides timed in turns until a verdict stands.
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/compare_output.h"
#include "app/cli/inputs.h"
#include "app/cli/progress.h"
#include "app/session/ledger.h"
#include "app/session/measure_pair.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

// The command as a person would type it again; tags are kept apart.
std::string command_text(const Options& o) {
  const Options defaults;
  std::string text = fmt::format("flashcore-profile compare --measure {} {}", o.words.at(0), o.words.at(1));
  for (const std::string& phase : o.phases) text += " --phase " + phase;
  for (const std::string& shape : o.shapes) text += " --shape " + shape;
  if (o.causal) text += " --causal";
  if (o.until) text += fmt::format(" --until {:.6g}%", *o.until * 100);
  if (o.rounds != 0) text += fmt::format(" --rounds {}", o.rounds);
  if (o.seconds != 0) text += fmt::format(" --seconds {:.6g}", o.seconds);
  if (o.smallest != defaults.smallest) text += fmt::format(" --smallest {:.6g}%", o.smallest * 100);
  if (o.iterations != defaults.iterations) text += fmt::format(" --iters {}", o.iterations);
  if (o.device != defaults.device) text += fmt::format(" --device {}", o.device);
  return text;
}

Result<session::MeasureRequest> request_of(const Options& o) {
  if (o.anyway) {
    return fail(ErrorCode::kUsage, "--anyway is for runs that are there already, not for --measure",
                "leave it out: what is measured is comparable");
  }
  session::MeasureRequest request;
  auto problems = parse_problems(o.shapes.empty() ? std::vector<std::string>{"mission"} : o.shapes, o.causal);
  if (!problems) return fail(problems.error());
  request.problems = *std::move(problems);
  request.base = o.words.at(0);
  request.now = o.words.at(1);
  request.phases = o.phases;
  request.until = o.until;
  request.rounds = o.rounds;
  request.seconds = o.seconds;
  request.iterations = o.iterations;
  request.smallest = o.smallest;
  request.device = o.device;
  request.tags = o.tags;
  request.command = command_text(o);
  return request;
}

// "24 turns in 6 rounds, 41 s; stopped because every verdict stands"
std::string how_it_went(const session::MeasureOutcome& outcome) {
  return fmt::format("{} turns in {} round(s), {:.0f} s; stopped: {}\n", outcome.turns, outcome.rounds,
                     outcome.seconds, outcome.stopped_by);
}

std::string where_it_is(const session::MeasureOutcome& outcome, const store::Store& store) {
  if (outcome.session_id == 0) return "nothing was taken\n";
  return fmt::format("database: {} (session {}, compare={})\n", shown_path(store.path()), outcome.session_id,
                     outcome.id);
}

HowMeasured how_measured(const session::MeasureOutcome& outcome, const store::Store& store) {
  HowMeasured how;
  how.json = {{"turns", outcome.turns},
              {"rounds", outcome.rounds},
              {"seconds", outcome.seconds},
              {"stopped_by", outcome.stopped_by},
              {"cancelled", outcome.cancelled},
              {"session", outcome.session_id},
              {"compare", outcome.id},
              {"looks", outcome.looks},
              {"level_percent", outcome.level * 100}};
  how.text = how_it_went(outcome) + where_it_is(outcome, store);
  return how;
}

}  // namespace

int measure_command(const Options& options, const core::CancelToken& cancel) {
  auto request = request_of(options);
  if (!request) return complain(request.error());
  // All that can be refused is asked before a database is made.
  if (auto ok = session::check_measure(*request); !ok) return complain(ok.error());
  if (auto ok = check_compare_targets(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto path = database_to_write(options);
  if (!path) return complain(path.error());
  ProgressLine line(!options.quiet);
  session::WaitingTeller teller(tell_on(line));
  auto store = teller.open(*path, cancel);
  if (!store) return complain(store.error());
  auto outcome = session::measure_pair(*request, *store, *catalogue, cancel, tell_turns_on(line));
  line.clear();
  if (!outcome) return complain(outcome.error());
  // A stop has been obeyed; what was taken is shown all the same.
  const core::CancelToken fresh;
  const int code = give_comparison(options, outcome->compared, fresh, how_measured(*outcome, *store));
  const bool shown = code <= core::exit_code(ErrorCode::kGateFailed);
  return outcome->cancelled && shown ? core::exit_code(ErrorCode::kCancelled) : code;
}

}  // namespace flashcore::cli
