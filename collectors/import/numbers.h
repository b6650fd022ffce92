// Numbers and units as ncu writes them: "1,234.50", "1.234,5", "16.448000", "n/a", "42 (1; 2; 3)"; us, Kbyte,
// Gbyte/s, cycle/nsecond.
//
// Whether "1,234" is 1234 or 1.234 cannot be told from itself. classify() says what a text proves, the caller
// collects that over a column and a table, and read_number() refuses what is still open.
//
// Owns: nothing. Threads: pure functions. Errors: a value or why there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flashcore::collectors {

// What separates the whole part from the fraction, as far as it is known. Bits: both is a contradiction.
enum class Decimal : unsigned char { kUnknown = 0, kPoint = 1, kComma = 2, kBoth = 3 };
constexpr Decimal operator|(Decimal a, Decimal b) {
  return static_cast<Decimal>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

enum class NumberKind {
  kText,     // not a number: "PolicySpread", "0x1f"
  kMissing,  // "n/a", "nan", "no data", ""
  kNumber,   // reads the same whatever the decimal sign is, or proves it
  kOpen,     // one separator with three digits behind it
};

struct NumberShape {
  NumberKind kind = NumberKind::kText;
  Decimal proves = Decimal::kUnknown;
  char separator = 0;  // of kOpen
};

// `whole`: the value is known to be a whole number, so that a lone separator is one of thousands.
NumberShape classify(std::string_view text, bool whole);

struct Number {
  std::optional<double> value;
  std::string reason;
};

// The number in `text` where its column's decimal sign is `decimal`.
Number read_number(std::string_view text, Decimal decimal, bool whole);

// "16.45 us": the number and a unit behind it; the unit is empty where there is none.
struct WithUnit {
  std::string_view number, unit;
};
WithUnit split_unit(std::string_view text);

// A unit's factor to its base unit: ns, byte, byte/s, hz. Units without a scale have 1.
double to_base(std::string_view unit);

// Whether a unit can be one of this metric, as far as the metric's name tells: a duration's is one of time, a
// sum of bytes has one of bytes. None at all may be either's base unit.
bool fits_metric(std::string_view metric, std::string_view unit);

// Whether a metric of this name and unit counts whole things.
bool counts_whole(std::string_view metric, std::string_view unit);

std::string_view trimmed(std::string_view text);

}  // namespace flashcore::collectors
