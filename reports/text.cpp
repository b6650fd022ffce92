#include "reports/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace flashcore::reports {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// One character of valid or broken UTF-8 (Unicode 15, table 3-7) and the bytes that it took.
std::pair<char32_t, std::size_t> decode(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t value = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    value = lead & 0x1F;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    value = lead & 0x0F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    value = lead & 0x07;
  } else {
    return {kReplacement, 1};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || (byte(i) & 0xC0) != 0x80) return {kReplacement, i};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {kReplacement, 1};
  return {value, length};
}

template <typename Visit>
void each_character(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto [character, bytes] = decode(text);
    visit(character, text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

// Marks that sit on the character before them, and joiners.
constexpr std::array kZeroWidth = {Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD},
                                   Range{0x0610, 0x061A}, Range{0x064B, 0x065F}, Range{0x0E31, 0x0E31},
                                   Range{0x0E34, 0x0E3A}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF},
                                   Range{0x200B, 0x200D}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},
                                   Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF}};

constexpr std::array kWide = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},
    Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD}};

int width_of(char32_t c) noexcept {
  if (c < 0x300) return 1;
  if (in(kZeroWidth, c)) return 0;
  return in(kWide, c) ? 2 : 1;
}

bool is_control(char32_t c) noexcept {
  const bool bidirectional = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || bidirectional;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](char32_t c, std::string_view bytes) {
    if (c == kReplacement) {
      out += "\xEF\xBF\xBD";
    } else {
      out += bytes;
    }
  });
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](char32_t c, std::string_view bytes) {
    if (c == kReplacement) {
      out += "\xEF\xBF\xBD";
    } else if (is_control(c)) {
      out += '?';
    } else {
      out += bytes;
    }
  });
  return out;
}

int display_width(std::string_view utf8) noexcept {
  int width = 0;
  each_character(utf8, [&](char32_t c, std::string_view) { width += width_of(c); });
  return width;
}

std::string cut(std::string_view utf8, int width) {
  if (width <= 0) return {};
  if (display_width(utf8) <= width) return std::string(utf8);
  std::string out;
  int used = 0;
  bool full = false;
  each_character(utf8, [&](char32_t c, std::string_view bytes) {
    full = full || used + width_of(c) > width - 1;
    if (full) return;
    used += width_of(c);
    out += bytes;
  });
  return out + "…";
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
