// The use case "look at what is there": runs of a database, analysed, and what is written of them.
//
// Owns: nothing. Errors: those of store::Store; kFile for files. Threads: any, one Store each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/cancel.h"
#include "core/result.h"
#include "reports/html.h"
#include "store/store.h"

namespace flashcore::session {

// kCancelled between two runs.
core::Result<std::vector<analysis::RunAnalysis>> load_runs(const store::Store& store,
                                                           const std::vector<core::RowId>& ids,
                                                           const analysis::Catalogue& catalogue,
                                                           const core::CancelToken& cancel = {});
core::Result<std::vector<analysis::RunAnalysis>> load_session(const store::Store& store, core::RowId session,
                                                              const analysis::Catalogue& catalogue,
                                                              const core::CancelToken& cancel = {});

// The HTML report of these runs; an existing file keeps its mode. kUsage where the target is a file that
// belongs to a database (-wal, -shm, -journal).
// `extras`: what is shown beside them (app/session/report_base.h).
core::Status write_report(const std::filesystem::path& path, const std::vector<analysis::RunAnalysis>& runs,
                          const analysis::Catalogue& catalogue, reports::ReportExtras extras = {});

// kUsage where `path` is what SQLite keeps beside a database: to replace it is to damage that database.
core::Status check_not_of_a_database(const std::filesystem::path& path);

// $XDG_DATA_HOME/flashcore/runs.db (or ~/.local/share/...).
core::Result<std::filesystem::path> default_database_path();
// The same; creates its folder.
core::Result<std::filesystem::path> default_database();

// Folder beside the program that holds recordings (share/flashcore/recordings of the prefix).
std::filesystem::path data_folder();

}  // namespace flashcore::session
