#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/library.h"
#include "reports/terminal.h"
#include "store/recording.h"

namespace flashcore::cli {

int show_command(const Options& options, const core::CancelToken& cancel) {
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto id = session::find_run(*store, options.run);
  if (!id) return complain(id.error());
  auto runs = session::load_runs(*store, {*id}, *catalogue, cancel);
  if (!runs) return complain(runs.error());
  if (options.json) return write_json(*options.json, *runs, cancel);
  return put_output(
      reports::run_details(runs->front(), *catalogue,
                           {.colour = reports::wants_colour(STDOUT_FILENO), .width = terminal_columns()}),
      0, cancel);
}

int report_command(const Options& given, const core::CancelToken& cancel) {
  Options options = given;
  if (!options.report && !options.json) options.report = "flashcore-report.html";
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  if (auto ok = check_target(options.report); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto id = options.session == 0 ? store->latest_session() : core::Result<core::RowId>(options.session);
  if (!id) return complain(id.error());
  if (auto known = store->read_session(*id); !known) return complain(known.error());
  auto runs = session::load_session(*store, *id, *catalogue, cancel);
  if (!runs) return complain(runs.error());
  if (runs->empty()) {
    return complain({core::ErrorCode::kUsage,
                     fmt::format("session {} holds no runs", *id),
                     "take some: flashcore-profile, or flashcore-profile --replay",
                     {}});
  }
  if (options.json) {
    if (const int code = write_json(*options.json, *runs, cancel); code != 0 || !options.report) return code;
  }
  if (auto ok = session::write_report(*options.report, *runs, *catalogue); !ok) return complain(ok.error());
  const std::string told = "report: " + shown_path(*options.report) + "\n";
  if (options.json != "-") return put_output(told, 0, cancel);
  std::fputs(told.c_str(), stderr);
  return 0;
}

int record_command(const Options& given, const core::CancelToken& cancel) {
  Options options = given;
  if (options.record_to == "-") options.record_to = "/dev/stdout";
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  if (auto ok = check_target(options.record_to); !ok) return complain(ok.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto runs = store->count_runs();
  if (!runs) return complain(runs.error());
  if (*runs == 0) {
    return complain({core::ErrorCode::kUsage,
                     shown_path(store->path()) + " holds no runs to record",
                     "take some first: flashcore-profile",
                     {}});
  }
  if (auto ok = store::write_recording(*store, options.record_to, cancel); !ok) return complain(ok.error());
  std::error_code ignored;
  // What went to a pipe or a device has no size any more, and standard output may be the recording itself.
  if (given.record_to == "-" || !std::filesystem::is_regular_file(options.record_to, ignored)) return 0;
  return put_output(fmt::format("recording: {} ({} bytes)\n", shown_path(options.record_to),
                                std::filesystem::file_size(options.record_to, ignored)),
                    0, cancel);
}

}  // namespace flashcore::cli
