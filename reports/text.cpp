#include "reports/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <utility>

namespace flashcore::reports {
namespace {

using Character = utf8proc_int32_t;

constexpr Character kNone = -1;  // a byte that is no part of a character
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

template <typename Visit>
void each_character(std::string_view text, Visit visit) {
  while (!text.empty()) {
    Character character = kNone;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &character);
    const std::size_t taken = bytes > 0 ? static_cast<std::size_t>(bytes) : 1;
    visit(bytes > 0 ? character : kNone, text.substr(0, taken));
    text.remove_prefix(taken);
  }
}

int width_of(Character c) noexcept {
  return c == kNone ? 1 : utf8proc_charwidth(c);
}

bool steers_a_terminal(Character c) noexcept {
  constexpr Character kNonJoiner = 0x200C, kJoiner = 0x200D;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    case UTF8PROC_CATEGORY_CF: return c != kNonJoiner && c != kJoiner;
    default: return false;
  }
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text,
                 [&](Character c, std::string_view bytes) { out += c == kNone ? kReplacement : bytes; });
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](Character c, std::string_view bytes) {
    if (c == kNone) {
      out += kReplacement;
    } else if (steers_a_terminal(c)) {
      out += '?';
    } else {
      out += bytes;
    }
  });
  return out;
}

int display_width(std::string_view utf8) noexcept {
  int width = 0;
  each_character(utf8, [&](Character c, std::string_view) { width += width_of(c); });
  return width;
}

std::string cut(std::string_view utf8, int width) {
  if (width <= 0) return {};
  if (display_width(utf8) <= width) return std::string(utf8);
  std::string out;
  int used = 0;
  bool full = false;
  each_character(utf8, [&](Character c, std::string_view bytes) {
    full = full || used + width_of(c) > width - 1;
    if (full) return;
    used += width_of(c);
    out += bytes;
  });
  return out + "…";
}

std::string cut_middle(std::string_view utf8, int width) {
  if (width < 8 || display_width(utf8) <= width) return cut(utf8, width);
  const int tail = (width - 1) / 2;
  std::string_view end = utf8;
  int wide = display_width(end);
  each_character(utf8, [&](Character c, std::string_view bytes) {
    if (wide <= tail) return;
    wide -= width_of(c);
    end.remove_prefix(bytes.size());
  });
  return cut(utf8, width - tail) + std::string(end);
}

std::string fit(std::string_view utf8, int width, Align align) {
  std::string text = cut(utf8, width);
  const int missing = std::max(0, width - display_width(text));
  const std::string padding(static_cast<std::size_t>(missing), ' ');
  return align == Align::kLeft ? text + padding : padding + text;
}

std::string wrap(std::string_view utf8, int width, int indent, int used) {
  std::string out;
  bool at_start = true;
  while (!utf8.empty()) {
    const std::size_t space = std::min(utf8.find(' '), utf8.size());
    const std::string word = cut(utf8.substr(0, space), std::max(8, width - indent));
    utf8.remove_prefix(std::min(space + 1, utf8.size()));
    const int needed = display_width(word);
    if (!at_start && used + 1 + needed > width) {
      out += '\n';
      out.append(static_cast<std::size_t>(indent), ' ');
      used = indent;
    } else if (!at_start) {
      out += ' ';
      ++used;
    }
    out += word;
    used += needed;
    at_start = false;
  }
  return out;
}

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace flashcore::reports
