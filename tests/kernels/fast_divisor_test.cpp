// Division by multiplication, against division.
#include "kernels/fast_divisor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace flashcore::kernels {
namespace {

constexpr std::uint32_t kMost = (std::uint32_t{1} << 31) - 1;

void expect_exact(std::uint32_t d, std::uint32_t n) {
  const FastDivisor by(d);
  ASSERT_EQ(by.quotient(n), n / d) << n << " / " << d;
  ASSERT_EQ(by.remainder(n), n % d) << n << " % " << d;
}

TEST(FastDivisor, IsExactAroundEveryMultipleThatMatters) {
  for (std::uint32_t d = 1; d <= 3000; ++d) {
    for (const std::uint32_t multiple : {d, 2 * d, 7 * d, kMost / d * d}) {
      for (const std::uint32_t n : {multiple - 1, multiple, std::min(multiple + 1, kMost)})
        expect_exact(d, n);
    }
    expect_exact(d, 0);
    expect_exact(d, kMost);
  }
}

TEST(FastDivisor, IsExactForAnyNumbers) {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    const std::uint32_t d = std::max<std::uint32_t>(1, (random() & kMost) >> (random() % 31));
    expect_exact(d, random() & kMost);
    expect_exact(d, kMost / d * d);
    expect_exact(d, kMost / d * d - 1);
  }
  for (int bit = 0; bit < 31; ++bit) expect_exact(std::uint32_t{1} << bit, kMost);
}

TEST(FastDivisor, OfNothingIsOne) {
  EXPECT_EQ(FastDivisor().quotient(123), 123u);
  EXPECT_EQ(FastDivisor(0).divisor(), 1u);
  EXPECT_EQ(FastDivisor(-4).quotient(9), 9u);
}

}  // namespace
}  // namespace flashcore::kernels
