// `compare`: whether the runs of one word are faster than those of another; exit 1 where any is slower, 4
// where the later side of a pair answers wrong.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/cli/commands.h"
#include "app/cli/compare_output.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/compare.h"
#include "core/atomic_file.h"
#include "reports/compare_json.h"
#include "reports/compare_markdown.h"
#include "reports/compare_text.h"
#include "reports/run_json.h"
#include "reports/text.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::Status;

// What belongs to --measure alone would be silently without effect.
Status check_needless(const Options& options) {
  const std::pair<const char*, bool> given[] = {
      {"--until", options.until.has_value()}, {"--rounds", options.rounds > 0},
      {"--seconds", options.seconds > 0},     {"--phase", !options.phases.empty()},
      {"--shape", !options.shapes.empty()},   {"--causal", options.causal},
      {"--tag", !options.tags.empty()}};
  for (const auto& [name, used] : given) {
    if (!used) continue;
    return core::fail(ErrorCode::kUsage, fmt::format("compare takes {} only with --measure", name),
                      "runs that are there are named by words: compare baseline@mission wmma@mission");
  }
  return {};
}

}  // namespace

Status check_compare_targets(const Options& options) {
  if (auto ok = check_files_differ(options); !ok) return ok;
  for (const auto& target : {options.json, options.markdown}) {
    if (auto ok = check_target(target); !ok) return ok;
  }
  if (options.json != "-" || options.markdown != "-") return {};
  return core::fail(ErrorCode::kUsage, "--json and --markdown both go to standard output",
                    "name a file for one of them");
}

int give_comparison(const Options& options, const session::CompareOutcome& outcome,
                    const core::CancelToken& cancel, const HowMeasured& how) {
  const reports::CompareView view{.result = outcome.result,
                                  .base_word = options.words.front(),
                                  .now_word = options.words.back(),
                                  .base_sentence = outcome.base_sentence,
                                  .now_sentence = outcome.now_sentence,
                                  .smallest = options.smallest,
                                  .all_metrics = options.all_metrics,
                                  .ascii = options.ascii};
  std::string out;  // for standard output
  const auto give = [&](const std::string& target, const std::string& text) -> Status {
    if (target != "-") return core::write_file(target, text);
    out = text;
    return {};
  };
  if (options.markdown) {
    const std::string below = how.text.empty() ? "" : "\n" + how.text;
    if (auto ok = give(*options.markdown, reports::compare_markdown(view) + below); !ok)
      return complain(ok.error());
  }
  if (options.json) {
    auto json = reports::comparison_json(view);
    if (!how.json.empty()) json["measured"] = how.json;
    if (auto ok = give(*options.json, harmless_json(reports::dump(json, 2)) + "\n"); !ok)
      return complain(ok.error());
  }
  // One form on standard output; where a machine's is there, people get a line on standard error.
  if (!out.empty()) {
    if (!options.quiet)
      std::fputs((reports::verdict_counts(outcome.result) + "\n" + how.text).c_str(), stderr);
  } else if (how.json.empty() || !options.quiet) {
    if (!outcome.result.all.empty())
      out = reports::compare_text(
          view, {.colour = reports::wants_colour(STDOUT_FILENO), .width = terminal_columns()});
    out += how.text;
  }
  const bool slower = outcome.result.any(analysis::Verdict::kSlower);
  int code = slower ? core::exit_code(ErrorCode::kGateFailed) : 0;
  if (!outcome.result.wrong_now.empty()) code = core::exit_code(ErrorCode::kWrongAnswer);
  return put_output(out, code, cancel);
}

int compare_command(const Options& options, const core::CancelToken& cancel) {
  if (options.measure) return measure_command(options, cancel);
  if (auto ok = check_needless(options); !ok) return complain(ok.error());
  if (auto ok = check_compare_targets(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  const session::CompareRequest request{.base = options.words.front(),
                                        .now = options.words.back(),
                                        .smallest = options.smallest,
                                        .anyway = options.anyway};
  auto outcome = session::compare(request, *store, *catalogue, cancel);
  if (!outcome) return complain(outcome.error());
  return give_comparison(options, *outcome, cancel);
}

}  // namespace flashcore::cli
