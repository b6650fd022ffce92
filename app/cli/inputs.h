// What several commands make of their options: the catalogue, the database, the problems.
//
// Owns: nothing. Threads: one. Errors: as the parts behind them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/catalogue.h"
#include "app/cli/options.h"
#include "app/session/profile.h"
#include "core/problem.h"
#include "core/result.h"
#include "store/store.h"

namespace flashcore::cli {

// --catalogue, or FLASHCORE_CATALOGUE.
core::Result<analysis::Catalogue> open_catalogue(const Options& options);

// The same for a process that serves many requests: read again only when a file of the folder has changed.
class KeptCatalogue {
 public:
  // Valid until the next call that finds other files.
  core::Result<const analysis::Catalogue*> get(const Options& options);

 private:
  std::string files_;  // names, sizes and times of what was read
  std::optional<analysis::Catalogue> catalogue_;
};

// The database that is read; nothing is created for it.
core::Result<std::filesystem::path> database_path(const Options& options);
core::Result<store::Store> open_to_read(const Options& options);
// The one that is written to: the folder of the default one is created.
core::Result<std::filesystem::path> database_to_write(const Options& options);

// The shapes as typed, with the mask where --causal is given; none where none was given.
core::Result<std::vector<core::Problem>> parse_problems(const std::vector<std::string>& shapes, bool causal);

// kUsage where two of the files that a command reads and writes are one: a report must not replace the
// database that it was made from. What SQLite keeps beside a database is refused too.
core::Status check_files_differ(const Options& options);

// Before an hour of profiling, not after: the folder of a file to be written must be there.
core::Status check_target(const std::optional<std::string>& path);

// Absolute, for a person to find it; as it is where the working folder is gone. Safe for a terminal.
std::string shown_path(const std::filesystem::path& path);

// Of standard output, where it is a terminal, or COLUMNS; `otherwise` where there is neither.
int terminal_columns(int otherwise = 100);

core::Result<session::ProfileRequest> make_request(const Options& options);

}  // namespace flashcore::cli
