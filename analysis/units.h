// How values with units are written for people, the same in the terminal, the report and the app.
//
// Owns: nothing. Threads: pure functions. Thousands by SI prefixes for rates and FLOPs, binary
// prefixes for sizes of memories ("50 MiB"); bytes moved take SI prefixes ("4.2 MB").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flashcore::analysis {

// "12.3 µs", "98.7 %", "4.19 MB", "3.21 TB/s", "123 TFLOP/s", "0.52"; three significant digits.
std::string format_value(double value, std::string_view unit);
// With so many significant digits (3 to 15), to tell the ticks of an axis apart.
std::string format_value(double value, std::string_view unit, int digits);
// The same, with "missing" for nothing.
std::string format_value(const std::optional<double>& value, std::string_view unit);
std::string format_duration_ns(double duration_ns);
// With so many significant digits (1 to 15), to tell percentiles apart: "15.123 µs".
std::string format_duration_ns(double duration_ns, int digits);
std::string format_memory_size(std::int64_t bytes);
// "1,234,567"
std::string format_count(double value);

}  // namespace flashcore::analysis
