#include "app/cli/results.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/steps_text.h"
#include "app/session/library.h"
#include "app/session/step_clock.h"
#include "core/atomic_file.h"
#include "reports/json.h"
#include "reports/terminal.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;

int exit_code_of(const session::ProfileOutcome& outcome) {
  if (outcome.cancelled) return core::exit_code(ErrorCode::kCancelled);
  if (outcome.wrong_answers > 0) return core::exit_code(ErrorCode::kWrongAnswer);
  return 0;
}

}  // namespace

std::string harmless_json(std::string json) {
  std::string text;
  text.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return i + k < json.size() ? static_cast<unsigned>(static_cast<unsigned char>(json[i + k])) : 0U;
    };
    unsigned code = 0, bytes = 1;
    if (at(0) == 0x7F) {
      code = at(0);
    } else if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) < 0xA0) {
      code = at(1);
      bytes = 2;
    } else if (at(0) == 0xE2 && (at(1) == 0x80 || at(1) == 0x81)) {
      code = 0x2000 + ((at(1) & 0x3F) << 6) + (at(2) & 0x3F);
      bytes = 3;
      const bool steers = (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
                          (code >= 0x2066 && code <= 0x2069);
      if (!steers) code = 0;
    }
    if (code == 0) {
      text += json[i];
      continue;
    }
    text += fmt::format("\\u{:04x}", code);
    i += bytes - 1;
  }
  return text;
}

int write_json(const std::string& path, const std::vector<analysis::RunAnalysis>& runs,
               const core::CancelToken& cancel) {
  const std::string json = harmless_json(reports::runs_json(runs)) + "\n";
  if (path == "-") return put_output(json, 0, cancel);
  auto ok = core::write_file(path, json);
  return ok ? 0 : complain(ok.error());
}

int show_outcome(const Options& options, const session::ProfileOutcome& outcome, const store::Store& store,
                 const analysis::Catalogue& catalogue) {
  // A stop that was asked for while runs were taken has been obeyed; what is finished is shown all the same.
  const core::CancelToken fresh;
  session::StepClock clock;
  auto runs = [&] {
    const auto step = clock.begin("read and analyse");
    return session::load_runs(store, outcome.runs, catalogue);
  }();
  if (!runs) return complain(runs.error());
  const bool json_out = options.json == "-";
  std::string text;
  if (!options.quiet && !json_out && !runs->empty()) {
    const auto step = clock.begin("table");
    text += reports::runs_table(
        *runs, {.colour = reports::wants_colour(STDOUT_FILENO), .width = terminal_columns()});
  }
  if (options.json) {
    if (const int code = write_json(*options.json, *runs, fresh); code != 0) return code;
  }
  if (options.report && !runs->empty()) {
    const auto step = clock.begin("report");
    if (auto ok = session::write_report(*options.report, *runs, catalogue); !ok) return complain(ok.error());
    text += "report: " + shown_path(*options.report) + "\n";
  }
  if (!options.quiet && outcome.session_id != 0) {
    text += fmt::format("database: {} (session {})\n", shown_path(store.path()), outcome.session_id);
  }
  int code = 0;
  if (json_out) {
    std::cerr << text;  // with JSON on standard output everything else that is said goes to standard error
  } else {
    code = put_output(text, 0, fresh);
  }
  if (options.verbose) std::cerr << steps_text(outcome.steps, *runs, clock.steps(), terminal_columns());
  if (outcome.cancelled) std::cerr << "stopped; " << outcome.runs.size() << " runs are kept\n";
  if (outcome.wrong_answers > 0) std::cerr << outcome.wrong_answers << " run(s) with a wrong answer\n";
  return code != 0 ? code : exit_code_of(outcome);
}

}  // namespace flashcore::cli
