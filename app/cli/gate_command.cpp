// `gate`: runs against a file of limits, as table, JSON, JUnit XML and Markdown; exit 1 where one is broken.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/gate.h"
#include "core/atomic_file.h"
#include "reports/gate_json.h"
#include "reports/gate_junit.h"
#include "reports/gate_markdown.h"
#include "reports/gate_text.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::Status;

// Before anything is judged: what is to be written must be writable, one thing at a time to standard output.
Status check_outputs(const Options& options) {
  if (auto ok = check_files_differ(options); !ok) return ok;
  int to_standard_output = 0;
  for (const auto& target : {options.junit, options.json, options.markdown}) {
    if (!target) continue;
    if (*target == "-") ++to_standard_output;
    if (auto ok = *target == "-" ? Status{} : check_target(target); !ok) return ok;
  }
  if (to_standard_output < 2) return {};
  return core::fail(ErrorCode::kUsage, "two of --junit, --json and --markdown go to standard output",
                    "name a file for one of them");
}

}  // namespace

int gate_command(const Options& options, const core::CancelToken& cancel) {
  if (auto ok = check_outputs(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto outcome =
      session::check_gates(options.gate_file, options.runs, *store, *catalogue, options.smallest, cancel);
  if (!outcome) return complain(outcome.error());
  const reports::GateView view{outcome->file, outcome->result, outcome->runs_sentence, options.strict};

  std::string out;  // for standard output
  const auto give = [&](const std::optional<std::string>& target, const std::string& text) -> Status {
    if (target != "-") return core::write_file(*target, text);
    out = text;
    return {};
  };
  if (options.junit) {
    if (auto ok = give(options.junit, reports::gate_junit(view)); !ok) return complain(ok.error());
  }
  if (options.markdown) {
    if (auto ok = give(options.markdown, reports::gate_markdown(view)); !ok) return complain(ok.error());
  }
  if (options.json) {
    if (auto ok = give(options.json, harmless_json(reports::gate_json(view))); !ok)
      return complain(ok.error());
  }
  // One form on standard output; where a machine's is there, people get a line on standard error.
  if (out.empty()) {
    out = reports::gate_text(view,
                             {.colour = reports::wants_colour(STDOUT_FILENO), .width = terminal_columns()});
  } else {
    std::fputs(fmt::format("{}; {}\n", reports::gate_headline(view), reports::gate_outcome(view)).c_str(),
               stderr);
  }
  const int verdict = outcome->result.passed(options.strict) ? 0 : core::exit_code(ErrorCode::kGateFailed);
  return put_output(out, verdict, cancel);
}

}  // namespace flashcore::cli
