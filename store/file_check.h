// check_file: what a path holds, found out without changing anything on the disk.
//
// Reads the hundred bytes of SQLite's header itself (https://www.sqlite.org/fileformat.html,
// section 1.3), because opening a WAL database through SQLite already writes files beside it.
// Owns: nothing. Threads: any. Errors: kDatabase with what the file is and what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/result.h"
#include "store/store.h"

namespace flashcore::store {

struct FileState {
  bool is_new = false;       // not there, or empty: to be created
  bool existed = false;      // there, perhaps empty
  bool has_wal = false;      // a write-ahead log with content lies beside it
  bool has_journal = false;  // a rollback journal with content: somebody was stopped in a change
  bool writable = false;     // the file and its folder
  int schema = 0;            // user_version in the file itself (a log may hold a later one)
};

core::Result<FileState> check_file(const std::filesystem::path& path, Mode mode);

// The same for a database in memory; `name` stands for the path in messages.
core::Result<int> check_bytes(std::string_view bytes, const std::string& name);

// The sentence for a schema that this program does not know yet.
core::Error newer_schema(const std::string& name, std::int64_t found);
core::Error damaged(const std::string& name, std::string how);

}  // namespace flashcore::store
