#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/library.h"
#include "app/session/run_words.h"
#include "reports/terminal.h"
#include "reports/terminal_details.h"
#include "reports/text.h"
#include "store/recording.h"

namespace flashcore::cli {

int show_command(const Options& options, const core::CancelToken& cancel) {
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  auto named = session::named_runs(*store, options.run);
  if (!named) return complain(named.error());
  const core::RowId id = named->ids.back();
  if (named->ids.size() > 1) {
    std::fputs(fmt::format("shown is run {}, the newest of {}\n", id, reports::printable(named->sentence)).c_str(),
               stderr);
  }
  auto runs = session::load_runs(*store, {id}, *catalogue, cancel);
  if (!runs) return complain(runs.error());
  if (options.json) return write_json(*options.json, *runs, cancel);
  const reports::TerminalStyle style{.colour = reports::wants_colour(STDOUT_FILENO), .width = terminal_columns()};
  const analysis::RunAnalysis& run = runs->front();
  auto text = options.sections.empty()
                  ? core::Result<std::string>(reports::run_page(run, *catalogue, style, options.ascii))
                  : reports::run_sections(run, *catalogue, options.sections, style, options.ascii);
  return text ? put_output(*text, 0, cancel) : complain(text.error());
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
