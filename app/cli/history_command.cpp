#include <unistd.h>

#include <algorithm>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/results.h"
#include "app/session/history.h"
#include "core/atomic_file.h"
#include "reports/history_json.h"
#include "reports/history_text.h"

namespace flashcore::cli {
namespace {

core::Result<session::HistoryRequest> request_of(const Options& options) {
  session::HistoryRequest request;
  if (std::find(options.phases.begin(), options.phases.end(), "all") == options.phases.end())
    request.subjects = options.phases;
  auto problems = parse_problems(options.shapes, options.causal);
  if (!problems) return core::fail(problems.error());
  request.problems = *std::move(problems);
  request.metric = options.metric;
  if (options.cache) request.cache = options.cache;
  request.device_contains = options.device_name;
  request.since = options.since;
  request.limit = options.limit;
  request.options.smallest = options.smallest;
  return request;
}

}  // namespace

int history_command(const Options& options, const core::CancelToken& cancel) {
  if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  auto request = request_of(options);
  if (!request) return complain(request.error());
  auto catalogue = open_catalogue(options);
  if (!catalogue) return complain(catalogue.error());
  auto store = open_to_read(options);
  if (!store) return complain(store.error());
  const auto histories = session::histories(*request, *store, *catalogue, cancel);
  if (!histories) return complain(histories.error());
  if (options.json) {
    const std::string json = harmless_json(reports::histories_json(*histories)) + "\n";
    if (*options.json == "-") return put_output(json, 0, cancel);
    const auto written = core::write_file(*options.json, json);
    return written ? 0 : complain(written.error());
  }
  const reports::TerminalStyle style{.colour = reports::wants_colour(STDOUT_FILENO),
                                     .width = terminal_columns()};
  return put_output(reports::histories_text(*histories, style, options.ascii), 0, cancel);
}

}  // namespace flashcore::cli
