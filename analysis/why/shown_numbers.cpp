#include "analysis/why/shown_numbers.h"

#include <fmt/format.h>

#include <cctype>

#include "analysis/units.h"

namespace flashcore::analysis {
namespace {

// "1,384", "252 k", "3.14 M"
std::string short_count(double value) {
  if (value < 1e4) return format_count(value);
  if (value < 999.5e3) return fmt::format("{:.3g} k", value / 1e3);
  if (value < 999.5e6) return fmt::format("{:.3g} M", value / 1e6);
  return fmt::format("{:.4g} G", value / 1e9);
}

std::string number(double value, std::string_view unit) {
  if (unit == "#") return short_count(value);
  if (unit == "B a thread") return format_count(value);
  return format_value(value, unit);
}

}  // namespace

std::string from_to(double base, double now, std::string_view unit) {
  return fmt::format("{} -> {}{}", number(base, unit), number(now, unit),
                     unit == "B a thread" ? " bytes a thread" : "");
}

std::string both_numbers(const CountedRun& base, const CountedRun& now, const Shown& shown) {
  const auto before = base.ratio(shown.over, shown.under), after = now.ratio(shown.over, shown.under);
  if (!before || !after) return "";
  const std::string numbers = from_to(*before, *after, shown.unit);
  if (number(*before, shown.unit) == number(*after, shown.unit)) return "";
  return fmt::format("{} {}", shown.title, numbers);
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace flashcore::analysis
