// `report`: the page (or JSON) of a session's runs, or of those that a word names.
#include <fmt/format.h>

#include <cstdio>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/library.h"
#include "app/session/report_base.h"
#include "app/session/run_words.h"
#include "core/atomic_file.h"
#include "reports/compare_markdown.h"

namespace flashcore::cli {
namespace {

using Runs = core::Result<std::vector<analysis::RunAnalysis>>;

Runs session_runs(const Options& options, const store::Store& store, const analysis::Catalogue& catalogue,
                  const core::CancelToken& cancel) {
  auto id = options.session == 0 ? store.latest_session() : core::Result<core::RowId>(options.session);
  if (!id) return core::fail(id.error());
  if (auto known = store.read_session(*id); !known) return core::fail(known.error());
  auto runs = session::load_session(store, *id, catalogue, cancel);
  if (runs && runs->empty()) {
    return core::fail(core::ErrorCode::kUsage, fmt::format("session {} holds no runs", *id),
                      "take some: flashcore-profile, or flashcore-profile --replay");
  }
  return runs;
}

Runs asked_runs(const Options& options, const store::Store& store, const analysis::Catalogue& catalogue,
                const core::CancelToken& cancel) {
  if (options.runs.empty()) return session_runs(options, store, catalogue, cancel);
  auto named = session::named_runs(store, options.runs);
  if (!named) return core::fail(named.error());
  return session::load_runs(store, named->ids, catalogue, cancel);
}

// What has an effect only beside another option, or none at all.
core::Status check_together(const Options& options) {
  using core::ErrorCode;
  if (!options.runs.empty() && options.session != 0) {
    return core::fail(ErrorCode::kUsage, "--runs and --session both say which runs",
                      fmt::format("give one of them: --runs session:{}", options.session));
  }
  if (options.markdown && options.base.empty()) {
    return core::fail(ErrorCode::kUsage, "report writes Markdown only of a comparison",
                      "name what to compare with: --base WORD");
  }
  if (options.markdown == "-" && options.json == "-") {
    return core::fail(ErrorCode::kUsage, "--json and --markdown both go to standard output",
                      "name a file for one of them");
  }
  return {};
}

// The comparison with the base, as `compare --markdown` writes it; `out` takes what goes to standard output.
core::Status give_markdown(const Options& options, const session::ReportBase& base, std::string& out) {
  const reports::CompareView view{.result = base.outcome->result,
                                  .base_word = options.base,
                                  .now_word = options.runs.empty() ? "these runs" : options.runs,
                                  .base_sentence = base.outcome->base_sentence,
                                  .now_sentence = base.outcome->now_sentence,
                                  .smallest = options.smallest};
  const std::string text = reports::compare_markdown(view);
  if (options.markdown != "-") return core::write_file(*options.markdown, text);
  out = text;
  return {};
}

}  // namespace

int report_command(const Options& given, const core::CancelToken& cancel) {
  Options options = given;
  if (auto ok = check_together(options); !ok) return complain(ok.error());
  if (!options.report && !options.json && !options.markdown) options.report = "flashcore-report.html";
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  for (const auto& target : {options.report, options.markdown}) {
    if (auto ok = check_target(target); !ok) return complain(ok.error());
  }
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto runs = asked_runs(options, *store, *catalogue, cancel);
  if (!runs) return complain(runs.error());
  if (options.json) {
    const int code = write_json(*options.json, *runs, cancel);
    if (code != 0 || (!options.report && !options.markdown)) return code;
  }
  session::ReportBase base;  // the page points into it
  if (!options.base.empty()) {
    auto compared = session::report_base(options.base, *runs, *store, *catalogue, cancel, options.smallest);
    if (!compared) return complain(compared.error());
    base = *std::move(compared);
  }
  std::string out;
  if (options.markdown) {
    if (auto ok = give_markdown(options, base, out); !ok) return complain(ok.error());
  }
  if (!options.report) return put_output(out, 0, cancel);
  if (auto ok = session::write_report(*options.report, *runs, *catalogue, base.extras); !ok)
    return complain(ok.error());
  const std::string told = "report: " + shown_path(*options.report) + "\n";
  if (options.json != "-" && out.empty()) return put_output(told, 0, cancel);
  std::fputs(told.c_str(), stderr);
  return put_output(out, 0, cancel);
}

}  // namespace flashcore::cli
