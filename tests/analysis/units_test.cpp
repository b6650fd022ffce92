#include "analysis/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace flashcore::analysis {
namespace {

TEST(Units, Durations) {
  EXPECT_EQ(format_duration_ns(0), "0 ns");
  EXPECT_EQ(format_duration_ns(550), "550 ns");
  EXPECT_EQ(format_duration_ns(0.5), "0.5 ns");  // below one unit digits are as they come
  EXPECT_EQ(format_duration_ns(12345), "12.3 µs");
  EXPECT_EQ(format_duration_ns(9210), "9.21 µs");
  EXPECT_EQ(format_duration_ns(999.9), "1.00 µs");
  EXPECT_EQ(format_duration_ns(634900), "635 µs");
  EXPECT_EQ(format_duration_ns(7.826e6), "7.83 ms");
  EXPECT_EQ(format_duration_ns(2.5e9), "2.50 s");
  EXPECT_EQ(format_value(12345, "ns"), "12.3 µs");
  EXPECT_EQ(format_value(1.5, "s"), "1.50 s");
}

// Three digits make one of p50, p90 and p99; five tell them apart.
TEST(Units, DurationsWithMoreDigits) {
  EXPECT_EQ(format_duration_ns(15123.4, 5), "15.123 µs");
  EXPECT_EQ(format_duration_ns(15131.9, 5), "15.132 µs");
  EXPECT_EQ(format_duration_ns(10000, 5), "10.000 µs");
  EXPECT_EQ(format_duration_ns(123456, 5), "123.46 µs");
  EXPECT_EQ(format_duration_ns(999999.9, 5), "1.0000 ms");
  EXPECT_EQ(format_duration_ns(0.123456, 5), "0.12346 ns");
  EXPECT_EQ(format_duration_ns(7, 5), "7 ns");
  EXPECT_EQ(format_duration_ns(2.5e12, 5), "2500.0 s");
  EXPECT_EQ(format_duration_ns(2.5e15, 5), "2500000 s") << "no digit before the point is lost";
  EXPECT_EQ(format_duration_ns(-15123.4, 5), "-15.123 µs");
}

TEST(Units, RatesAndBytesTakeSiPrefixes) {
  EXPECT_EQ(format_value(3.21e12, "B/s"), "3.21 TB/s");
  EXPECT_EQ(format_value(123.4e12, "FLOP/s"), "123 TFLOP/s");
  EXPECT_EQ(format_value(4194304, "B"), "4.19 MB");
  EXPECT_EQ(format_value(0, "B"), "0 B");
  EXPECT_EQ(format_value(512, "B"), "512 B");
  EXPECT_EQ(format_value(999.9, "B"), "1.00 kB");
  EXPECT_EQ(format_value(999949, "B"), "1.00 MB");
  EXPECT_EQ(format_value(1.98e9, "Hz"), "1.98 GHz");
  EXPECT_EQ(format_value(536870912, "FLOP"), "537 MFLOP");
  EXPECT_EQ(format_value(256, "FLOP/B"), "256 FLOP/B");
  EXPECT_EQ(format_value(-2e6, "B"), "-2.00 MB");
}

TEST(Units, SharesRatiosAndCounts) {
  EXPECT_EQ(format_value(98.7, "%"), "98.7 %");
  EXPECT_EQ(format_value(100, "%"), "100 %");
  EXPECT_EQ(format_value(0, "%"), "0 %");
  EXPECT_EQ(format_value(0.52, "1"), "0.52");
  EXPECT_EQ(format_value(2, "1"), "2");
  EXPECT_EQ(format_value(168, "registers"), "168 registers");
  EXPECT_EQ(format_value(12000000, "inst"), "12,000,000 inst");
  EXPECT_EQ(format_value(1.234, "inst/cycle"), "1.23 inst/cycle");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(-1234), "-1,234");
}

TEST(Units, SizesOfMemories) {
  EXPECT_EQ(format_memory_size(50ll << 20), "50 MiB");
  EXPECT_EQ(format_memory_size(227ll << 10), "227 KiB");
  EXPECT_EQ(format_memory_size(150754820096), "140 GiB");
  EXPECT_EQ(format_memory_size(100), "100 B");
  EXPECT_EQ(format_memory_size(0), "0 B");
}

TEST(Units, WhatIsMissingSaysSo) {
  EXPECT_EQ(format_value(std::optional<double>{}, "%"), "missing");
  EXPECT_EQ(format_value(std::optional<double>{12.0}, "%"), "12 %");
  EXPECT_EQ(format_value(std::nan(""), "B"), "not a number");
  EXPECT_EQ(format_duration_ns(std::numeric_limits<double>::infinity()), "not a number");
}

}  // namespace
}  // namespace flashcore::analysis
