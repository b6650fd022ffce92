#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/session/library.h"
#include "core/atomic_file.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/terminal.h"
#include "store/recording.h"

namespace flashcore::cli {
namespace {

core::Status write_json(const std::string& path, const std::vector<analysis::RunAnalysis>& runs) {
  const std::string json = reports::runs_json(runs) + "\n";
  if (path != "-") return core::write_file(path, json);
  std::cout << json << std::flush;
  return {};
}

core::Result<core::RowId> newest_session(const store::Store& store) {
  auto sessions = store.sessions();
  if (!sessions) return core::fail(sessions.error());
  if (sessions->empty()) {
    return core::fail(core::ErrorCode::kUsage, store.path().string() + " holds no runs yet",
                      "take some: flashcore-profile, or flashcore-profile --replay");
  }
  return sessions->front().session.id;
}

}  // namespace

int show_command(const Options& options) {
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_database(options, store::Mode::kReadOnly);
  if (!store) return complain(store.error());
  auto runs = session::load_runs(*store, {options.run}, *catalogue);
  if (!runs) return complain(runs.error());
  if (options.json) {
    auto ok = write_json(*options.json, *runs);
    return ok ? 0 : complain(ok.error());
  }
  std::cout << reports::run_details(runs->front(), *catalogue,
                                    {.colour = ::isatty(STDOUT_FILENO) == 1, .width = terminal_columns()});
  return 0;
}

int report_command(const Options& given) {
  Options options = given;
  if (!options.report && !options.json) options.report = "flashcore-report.html";
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_database(options, store::Mode::kReadOnly);
  if (!store) return complain(store.error());
  core::RowId id = options.session;
  if (id == 0) {
    auto newest = newest_session(*store);
    if (!newest) return complain(newest.error());
    id = *newest;
  }
  if (auto known = store->read_session(id); !known) return complain(known.error());
  auto runs = session::load_session(*store, id, *catalogue);
  if (!runs) return complain(runs.error());
  if (options.json) {
    if (auto ok = write_json(*options.json, *runs); !ok) return complain(ok.error());
    if (!options.report) return 0;
  }
  const std::string& path = *options.report;
  if (auto ok = reports::write_html_report(path, *runs, *catalogue); !ok) return complain(ok.error());
  (options.json == "-" ? std::cerr : std::cout) << "report: " << shown_path(path) << '\n';
  return 0;
}

int record_command(const Options& options) {
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto store = open_database(options, store::Mode::kReadOnly);
  if (!store) return complain(store.error());
  if (auto ok = store::write_recording(*store, options.record_to); !ok) return complain(ok.error());
  std::error_code ignored;
  std::cout << "recording: " << options.record_to << " ("
            << std::filesystem::file_size(options.record_to, ignored) << " bytes)\n";
  return 0;
}

}  // namespace flashcore::cli
