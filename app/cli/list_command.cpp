#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/list_text.h"
#include "app/cli/results.h"
#include "core/atomic_file.h"
#include "reports/run_json.h"

namespace flashcore::cli {
namespace {

// Without a terminal to ask, what every terminal has.
constexpr int kPlainWidth = 80;

core::Result<Listing> list_of(const Options& options) {
  const int width = terminal_columns(kPlainWidth);
  const std::string& what = options.list_what;
  if (what == "phases") return list_phases(width);
  if (what == "shapes") return list_shapes(width);
  if (what == "collectors") return list_collectors(width);
  if (what == "devices") return list_devices(width);
  if (what == "sections") return list_sections(options, width);
  if (what == "metrics") return list_metrics(options, width);
  if (what == "counters") return list_counters(options);
  return list_runs(options, width);
}

}  // namespace

int list_command(const Options& options, const core::CancelToken& cancel) {
  if (options.list_what == "runs") {
    if (auto ok = check_files_differ(options); !ok) return complain(ok.error());
  }
  auto listing = list_of(options);
  if (!listing) return complain(listing.error());
  if (!options.json) return put_output(listing->text, 0, cancel);
  const std::string json = harmless_json(reports::dump(listing->json, 2)) + "\n";
  if (*options.json == "-") return put_output(json, 0, cancel);
  auto ok = core::write_file(*options.json, json);
  return ok ? 0 : complain(ok.error());
}

}  // namespace flashcore::cli
