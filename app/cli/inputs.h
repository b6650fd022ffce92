// What several commands make of their options: the catalogue, the database, the problems.
//
// Owns: nothing. Threads: one. Errors: as the parts behind them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "app/cli/options.h"
#include "app/session/profile.h"
#include "core/problem.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::cli {

core::Result<analysis::Catalogue> open_catalogue(const Options& options);
core::Result<std::filesystem::path> database_path(const Options& options);
core::Result<store::Store> open_database(const Options& options, store::Mode mode);

// The shapes as typed, with the mask; none where none was given.
core::Result<std::vector<core::Problem>> parse_problems(const std::vector<std::string>& shapes, bool causal);

// kUsage where two of the files that a command reads and writes are one: a report must not replace the
// database that it was made from.
core::Status check_files_differ(const Options& options);

// Absolute, for a person to find it; as it is where the working folder is gone.
std::string shown_path(const std::filesystem::path& path);

// The terminal's, or COLUMNS; 100 where there is neither.
int terminal_columns();

core::Result<session::ProfileRequest> make_request(const Options& options);

}  // namespace flashcore::cli
