#include "collectors/import/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/nearest.h"

namespace flashcore::collectors {
namespace {

constexpr std::size_t kLongestNumber = 400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y;
         });
}

bool is_missing(std::string_view text) {
  if (text.starts_with("(!)")) text = trimmed(text.substr(3));
  if (text.empty()) return true;
  static constexpr std::array kWords{"n/a",      "na", "nan", "-nan", "inf",     "-inf",  "+inf",
                                     "infinity", "-",  "--",  "none", "no data", "<none>"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return same_letters(text, word); });
}

// The length of a mark between groups of thousands that can be nothing else: a space, a no-break space
// (U+00A0, U+202F), an apostrophe; 0 where there is none.
std::size_t group_mark(std::string_view text) {
  for (const std::string_view mark : {" ", "'", "\xC2\xA0", "\xE2\x80\xAF"})
    if (text.starts_with(mark)) return mark.size();
  return 0;
}

// The first number of "min; max; ..." and of "42 (1; 2; 3)".
std::string_view first_of(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("(!)")) text = trimmed(text.substr(3));
  if (text.empty() ||
      (!is_digit(text[0]) && text[0] != '-' && text[0] != '+' && text[0] != '.' && text[0] != ','))
    return text;
  const auto end = std::min(text.find(';'), text.find(" ("));
  return trimmed(text.substr(0, end));
}

// Sign, digits and separators apart.
struct Parts {
  bool good = false;
  std::string digits;    // with separators, marks of groups taken out
  std::string exponent;  // "e-05"
  bool negative = false, marked = false;
  int commas = 0, points = 0;
};

Parts take_apart(std::string_view text) {
  Parts parts;
  if (text.empty() || text.size() > kLongestNumber) return parts;
  std::size_t i = 0;
  if (text[0] == '-' || text[0] == '+') {
    parts.negative = text[0] == '-';
    ++i;
  }
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      parts.digits += c;
    } else if (c == ',' || c == '.') {
      parts.digits += c;
      ++(c == ',' ? parts.commas : parts.points);
    } else if (const auto mark = group_mark(text.substr(i)); mark > 0) {
      const auto next = text.substr(i + mark);
      const bool three = next.size() >= 3 && is_digit(next[0]) && is_digit(next[1]) && is_digit(next[2]) &&
                         (next.size() == 3 || !is_digit(next[3]));
      if (!three || parts.digits.empty() || parts.commas + parts.points > 0) return parts;
      parts.marked = true;
      i += mark - 1;
    } else {
      break;
    }
  }
  if (i < text.size()) {
    const std::string_view rest = text.substr(i);
    if (rest[0] != 'e' && rest[0] != 'E') return parts;
    std::size_t digit = rest.size() > 1 && (rest[1] == '-' || rest[1] == '+') ? 2 : 1;
    if (digit >= rest.size() || !std::all_of(rest.begin() + static_cast<long>(digit), rest.end(), is_digit))
      return parts;
    parts.exponent = fmt::format("e{}{}", rest[1] == '-' ? "-" : "", rest.substr(digit));
  }
  parts.good = std::any_of(parts.digits.begin(), parts.digits.end(), is_digit);
  return parts;
}

// Groups of three between marks, the first of one to three: "1,234,567".
bool grouped(std::string_view digits, char mark) {
  std::size_t from = 0;
  for (bool first = true;; first = false) {
    const auto end = digits.find(mark, from);
    const auto length = (end == std::string_view::npos ? digits.size() : end) - from;
    if (first ? length < 1 || length > 3 : length != 3) return false;
    if (end == std::string_view::npos) return true;
    from = end + 1;
  }
}

constexpr Decimal decimal_of(char c) {
  return c == ',' ? Decimal::kComma : Decimal::kPoint;
}
constexpr char other(char c) {
  return c == ',' ? '.' : ',';
}

NumberShape shape_of(const Parts& parts, bool whole) {
  if (!parts.good) return {};
  const std::string& digits = parts.digits;
  if (parts.commas + parts.points == 0) return {NumberKind::kNumber};
  if (parts.commas > 0 && parts.points > 0) {
    const char sign = digits[digits.find_last_of(".,")];
    if ((sign == ',' ? parts.commas : parts.points) != 1) return {};
    if (!grouped(std::string_view(digits).substr(0, digits.find(sign)), other(sign))) return {};
    return {NumberKind::kNumber, decimal_of(sign)};
  }
  const char sign = parts.commas > 0 ? ',' : '.';
  if (parts.commas + parts.points > 1)
    return grouped(digits, sign) ? NumberShape{NumberKind::kNumber, decimal_of(other(sign))} : NumberShape{};
  const auto before = digits.find(sign);
  const auto after = digits.size() - before - 1;
  const bool open =
      after == 3 && before >= 1 && before <= 3 && digits[0] != '0' && parts.exponent.empty() && !parts.marked;
  if (!open) return {NumberKind::kNumber, decimal_of(sign)};
  if (whole) return {NumberKind::kNumber, decimal_of(other(sign))};
  return {NumberKind::kOpen, Decimal::kUnknown, sign};
}

