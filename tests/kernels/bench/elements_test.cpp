#include "kernels/bench/elements.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {
namespace {

struct Format {
  const char* name;
  Element element;
  int exponent_bits, mantissa_bits;
  int all_ones() const { return (1 << exponent_bits) - 1; }
  int infinity() const { return all_ones() << mantissa_bits; }
  int mantissa(int bits) const { return bits & ((1 << mantissa_bits) - 1); }
  bool is_nan(int bits) const { return (bits & infinity()) == infinity() && mantissa(bits) != 0; }
  // From the definition of a binary format (IEEE 754-2008, 3.4) rather than by bits.
  double value_of(int bits) const {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = (bits >> mantissa_bits) & all_ones();
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa(bits), 1 - bias - mantissa_bits)
                      : std::ldexp((1 << mantissa_bits) + mantissa(bits), exponent - bias - mantissa_bits);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
  }
};
constexpr Format kF16{"f16", Element::kF16, 5, 10};
constexpr Format kBf16{"bf16", Element::kBf16, 8, 7};

class Elements : public ::testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Formats, Elements, ::testing::Values(kF16, kBf16),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Elements, EveryPatternWidensToItsValueAndBack) {
  const Format& f = GetParam();
  EXPECT_EQ(exponent_mask(f.element), f.infinity());
  for (int bits = 0; bits < 65536; ++bits) {
    const auto element = static_cast<std::uint16_t>(bits);
    const float wide = widen(f.element, element);
    if (f.is_nan(bits)) {
      ASSERT_TRUE(std::isnan(wide)) << bits;
      ASSERT_TRUE(f.is_nan(narrow(f.element, wide))) << bits;
      continue;
    }
    if ((bits & 0x7fff) == f.infinity()) {
      ASSERT_TRUE(std::isinf(wide)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(wide), f.value_of(bits)) << bits;
    }
    ASSERT_EQ(std::signbit(wide), (bits & 0x8000) != 0) << bits;
    ASSERT_EQ(narrow(f.element, wide), element) << bits;
  }
}

TEST_P(Elements, RoundToNearestAndTiesToEven) {
  // Between every two neighbours: the midpoint goes to the even one, its float neighbours do not.
  const Format& f = GetParam();
  for (int bits = 0; bits + 1 < f.infinity(); ++bits) {
    const auto middle = static_cast<float>((f.value_of(bits) + f.value_of(bits + 1)) / 2);
    const int even = bits % 2 == 0 ? bits : bits + 1;
    ASSERT_EQ(narrow(f.element, middle), even) << bits;
    ASSERT_EQ(narrow(f.element, std::nextafter(middle, 0.0F)), bits) << bits;
    ASSERT_EQ(narrow(f.element, std::nextafter(middle, std::numeric_limits<float>::infinity())), bits + 1)
        << bits;
    ASSERT_EQ(narrow(f.element, -middle), even | 0x8000) << bits;
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

TEST(Bfloat16, OverflowsWhereItsLastNumberEnds) {
  EXPECT_EQ(float_to_bfloat16(0x1.fep127F), 0x7f7f);
  EXPECT_EQ(float_to_bfloat16(std::nextafter(0x1.ffp127F, 0.0F)), 0x7f7f);
  EXPECT_EQ(float_to_bfloat16(0x1.ffp127F), 0x7f80);
  EXPECT_EQ(float_to_bfloat16(-std::numeric_limits<float>::max()), 0xff80);
  EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::denorm_min()), 0x0000);
}

TEST(RandomElements, AreTheSameEverywhere) {
  // Fixed values: a recording names its seed, and another machine must compute on the same numbers.
  // They were computed by a second implementation, in Python.
  const std::vector<std::uint16_t> values = random_elements(Element::kF16, 6, 42);
  EXPECT_EQ(values, (std::vector<std::uint16_t>{13504, 47206, 48583, 48188, 46638, 48564}));
  EXPECT_EQ(random_elements(Element::kF16, 5, 42),
            (std::vector<std::uint16_t>(values.begin(), values.begin() + 5)));
}

TEST(RandomElements, AreOneNumberRoundedToEitherType) {
  const std::vector<std::uint16_t> halves = random_elements(Element::kF16, 10'000, 3);
  const std::vector<std::uint16_t> bfloats = random_elements(Element::kBf16, 10'000, 3);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const float half = half_to_float(halves[i]);
    EXPECT_NEAR(bfloat16_to_float(bfloats[i]), half, std::abs(half) / 200 + 1e-6) << i;
  }
}

TEST(RandomElements, DependOnTheSeedAndNotOnTheThreads) {
  const std::vector<std::uint16_t> many = random_elements(Element::kF16, 300'001, 7);
  EXPECT_EQ(many, random_elements(Element::kF16, 300'001, 7));
  const std::vector<std::uint16_t> few = random_elements(Element::kF16, 1000, 7);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(random_elements(Element::kF16, 1000, 8), few);
}

TEST(RandomElements, AreNearNormal) {
  const std::vector<std::uint16_t> values = random_elements(Element::kF16, 1'000'000, 12345);
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
