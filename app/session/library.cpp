#include "app/session/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "core/nearest.h"
#include "reports/html.h"

namespace flashcore::session {
namespace {

using core::ErrorCode;
using core::fail;
using core::Result;

// The folder of the running program; Linux names it in /proc.
std::filesystem::path program_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path(".") : program.parent_path();
}

}  // namespace

Result<std::vector<analysis::RunAnalysis>> load_runs(const store::Store& store,
                                                     const std::vector<core::RowId>& ids,
                                                     const analysis::Catalogue& catalogue,
                                                     const core::CancelToken& cancel) {
  std::vector<analysis::RunAnalysis> runs;
  runs.reserve(ids.size());
  for (const core::RowId id : ids) {
    if (cancel.requested()) return fail(ErrorCode::kCancelled, "stopped");
    auto run = store.read_run(id);
    if (!run) return fail(run.error());
    runs.push_back(analysis::analyse(std::move(*run), catalogue));
  }
  return runs;
}

Result<std::vector<analysis::RunAnalysis>> load_session(const store::Store& store, core::RowId session,
                                                        const analysis::Catalogue& catalogue,
                                                        const core::CancelToken& cancel) {
  std::vector<core::RowId> ids;
  store::RunFilter filter;
  filter.session = session;
  filter.limit = 1000;
  for (bool more = true; more;) {
    auto page = store.list_runs(filter);
    if (!page) return fail(page.error());
    more = page->more && !page->runs.empty();
    for (const auto& run : page->runs) ids.push_back(run.id);
    if (!ids.empty()) filter.before_id = ids.back();
  }
  std::reverse(ids.begin(), ids.end());  // in the order taken
  return load_runs(store, ids, catalogue, cancel);
}

core::Status write_report(const std::filesystem::path& path, const std::vector<analysis::RunAnalysis>& runs,
                          const analysis::Catalogue& catalogue, reports::ReportExtras extras) {
  if (auto ok = check_not_of_a_database(path); !ok) return ok;
  if (runs.empty()) {
    return fail(ErrorCode::kUsage, "there are no runs to report",
                "take some: flashcore-profile, or --replay");
  }
  reports::HtmlOptions options;
  options.extras = std::move(extras);
  return reports::write_html_report(path, runs, catalogue, options);
}

core::Status check_not_of_a_database(const std::filesystem::path& path) {
  for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
    const std::string name = path.string();
    if (!name.ends_with(suffix)) continue;
    std::error_code ignored;
    const std::filesystem::path database = name.substr(0, name.size() - suffix.size());
    if (!std::filesystem::is_regular_file(database, ignored)) continue;
    return fail(ErrorCode::kUsage, fmt::format("{} belongs to the database {}", name, database.string()),
                "give the file another name");
  }
  return {};
}

Result<std::filesystem::path> default_database_path() {
  std::filesystem::path base;
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg != nullptr && *xdg == '/') {
    base = xdg;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    base = std::filesystem::path(home) / ".local/share";
  } else {
    return fail(ErrorCode::kDatabase,
                "there is no place for the default database: neither XDG_DATA_HOME nor HOME is set",
                "name a database: --db FILE");
  }
  return base / "flashcore/runs.db";
}

Result<std::filesystem::path> default_database() {
  auto path = default_database_path();
  if (!path) return path;
  std::error_code error;
  std::filesystem::create_directories(path->parent_path(), error);
  if (error) {
    return fail(ErrorCode::kDatabase,
                fmt::format("cannot create {}: {}", path->parent_path().string(), error.message()),
                "name a database that you may write: --db FILE");
  }
  return path;
}

std::filesystem::path data_folder() {
  return program_folder().parent_path() / "share/flashcore";
}

}  // namespace flashcore::session