struct Scale {
  std::string_view name;
  double factor;
};
constexpr Scale kTimes[] = {{"ns", 1},        {"us", 1e3},      {"ms", 1e6},      {"s", 1e9},
                            {"nsecond", 1},   {"usecond", 1e3}, {"msecond", 1e6}, {"second", 1e9},
                            {"seconds", 1e9}, {"sec", 1e9}};
constexpr Scale kAmounts[] = {{"kbyte", 1e3},  {"mbyte", 1e6}, {"gbyte", 1e9},      {"tbyte", 1e12},
                              {"pbyte", 1e15}, {"kib", 1024},  {"mib", 1048576},    {"khz", 1e3},
                              {"mhz", 1e6},    {"ghz", 1e9},   {"gib", 1073741824}, {"tib", 1099511627776}};

double factor_in(std::string_view unit, const auto& table) {
  for (const auto& [name, factor] : table)
    if (same_letters(unit, name)) return factor;
  return 1;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

NumberShape classify(std::string_view text, bool whole) {
  text = first_of(text);
  if (is_missing(text)) return {NumberKind::kMissing};
  return shape_of(take_apart(text), whole);
}

Number read_number(std::string_view text, Decimal decimal, bool whole) {
  const std::string_view first = first_of(text);
  if (is_missing(first))
    return {std::nullopt,
            first.empty() ? "the file has nothing here" : fmt::format("the file says '{}'", first)};
  const Parts parts = take_apart(first);
  const NumberShape shape = shape_of(parts, whole);
  if (shape.kind == NumberKind::kText)
    return {std::nullopt, fmt::format("'{}' is not a number", core::shortened(first))};
  Decimal sign = shape.proves != Decimal::kUnknown ? shape.proves : decimal;
  if (shape.proves != Decimal::kUnknown && decimal != Decimal::kUnknown && decimal != shape.proves)
    return {std::nullopt,
            fmt::format("'{}' goes against the decimal sign of its column", core::shortened(first))};
  if (shape.kind == NumberKind::kOpen && (sign == Decimal::kUnknown || sign == Decimal::kBoth))
    return {std::nullopt,
            fmt::format("'{}' may have a decimal sign or one of thousands, and nothing in the file "
                        "tells which",
                        core::shortened(first))};
  std::string plain = parts.negative ? "-" : "";
  const char mark = sign == Decimal::kComma ? ',' : '.';
  for (const char c : parts.digits) {
    if (is_digit(c)) plain += c;
    if (c == mark) plain += '.';
  }
  plain += parts.exponent;
  double value = 0;
  const auto [end, failed] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (failed != std::errc{} || end != plain.data() + plain.size() || !std::isfinite(value))
    return {std::nullopt, fmt::format("'{}' does not fit a number", core::shortened(first))};
  return {value, ""};
}

WithUnit split_unit(std::string_view text) {
  text = trimmed(text);
  const auto space = text.find_last_of(' ');
  if (space == std::string_view::npos || text.empty() || !is_digit(text[0])) return {text, {}};
  const std::string_view unit = text.substr(space + 1);
  if (unit == "%" || factor_in(unit, kTimes) != 1 || same_letters(unit, "ns") ||
      factor_in(unit, kAmounts) != 1 || same_letters(unit, "byte"))
    return {trimmed(text.substr(0, space)), unit};
  return {text, {}};
}

double to_base(std::string_view unit) {
  unit = trimmed(unit);
  const auto slash = unit.find('/');
  const std::string_view above = trimmed(unit.substr(0, slash));
  double factor = factor_in(above, kTimes) * factor_in(above, kAmounts);
  if (slash == std::string_view::npos) return factor;
  const std::string_view below = trimmed(unit.substr(slash + 1));
  // A rate is one by the second: sector/ns is 1e9 sector/s.
  for (const auto& [name, nanoseconds] : kTimes)
    if (same_letters(below, name)) return factor * 1e9 / nanoseconds;
  return factor / factor_in(below, kAmounts);
}

bool fits_metric(std::string_view metric, std::string_view unit) {
  unit = trimmed(unit);
  if (unit.empty()) return true;
  const auto among = [&](const auto& table) {
    return std::any_of(std::begin(table), std::end(table),
                       [&](const Scale& scale) { return same_letters(unit, scale.name); });
  };
  if (metric.find("__time_duration.") != std::string_view::npos) return among(kTimes);
  const bool bytes = metric.ends_with("__bytes.sum") || metric.ends_with("_bytes.sum");
  return !bytes || same_letters(unit, "byte") || among(kAmounts);
}

bool counts_whole(std::string_view metric, std::string_view unit) {
  if (metric.starts_with("device__attribute_")) return true;
  for (const std::string_view name : {"launch__thread_count", "launch__grid_size", "launch__block_size",
                                      "launch__grid_dim_x", "launch__grid_dim_y", "launch__stack_size"})
    if (metric == name) return true;
  if (!metric.ends_with(".sum")) return false;
  for (const std::string_view name :
       {"inst", "byte", "cycle", "sector", "request", "warp", "thread", "block", "ns", "nsecond"})
    if (unit == name) return true;
  return false;
}

}  // namespace flashcore::collectors
