#include "analysis/toml_depth.h"

#include <fmt/format.h>

#include <algorithm>

namespace flashcore::analysis {
namespace {

// Behind the string that begins at `at` (basic or literal, on one line or on many); the end of the text for
// one that does not end, which is the parser's to tell.
std::size_t behind_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool many_lines = text.compare(at, 3, three) == 0;
  std::size_t i = at + (many_lines ? 3 : 1);
  while (i < text.size()) {
    if (quote == '"' && text[i] == '\\') {
      i += 2;
    } else if (!many_lines && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    } else if (many_lines && text.compare(i, 3, three) == 0) {
      i += 3;
      // Up to two quotes may stand right before the three that end it.
      while (i < text.size() && text[i] == quote) ++i;
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

}  // namespace

core::Status check_toml_depth(std::string_view file, std::string_view text) {
  int dots = 0;
  int brackets = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '"' || c == '\'') {
      i = behind_string(text, i);
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '.') {
      ++dots;
    } else if (c == '=' || c == ',' || c == '\n' || c == '[' || c == '{' || c == ']' || c == '}') {
      dots = 0;
    }
    if (dots >= kTomlDepth || brackets > kTomlDepth) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
      return core::fail(core::ErrorCode::kUsage,
                        fmt::format("{}:{}: {} nests deeper than {}", file, line,
                                    dots >= kTomlDepth ? "a dotted key" : "a table or list", kTomlDepth),
                        "docs/metrics.md says how a metric is written");
    }
    ++i;
  }
  return {};
}

}  // namespace flashcore::analysis
