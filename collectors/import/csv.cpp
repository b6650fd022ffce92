#include "collectors/import/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

bool ends_line(char c) {
  return c == '\n' || c == '\r';
}

// A quoted cell from its opening quote at `at`; the position after its closing quote, npos where it has none.
std::size_t quoted_end(std::string_view text, std::size_t at) {
  for (std::size_t from = at + 1;; from += 2) {
    from = text.find('"', from);
    if (from == std::string_view::npos) return from;
    if (from + 1 >= text.size() || text[from + 1] != '"') return from + 1;
  }
}

}  // namespace

std::string CsvCell::text() const {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    out += raw[i];
    if (quoted && raw[i] == '"' && i + 1 < raw.size() && raw[i + 1] == '"') ++i;
  }
  return out;
}

CsvRecord read_record(std::string_view text, std::size_t at, char delimiter, std::size_t most) {
  CsvRecord record;
  const auto bad = [&](std::size_t where, const char* why) {
    record.bad_at = where;
    record.bad_why = why;
    record.end = next_line(text, at);
    return record;
  };
  std::size_t i = at;
  while (true) {
    if (record.cells.size() == most) return bad(i, "there are more cells than the header has");
    if (i < text.size() && text[i] == '"') {
      const std::size_t end = quoted_end(text, i);
      if (end == std::string_view::npos) {
        record.unclosed = true;
        return bad(i, "the quote that opens here is never closed");
      }
      record.cells.push_back({text.substr(i + 1, end - i - 2), i, true});
      i = end;
    } else {
      std::size_t end = i;
      while (end < text.size() && text[end] != delimiter && !ends_line(text[end])) ++end;
      record.cells.push_back({text.substr(i, end - i), i, false});
      i = end;
    }
    if (i >= text.size() || ends_line(text[i])) break;
    if (text[i] != delimiter) return bad(i, "text follows a closing quote");
    ++i;
  }
  record.end = next_line(text, i);
  return record;
}

std::size_t next_line(std::string_view text, std::size_t at) {
  const auto end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string position_of(std::string_view file, std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, std::min(at, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return fmt::format("{}:{}:{}: ", core::shortened(file, 200), line, column);
}

}  // namespace flashcore::collectors
