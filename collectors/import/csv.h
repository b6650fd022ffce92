// CSV records inside other text: ncu's table stands between what ncu and the profiled program printed.
//
// Owns: views of the text, which must outlive them. Threads: pure functions. Errors: a record that is none
// says where it breaks.
// Source of the quoting: RFC 4180 (a quote in a quoted cell is doubled; a quoted cell may span lines).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flashcore::collectors {

struct CsvCell {
  std::string_view raw;    // between the quotes
  std::size_t offset = 0;  // of the cell in the text
  bool quoted = false;

  std::string text() const;  // doubled quotes made single
};

struct CsvRecord {
  std::vector<CsvCell> cells;
  std::size_t end = 0;  // of the next line
  // Where it breaks; npos where it is a record.
  std::size_t bad_at = std::string_view::npos;
  const char* bad_why = "";
  bool unclosed = false;  // the text ended inside quotes
  bool good() const { return bad_at == std::string_view::npos; }
};

// The record that begins at `at`, which is the start of a line. Stops as soon as it has more than `most`
// cells (bad). Takes time in the length of the record.
CsvRecord read_record(std::string_view text, std::size_t at, char delimiter, std::size_t most);

// The start of the line after the one that `at` is in.
std::size_t next_line(std::string_view text, std::size_t at);

// "FILE:3:17: ": lines and columns count from 1, columns in bytes.
std::string position_of(std::string_view file, std::string_view text, std::size_t at);

}  // namespace flashcore::collectors
