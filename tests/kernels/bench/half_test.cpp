#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {
namespace {

// IEEE 754-2008, binary16, from its definition rather than by bits.
double value_of(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const double mantissa = bits & 0x3ff;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

bool is_nan(int bits) {
  return (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0;
}

TEST(Half, EveryPatternWidensToItsValueAndBack) {
  for (int bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = half_to_float(half);
    if (is_nan(bits)) {
      ASSERT_TRUE(std::isnan(wide)) << bits;
      ASSERT_TRUE(is_nan(float_to_half(wide))) << bits;
      continue;
    }
    if ((bits & 0x7fff) == 0x7c00) {
      ASSERT_TRUE(std::isinf(wide)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(wide), value_of(half)) << bits;
    }
    ASSERT_EQ(std::signbit(wide), (bits & 0x8000) != 0) << bits;
    ASSERT_EQ(float_to_half(wide), half) << bits;
  }
}

TEST(Half, RoundsToNearestAndTiesToEven) {
  // Between every two neighbours: the midpoint goes to the even one, its float neighbours do not.
  for (int bits = 0; bits < 0x7bff; ++bits) {
    const auto low = static_cast<std::uint16_t>(bits);
    const auto high = static_cast<std::uint16_t>(bits + 1);
    const auto middle = static_cast<float>((value_of(low) + value_of(high)) / 2);
    ASSERT_EQ(float_to_half(middle), bits % 2 == 0 ? low : high) << bits;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0F)), low) << bits;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9F)), high) << bits;
    ASSERT_EQ(float_to_half(-middle), (bits % 2 == 0 ? low : high) | 0x8000) << bits;
  }
}

TEST(Half, OverflowsAndVanishesWhereTheStandardSays) {
  EXPECT_EQ(float_to_half(65504.0F), 0x7bff);
  EXPECT_EQ(float_to_half(65519.996F), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0F), 0x7c00);
  EXPECT_EQ(float_to_half(-1e30F), 0xfc00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(float_to_half(0x1p-25F), 0x0000);
  EXPECT_EQ(float_to_half(std::nextafter(0x1p-25F, 1.0F)), 0x0001);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0x0000);
}

TEST(RandomHalves, AreTheSameEverywhere) {
  // Fixed values: a recording names its seed, and another machine must compute on the same numbers.
  // They were computed by a second implementation, in Python.
  const std::vector<std::uint16_t> values = random_halves(6, 42);
  EXPECT_EQ(values, (std::vector<std::uint16_t>{13504, 47206, 48583, 48188, 46638, 48564}));
  EXPECT_EQ(random_halves(5, 42), (std::vector<std::uint16_t>(values.begin(), values.begin() + 5)));
}

TEST(RandomHalves, DependOnTheSeedAndNotOnTheThreads) {
  const std::vector<std::uint16_t> many = random_halves(300'001, 7);
  EXPECT_EQ(many, random_halves(300'001, 7));
  const std::vector<std::uint16_t> few = random_halves(1000, 7);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(random_halves(1000, 8), few);
}

TEST(RandomHalves, AreNearNormal) {
  const std::vector<std::uint16_t> values = random_halves(1'000'000, 12345);
  double sum = 0, squares = 0, fourths = 0;
  for (const std::uint16_t bits : values) {
    const double x = half_to_float(bits);
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  const double n = static_cast<double>(values.size());
  EXPECT_NEAR(sum / n, 0, 0.005);  // five standard errors of the mean
  EXPECT_NEAR(squares / n, 1, 0.01);
  EXPECT_NEAR(fourths / n, 3 - 6.0 / 5 / 8, 0.06);  // the kurtosis of a sum of eight, 3 of the normal
}

TEST(RandomInputs, TensorsAndNeighbouringSeedsDiffer) {
  core::AttentionProblem p{1, 2, 2, 32, 32, 64};
  const Inputs a = random_inputs(p, core::InputKind::kNormal, 0);
  const Inputs b = random_inputs(p, core::InputKind::kNormal, 1);
  EXPECT_EQ(a.q.size(), static_cast<std::size_t>(p.q_elements()));
  EXPECT_NE(a.q, a.k);
  EXPECT_NE(a.k, a.v);
  EXPECT_NE(a.q, b.q);
  EXPECT_NE(a.k, b.q);
  EXPECT_EQ(a.v, random_inputs(p, core::InputKind::kNormal, 0).v);
}

TEST(RandomInputs, PeakedOnesHaveLargeLogitsAndFewKeysThatCount) {
  for (const std::int64_t d : {64, 128}) {
    const core::AttentionProblem p{1, 1, 1, 64, 1024, d};
    const Inputs normal = random_inputs(p, core::InputKind::kNormal, kPeakedSeed);
    const Inputs in = random_inputs(p, core::InputKind::kPeaked, kPeakedSeed);
    EXPECT_EQ(in.k, normal.k);
    EXPECT_EQ(in.v, normal.v);
    double largest = 0, effective_keys = 0;
    std::set<std::int64_t> tiles_of_maxima;
    for (std::int64_t row = 0; row < 64; ++row) {
      std::vector<double> scores;
      for (std::int64_t key = 0; key < 1024; ++key) {
        double score = 0;
        for (std::int64_t i = 0; i < d; ++i) {
          const double q = half_to_float(in.q[static_cast<std::size_t>(row * d + i)]);
          ASSERT_TRUE(std::isfinite(q));
          score += q * half_to_float(in.k[static_cast<std::size_t>(key * d + i)]);
        }
        scores.push_back(score / std::sqrt(static_cast<double>(d)));
      }
      const auto top = std::max_element(scores.begin(), scores.end());
      tiles_of_maxima.insert((top - scores.begin()) / 64);
      double sum = 0, squares = 0;
      for (const double score : scores) {
        largest = std::max(largest, std::abs(score));
        sum += std::exp(score - *top);
        squares += std::exp(2 * (score - *top));
      }
      effective_keys += sum * sum / squares / 64;
    }
    EXPECT_GT(largest, 30);
    EXPECT_LT(largest, 64);
    EXPECT_LT(effective_keys, 4);
    EXPECT_GT(tiles_of_maxima.size(), 10u) << "of 16: the maximum moves from tile to tile";
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
