// The use case "look at what is there": runs of a database, analysed.
//
// Owns: nothing. Errors: those of store::Store. Threads: any, one Store each.
#pragma once

#include <filesystem>
#include <vector>

#include "analysis/run_analysis.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::session {

core::Result<std::vector<analysis::RunAnalysis>> load_runs(const store::Store& store,
                                                           const std::vector<core::RowId>& ids,
                                                           const analysis::Catalogue& catalogue);
core::Result<std::vector<analysis::RunAnalysis>> load_session(const store::Store& store, core::RowId session,
                                                              const analysis::Catalogue& catalogue);

// $XDG_DATA_HOME/flashcore/runs.db (or ~/.local/share/...); creates the folder of the default.
core::Result<std::filesystem::path> default_database();

// Folder beside the program that holds recordings (share/flashcore/recordings of the prefix).
std::filesystem::path data_folder();

}  // namespace flashcore::session
