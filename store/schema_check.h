// check_schema: the tables and indexes of a file are those that the migrations make, and nothing else is
// there. A view or trigger of a stranger would run inside this program's own statements.
//
// check_pages: the pages hang together. integrity_check over a small database whole (it alone sees leaves
// that were swapped); of a large one the schema and the shared tables, so that opening stays quick: what
// belongs to a run is checked against its counts when it is read (store/read.cpp).
//
// Owns: nothing. Threads: the connection's. Errors: kDatabase; SqlFailure from SQLite.
#pragma once

#include <sqlite3.h>

#include <string>

#include "core/result.h"

namespace flashcore::store {

core::Status check_schema(sqlite3* connection, const std::string& name, std::int64_t schema);
core::Status check_pages(sqlite3* connection, const std::string& name, std::int64_t schema);

}  // namespace flashcore::store
