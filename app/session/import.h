// The use case "import": files of other profilers become runs in the database, and show in list, show,
// roofline, report and app like any other.
//
// Owns: nothing. Errors: kFile where a file cannot be read, kUsage where it is none of the known formats or
// is broken (file, line, column, reason), kExternalTool where ncu is needed and missing. A file is imported
// whole or not at all; files before a bad one stay. Threads: blocks the caller.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/session/profile.h"

namespace flashcore::session {

struct ImportRequest {
  std::vector<std::filesystem::path> files;
  std::string ncu_path;      // for .ncu-rep; empty: PATH, then the toolkit's places
  bool keep_report = false;  // the .ncu-rep as an artifact
  core::Tags tags;
  std::string command;
};

// Whether the first of the files can be read and is of a known format, before a database is opened for it.
core::Status check_import(const ImportRequest& request);

core::Result<ProfileOutcome> import_files(const ImportRequest& request, store::Store& store,
                                          const analysis::Catalogue& catalogue,
                                          const core::CancelToken& cancel, const OnEvent& on_event);

}  // namespace flashcore::session
