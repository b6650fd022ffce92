// ncu's CSV as launches with their values, still as text: the raw page (a column a metric, a row of units
// under the header) and the details page (a row a metric). What stands around the table is passed over.
//
// Owns: views of the text, which must outlive them. Threads: pure functions. Errors: kUsage, "FILE:L:C: ...".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace flashcore::collectors {

struct NcuValue {
  std::uint32_t name = 0;  // in NcuFile::names
  std::string_view text, unit;
};

struct NcuLaunch {
  std::string id, process_id, process, kernel, time, context, stream, block, grid, device, cc;
  std::vector<NcuValue> values;  // a metric may be there twice
  std::size_t offset = 0;        // of its first row
  std::size_t table = 0;
};

struct NcuFile {
  std::vector<std::string> names;
  std::vector<NcuLaunch> launches;
  std::size_t tables = 0;
  bool details = false;  // some table was a details page
  bool raw = false;
  // Of a session page before the table, where there is one.
  std::string version, created, total_memory;
  std::string errors;  // what ncu said as an error, one line each
  bool no_kernels = false;
};

core::Result<NcuFile> read_ncu_file(std::string_view text, const std::string& file);

}  // namespace flashcore::collectors
