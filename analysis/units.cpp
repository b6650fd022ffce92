#include "analysis/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

namespace flashcore::analysis {
namespace {

struct Prefix {
  double factor;
  std::string_view text;
};

constexpr std::array kSiPrefixes{Prefix{1e15, "P"}, Prefix{1e12, "T"}, Prefix{1e9, "G"},
                                 Prefix{1e6, "M"},  Prefix{1e3, "k"},  Prefix{1, ""}};
constexpr std::array kDurations{Prefix{1e9, "s"}, Prefix{1e6, "ms"}, Prefix{1e3, "µs"}, Prefix{1, "ns"}};
constexpr std::array kMemories{Prefix{1099511627776.0, "TiB"}, Prefix{1073741824.0, "GiB"},
                               Prefix{1048576.0, "MiB"}, Prefix{1024.0, "KiB"}, Prefix{1, "B"}};

constexpr int kDigits = 3;

// Rounded before a prefix is chosen, so that 999.9 B is "1.00 kB" and never "1000 B".
double rounded(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, digits - 1 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * scale) / scale;
}

// Below one the digits are as they come ("0.5"), from one on all of them are written ("1.00").
std::string with_digits(double value, int digits) {
  const double size = std::fabs(rounded(value, digits));
  if (size > 0 && size < 1) return fmt::format("{:.{}g}", value, digits);
  int before = 1;
  for (double power = 10; size >= power && before < digits; power *= 10) ++before;
  return fmt::format("{:.{}f}", value, digits - before);
}

std::string three_digits(double value) {
  return with_digits(value, kDigits);
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos || text.find('e') != std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

template <std::size_t N>
std::string scaled(double value, const std::array<Prefix, N>& prefixes, std::string_view unit,
                   int digits = kDigits) {
  const double size = std::fabs(rounded(value, digits));
  Prefix chosen = prefixes.back();
  for (const Prefix& prefix : prefixes) {
    if (size >= prefix.factor) {
      chosen = prefix;
      break;
    }
  }
  const double number = value / chosen.factor;
  const bool whole = chosen.factor == 1 && number == std::floor(number);
  return fmt::format("{} {}{}", whole ? fmt::format("{:.0f}", number) : with_digits(number, digits),
                     chosen.text, unit);
}

bool takes_si_prefix(std::string_view unit) {
  return unit == "B" || unit == "B/s" || unit == "FLOP" || unit == "FLOP/s" || unit == "OP" || unit == "op" ||
         unit == "op/s" || unit == "OP/s" || unit == "Hz";
}

}  // namespace

std::string format_value(double value, std::string_view unit) {
  return format_value(value, unit, kDigits);
}

std::string format_value(double value, std::string_view unit, int digits) {
  if (!std::isfinite(value)) return "not a number";
  if (unit == "ns") return format_duration_ns(value, digits);
  if (unit == "s") return format_duration_ns(value * 1e9, digits);
  if (takes_si_prefix(unit)) return scaled(value, kSiPrefixes, unit, digits);
  // From a thousand on a number with its thousands apart, unless its fraction was asked for.
  const bool is_count = std::fabs(value) >= 1000 && (digits <= 4 || value == std::floor(value));
  const std::string number = is_count ? format_count(value) : without_trailing_zeros(with_digits(value, digits));
  if (unit.empty() || unit == "1") return number;
  return fmt::format("{} {}", number, unit);
}

std::string format_value(const std::optional<double>& value, std::string_view unit) {
  return value ? format_value(*value, unit) : "missing";
}

std::string format_duration_ns(double duration_ns) {
  if (!std::isfinite(duration_ns)) return "not a number";
  return scaled(duration_ns, kDurations, "");
}

std::string format_duration_ns(double duration_ns, int digits) {
  if (!std::isfinite(duration_ns)) return "not a number";
  return scaled(duration_ns, kDurations, "", digits);
}

std::string format_memory_size(std::int64_t bytes) {
  const auto size = static_cast<double>(bytes);
  for (const Prefix& prefix : kMemories) {
    if (std::fabs(size) >= prefix.factor || prefix.factor == 1) {
      return fmt::format("{} {}", without_trailing_zeros(three_digits(size / prefix.factor)), prefix.text);
    }
  }
  return fmt::format("{} B", bytes);
}

std::string format_count(double value) {
  if (!std::isfinite(value)) return "not a number";
  std::string digits = fmt::format("{:.0f}", std::fabs(value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return value <= -0.5 ? "-" + digits : digits;
}

}  // namespace flashcore::analysis
