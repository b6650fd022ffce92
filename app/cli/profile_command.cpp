#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/progress.h"
#include "app/session/library.h"
#include "app/session/replay.h"
#include "core/atomic_file.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/terminal.h"

namespace flashcore::cli {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;
using core::Status;
using Kind = session::ProfileEvent::Kind;

// Before an hour of profiling, not after: the folder of a file to be written must be there.
Status check_target(const std::optional<std::string>& path) {
  if (!path || *path == "-") return {};
  std::filesystem::path folder = std::filesystem::path(*path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  if (const auto status = std::filesystem::status(*path, ignored);
      std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    if (::access(path->c_str(), W_OK) != 0) {
      return fail(ErrorCode::kFile, fmt::format("cannot write {}: no permission to replace it", *path),
                  "give a path that you may write to");
    }
    // A device or a pipe is written to and not replaced, so its folder does not matter.
    if (!std::filesystem::is_regular_file(status)) return {};
  }
  if (!std::filesystem::is_directory(folder, ignored)) {
    return fail(ErrorCode::kFile,
                fmt::format("cannot write {}: there is no folder {}", *path, folder.string()),
                "create the folder first, or give another path");
  }
  if (std::filesystem::is_directory(*path, ignored)) {
    return fail(ErrorCode::kFile, fmt::format("cannot write {}: it is a folder", *path),
                "give a file's name");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    return fail(ErrorCode::kFile,
                fmt::format("cannot write {}: no permission to write in {}", *path, folder.string()),
                "give a path that you may write to");
  }
  return {};
}

Result<session::ProfileOutcome> take_runs(const Options& options, session::ProfileRequest& request,
                                          store::Store& store, const analysis::Catalogue& catalogue,
                                          const core::CancelToken& cancel, std::ostream& text) {
  ProgressLine line(!options.quiet);
  const auto on_event = [&](const session::ProfileEvent& e) {
    if (e.kind == Kind::kRunSkipped) {
      line.clear();
      std::cerr << "skipped " << e.text << '\n';
    } else {
      line.show(e);
    }
  };
  if (!options.replay) {
    if (request.problems.empty()) request.problems.push_back(*core::parse_shape("mission"));
    if (options.shapes.empty()) request.problems.front().causal = options.causal;
    return session::profile(request, store, catalogue, cancel, on_event);
  }
  auto recording = session::named_recording(*options.replay);
  if (!recording) return fail(recording.error());
  auto description = session::describe_recording(*recording);
  if (!description) return fail(description.error());
  text << "This is a recording, not a measurement of this machine: " << *description << std::endl;
  return session::replay(*recording, request, store, cancel, on_event);
}

Status write_results(const Options& options, const std::vector<analysis::RunAnalysis>& runs,
                     const analysis::Catalogue& catalogue, std::ostream& text) {
  if (options.json) {
    const std::string json = reports::runs_json(runs);
    if (*options.json == "-") {
      std::cout << json << std::endl;
    } else if (auto ok = core::write_file(*options.json, json + "\n"); !ok) {
      return ok;
    }
  }
  if (options.report) {
    if (auto ok = reports::write_html_report(*options.report, runs, catalogue); !ok) return ok;
    text << "report: " << shown_path(*options.report) << '\n';
  }
  return {};
}

int exit_code_of(const session::ProfileOutcome& outcome) {
  if (outcome.cancelled) return core::exit_code(ErrorCode::kCancelled);
  if (outcome.wrong_answers > 0) return core::exit_code(ErrorCode::kWrongAnswer);
  return 0;
}

}  // namespace

int profile_command(const Options& options, const core::CancelToken& cancel) {
  // With JSON on standard output everything else that is said goes to standard error.
  std::ostream& text = options.json == "-" ? std::cerr : std::cout;
  auto request = make_request(options);
  if (!request) return complain(request.error());
  if (auto ok = session::resolve_phases(request->phases); !ok && !options.replay) return complain(ok.error());
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  for (const auto& target : {options.report, options.json}) {
    if (auto ok = check_target(target); !ok) return complain(ok.error());
  }
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_database(options, store::Mode::kReadWrite);
  if (!store) return complain(store.error());
  auto outcome = take_runs(options, *request, *store, *catalogue, cancel, text);
  if (!outcome) return complain(outcome.error());

  auto runs = session::load_runs(*store, outcome->runs, *catalogue);
  if (!runs) return complain(runs.error());
  if (!options.quiet && options.json != "-") {
    text << reports::runs_table(*runs, {.colour = ::isatty(STDOUT_FILENO) == 1, .width = terminal_columns()});
  }
  if (auto ok = write_results(options, *runs, *catalogue, text); !ok) return complain(ok.error());
  if (!options.quiet) {
    text << fmt::format("database: {} (session {})\n", store->path().string(), outcome->session_id);
  }
  if (outcome->cancelled) std::cerr << "stopped; " << outcome->runs.size() << " finished runs are kept\n";
  if (outcome->wrong_answers > 0) std::cerr << outcome->wrong_answers << " run(s) with a wrong answer\n";
  return exit_code_of(*outcome);
}

}  // namespace flashcore::cli
