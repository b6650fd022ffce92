#include "app/session/library.h"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>

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
                                                     const analysis::Catalogue& catalogue) {
  std::vector<analysis::RunAnalysis> runs;
  runs.reserve(ids.size());
  for (const core::RowId id : ids) {
    auto run = store.read_run(id);
    if (!run) return fail(run.error());
    runs.push_back(analysis::analyse(std::move(*run), catalogue));
  }
  return runs;
}

Result<std::vector<analysis::RunAnalysis>> load_session(const store::Store& store, core::RowId session,
                                                        const analysis::Catalogue& catalogue) {
  auto summaries = store.runs_of(session);
  if (!summaries) return fail(summaries.error());
  std::vector<core::RowId> ids;
  for (const auto& summary : *summaries) ids.push_back(summary.id);
  return load_runs(store, ids, catalogue);
}

Result<std::filesystem::path> default_database() {
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
  const auto folder = base / "flashcore";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorCode::kDatabase, fmt::format("cannot create {}: {}", folder.string(), error.message()),
                "name a database that you may write: --db FILE");
  }
  return folder / "runs.db";
}

std::filesystem::path data_folder() {
  return program_folder().parent_path() / "share/flashcore";
}

}  // namespace flashcore::session
