#include <fmt/format.h>
#include <unistd.h>

#include <deque>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/compare.h"
#include "core/atomic_file.h"
#include "reports/text.h"
#include "reports/why_json.h"
#include "reports/why_text.h"

namespace flashcore::cli {
namespace {

// The pairs of a comparison with the splits that their views point to.
struct Explained {
  std::deque<analysis::Why> whys;
  std::vector<reports::WhyView> views;
};

std::string run_text(const analysis::RunAnalysis& run) {
  return fmt::format("run {}, {}", run.run.id, analysis::run_label(run.run));
}

core::Result<Explained> explain(const session::CompareOutcome& outcome, const core::CancelToken& cancel) {
  Explained explained;
  for (const analysis::Comparison& pair : outcome.result.all) {
    if (cancel.requested()) return core::fail(core::ErrorCode::kCancelled, "stopped");
    const analysis::RunAnalysis* base = session::representative(pair.base);
    const analysis::RunAnalysis* now = session::representative(pair.now);
    if (base == nullptr || now == nullptr) continue;
    explained.whys.push_back(analysis::why(*base, *now));
    explained.views.push_back({.why = explained.whys.back(),
                               .label = pair.label,
                               .verdict = pair.verdict,
                               .verdict_sentence = pair.sentence,
                               .base_run = run_text(*base),
                               .now_run = run_text(*now),
                               .base_id = base->run.id,
                               .now_id = now->run.id});
  }
  return explained;
}

std::vector<std::string> all_notes(const analysis::Comparisons& result) {
  std::vector<std::string> notes = result.notes;
  for (const analysis::Comparison& pair : result.all)
    notes.insert(notes.end(), pair.notes.begin(), pair.notes.end());
  for (const std::string& run : result.only_base) notes.push_back(fmt::format("only in the base: {}", run));
  for (const std::string& run : result.only_now) notes.push_back(fmt::format("only in the later runs: {}", run));
  return notes;
}

}  // namespace

int why_command(const Options& options, const core::CancelToken& cancel) {
  if (options.words.size() != 2) {
    return complain({core::ErrorCode::kUsage,
                     "why takes two words for runs: the base and what is now",
                     "flashcore-profile why baseline@mission wmma@mission",
                     {}});
  }
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  const auto outcome = session::compare({.base = options.words[0],
                                         .now = options.words[1],
                                         .smallest = options.smallest,
                                         .anyway = options.anyway},
                                        *store, *catalogue, cancel);
  if (!outcome) return complain(outcome.error());
  const auto explained = explain(*outcome, cancel);
  if (!explained) return complain(explained.error());
  const std::vector<std::string> notes = all_notes(outcome->result);
  if (options.json) {
    const std::string json = harmless_json(reports::why_json(explained->views, notes)) + "\n";
    if (*options.json == "-") return put_output(json, 0, cancel);
    const auto written = core::write_file(*options.json, json);
    return written ? 0 : complain(written.error());
  }
  const reports::TerminalStyle style{.colour = reports::wants_colour(STDOUT_FILENO),
                                     .width = terminal_columns()};
  std::string text;
  for (const reports::WhyView& view : explained->views) {
    if (!text.empty()) text += "\n";
    text += reports::why_text(view, style, options.ascii);
  }
  for (const std::string& note : notes)
    text += fmt::format("\nnote: {}", reports::wrap(reports::printable(note), style.width, 6, 6));
  if (!notes.empty()) text += "\n";
  return put_output(text, 0, cancel);
}

}  // namespace flashcore::cli
