#include "analysis/catalogue_rules.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cctype>

namespace flashcore::analysis {
namespace {

// Control and formatting characters (escape sequences, marks that turn the writing's direction) would steer
// the terminal that shows a title.
bool steers(utf8proc_int32_t character) {
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
  }
}

}  // namespace

std::pair<std::string, bool> harmless(std::string_view text, char instead) {
  std::string out;
  bool found = false;
  while (!text.empty()) {
    utf8proc_int32_t character = -1;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &character);
    const std::size_t taken = bytes > 0 ? static_cast<std::size_t>(bytes) : 1;
    if (bytes <= 0 || steers(character)) {
      out += instead;
      found = true;
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return {out, found};
}

core::Error bad(const std::string& where, const std::string& what, std::string rule) {
  if (rule.empty()) rule = "docs/metrics.md says how a metric is written";
  return {core::ErrorCode::kUsage,
          fmt::format("{}: {}", where, harmless(what, '?').first),
          harmless(rule, '?').first,
          {}};
}

bool is_identifier(std::string_view text) {
  if (text.empty() || text.size() > kLongestName || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_counter_name(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
  });
  return plain && !text.empty() && text.size() <= 2 * kLongestName &&
         text.find("__") != std::string_view::npos;
}

}  // namespace flashcore::analysis
