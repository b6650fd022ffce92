#include "kernels/bench/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

std::vector<std::int64_t> all_rows(const AttentionProblem& p) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(p.batch * p.heads * p.seq_q));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

std::vector<double> reference(const AttentionProblem& p, const Inputs& in) {
  return reference_rows(p, in, all_rows(p));
}

Inputs zeros(const AttentionProblem& p) {
  return Inputs{std::vector<std::uint16_t>(static_cast<std::size_t>(p.q_elements())),
                std::vector<std::uint16_t>(static_cast<std::size_t>(p.kv_elements())),
                std::vector<std::uint16_t>(static_cast<std::size_t>(p.kv_elements()))};
}

TEST(Reference, ComputesTheCaseThatAHandCan) {
  // Two keys. q = (8, 0, ...), k0 = (ln 3, 0, ...), k1 = 0, so with scale 1/8 the scores are
  // half(ln 3) and 0 and the weights 3/4 and 1/4 to within half's rounding of ln 3.
  const AttentionProblem p{1, 1, 1, 1, 2, 64};
  Inputs in = zeros(p);
  in.q[0] = float_to_half(8.0F);
  in.k[0] = float_to_half(std::log(3.0F));
  in.v[0] = float_to_half(4.0F);   // v0 = (4, 0, ...)
  in.v[64] = float_to_half(8.0F);  // v1 = (8, 2, 0, ...)
  in.v[65] = float_to_half(2.0F);
  const double weight = std::exp(static_cast<double>(half_to_float(in.k[0])));
  const std::vector<double> out = reference(p, in);
  EXPECT_NEAR(out[0], 0.75 * 4 + 0.25 * 8, 1e-3);
  EXPECT_NEAR(out[1], 0.25 * 2, 1e-3);
  EXPECT_NEAR(out[0], (weight * 4 + 8) / (weight + 1), 1e-12);
  EXPECT_EQ(out[2], 0.0);
}

TEST(Reference, EqualScoresGiveTheMean) {
  const AttentionProblem p{1, 1, 1, 3, 50, 64};
  Inputs in = random_inputs(p, core::InputKind::kNormal, 3);
  std::fill(in.q.begin(), in.q.end(), std::uint16_t{0});
  const std::vector<double> out = reference(p, in);
  for (int d = 0; d < 64; ++d) {
    double mean = 0;
    for (int j = 0; j < 50; ++j) mean += half_to_float(in.v[static_cast<std::size_t>(64 * j + d)]) / 50.0;
    for (int row = 0; row < 3; ++row) EXPECT_NEAR(out[static_cast<std::size_t>(64 * row + d)], mean, 1e-12);
  }
}

TEST(Reference, StaysInTheConvexHullOfTheValues) {
  const AttentionProblem p{2, 4, 2, 37, 53, 128};
  const Inputs in = random_inputs(p, core::InputKind::kNormal, 11);
  const std::vector<double> out = reference(p, in);
  for (std::int64_t row = 0; row < 2 * 4 * 37; ++row) {
    const std::int64_t kv = row / 37 / 4 * 2 + row / 37 % 4 / 2;
    for (std::int64_t d = 0; d < 128; ++d) {
      double low = 1e9, high = -1e9;
      for (std::int64_t j = 0; j < 53; ++j) {
        const double v = half_to_float(in.v[static_cast<std::size_t>((kv * 53 + j) * 128 + d)]);
        low = std::min(low, v);
        high = std::max(high, v);
      }
      const double o = out[static_cast<std::size_t>(row * 128 + d)];
      ASSERT_GE(o, low - 1e-9);
      ASSERT_LE(o, high + 1e-9);
    }
  }
}

TEST(Reference, OneHotScoresPickOneValueEvenWhenLogitsAreLarge) {
  // q = 1000 * e_i against k_j = 1000 * e_j: the logit is 125000 for i = j and 0 elsewhere.
  const AttentionProblem p{1, 1, 1, 64, 64, 64};
  Inputs in = random_inputs(p, core::InputKind::kNormal, 5);
  std::fill(in.q.begin(), in.q.end(), std::uint16_t{0});
  std::fill(in.k.begin(), in.k.end(), std::uint16_t{0});
  for (std::size_t i = 0; i < 64; ++i) in.q[65 * i] = in.k[65 * i] = float_to_half(1000.0F);
  const std::vector<double> out = reference(p, in);
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], half_to_float(in.v[i])) << i;
}

TEST(Reference, CausalMaskIsAlignedBottomRight) {
  // Row i of Sq rows sees keys up to i + Sk - Sq: cutting the keys there must change nothing.
  for (const auto& [sq, sk] : {std::pair{5, 5}, std::pair{3, 9}, std::pair{9, 3}}) {
    AttentionProblem p{1, 1, 1, sq, sk, 64};
    p.causal = true;
    const Inputs in = random_inputs(p, core::InputKind::kNormal, 21);
    const std::vector<double> out = reference(p, in);
    for (int row = 0; row < sq; ++row) {
      const int visible = row + sk - sq + 1;
      const std::vector<double> got(out.begin() + 64 * row, out.begin() + 64 * (row + 1));
      if (visible <= 0) {
        EXPECT_EQ(got, std::vector<double>(64, 0.0)) << "a fully masked row is zero";
        continue;
      }
      const AttentionProblem cut{1, 1, 1, 1, visible, 64};
      const auto keys = static_cast<std::size_t>(64 * visible);
      const Inputs part{{in.q.begin() + 64 * row, in.q.begin() + 64 * (row + 1)},
                        {in.k.begin(), in.k.begin() + static_cast<std::ptrdiff_t>(keys)},
                        {in.v.begin(), in.v.begin() + static_cast<std::ptrdiff_t>(keys)}};
      EXPECT_EQ(got, reference(cut, part)) << sq << "x" << sk << " row " << row;
    }
  }
}

TEST(Reference, GroupedHeadsReadTheirKeyHead) {
  const AttentionProblem grouped{2, 4, 2, 6, 10, 64};
  const Inputs in = random_inputs(grouped, core::InputKind::kNormal, 2);
  Inputs full = in;
  full.k.clear();
  full.v.clear();
  for (int head = 0; head < 2 * 4; ++head) {
    const int kv = head / 4 * 2 + head % 4 / 2;
    full.k.insert(full.k.end(), in.k.begin() + kv * 640, in.k.begin() + (kv + 1) * 640);
    full.v.insert(full.v.end(), in.v.begin() + kv * 640, in.v.begin() + (kv + 1) * 640);
  }
  EXPECT_EQ(reference(grouped, in), reference(AttentionProblem{2, 4, 4, 6, 10, 64}, full));
}

// A kernel's input in bf16 has the values of another in f16 where both types hold them.
TEST(Reference, IsThatOfTheValuesWhateverTheirType) {
  AttentionProblem p{1, 2, 1, 5, 9, 64};
  Inputs in = zeros(p);
  const auto small_numbers = [](std::vector<std::uint16_t>& bits, int from) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      bits[i] = float_to_half(static_cast<float>((static_cast<int>(i) * 37 + from) % 17 - 8) / 8);
    }
  };
  small_numbers(in.q, 1);
  small_numbers(in.k, 5);
  small_numbers(in.v, 11);
  Inputs same = in;
  for (std::vector<std::uint16_t>* bits : {&same.q, &same.k, &same.v}) {
    for (std::uint16_t& x : *bits) x = float_to_bfloat16(half_to_float(x));
  }
  AttentionProblem of_bf16 = p;
  of_bf16.dtype = "bf16";
  EXPECT_EQ(reference(p, in), reference(of_bf16, same));
  EXPECT_EQ(reference_lse(p, in, all_rows(p)).lse, reference_lse(of_bf16, same, all_rows(p)).lse);
}

TEST(Reference, TakesAScale) {
  const AttentionProblem p{1, 1, 1, 3, 20, 64};
  Inputs in = random_inputs(p, core::InputKind::kNormal, 4);
  Inputs wide = in;
  for (std::uint16_t& bits : wide.q) bits = float_to_half(4 * half_to_float(bits));
  in.scale = 0.5;  // four times 1/8
  EXPECT_EQ(reference(p, in), reference(p, wide));
  EXPECT_EQ(reference_lse(p, in, all_rows(p)).lse, reference_lse(p, wide, all_rows(p)).lse);
}

TEST(ReferenceLse, ComputesTheCaseThatAHandCan) {
  // Two keys with the scores s = half(ln 3) and 0.
  const AttentionProblem p{1, 1, 1, 1, 2, 64};
  Inputs in = zeros(p);
  in.q[0] = float_to_half(8.0F);
  in.k[0] = float_to_half(std::log(3.0F));
  const LseReference found = reference_lse(p, in, all_rows(p));
  EXPECT_NEAR(found.lse[0], std::log(4.0), 1e-3);
  EXPECT_NEAR(found.lse[0], std::log(std::exp(static_cast<double>(half_to_float(in.k[0]))) + 1), 1e-14);
  // u ((D + 4) scale |q| |k| + 8 sqrt(n) + 64)
  const double score = 8.0 / 8 * half_to_float(in.k[0]);
  EXPECT_NEAR(found.limits[0], 0x1p-24 * (68 * score + 8 * std::sqrt(2.0) + 64), 1e-18);
}

TEST(ReferenceLse, OfEqualKeysIsTheLogarithmOfTheirNumberAndOfNoneMinusInfinity) {
  AttentionProblem p{1, 2, 1, 5, 3, 64};
  p.causal = true;  // rows 0 and 1 see nothing, the last three 1 to 3 keys
  const LseReference found = reference_lse(p, zeros(p), all_rows(p));
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t row = 0; row < 5; ++row) {
      const double expected = row < 2 ? -INFINITY : std::log(static_cast<double>(row) - 1);
      EXPECT_EQ(found.lse[5 * head + row], expected) << row;
    }
  }
}

TEST(RowsToCheck, AreAllOrSpreadFromFirstToLast) {
  const AttentionProblem p{1, 8, 8, 512, 512, 64};
  EXPECT_EQ(rows_to_check(p, 4096), all_rows(p));
  EXPECT_EQ(rows_to_check(p, 1 << 20), all_rows(p));
  const std::vector<std::int64_t> some = rows_to_check(p, 100);
  EXPECT_EQ(some.size(), 100u);
  EXPECT_EQ(some.front(), 0);
  EXPECT_EQ(some.back(), 4095);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(std::adjacent_find(some.begin(), some.end()), some.end()) << "no row twice";
  EXPECT_EQ(rows_to_check(p, 0), (std::vector<std::int64_t>{0}));
}

class Compare : public ::testing::Test {
 protected:
  AttentionProblem p_{1, 1, 1, 4, 4, 64};
  std::vector<double> expected_ = std::vector<double>(256, 1.0);
  std::vector<std::uint16_t> o_ = std::vector<std::uint16_t>(256, float_to_half(1.0F));
  Comparison compare() { return compare_rows(p_, o_, all_rows(p_), expected_); }
};

TEST_F(Compare, EqualHasNoError) {
  const Comparison found = compare();
  EXPECT_EQ(found.compared, 256);
  EXPECT_EQ(found.max_error, 0.0);
  EXPECT_EQ(found.error_sum, 0.0);
  EXPECT_EQ(found.worst_element, 0) << "of equal errors the first";
}

TEST_F(Compare, TheWorstElementIsFound) {
  o_[17] = float_to_half(1.0625F);
  o_[18] = float_to_half(0.9375F);
  const Comparison found = compare();
  EXPECT_DOUBLE_EQ(found.max_error, 0.0625);
  EXPECT_DOUBLE_EQ(found.error_sum, 0.125);
  EXPECT_EQ(found.worst_element, 17);
}

TEST_F(Compare, NanAndInfinityAreCountedAndNotCompared) {
  o_[70] = 0xffff;
  o_[200] = 0x7c00;
  const Comparison found = compare();
  EXPECT_EQ(found.nan_count, 1);
  EXPECT_EQ(found.inf_count, 1);
  EXPECT_EQ(found.compared, 254);
}

TEST_F(Compare, SomeRowsAreNamedByTheirPlaceInAllOfO) {
  std::vector<std::uint16_t> o_rows(128, float_to_half(1.0F));
  o_rows[64 + 5] = float_to_half(2.0F);
  const std::vector<std::int64_t> rows{0, 3};
  const Comparison found = compare_rows(p_, o_rows, rows, std::vector<double>(128, 1.0));
  EXPECT_EQ(found.compared, 128);
  EXPECT_EQ(found.worst_element, 3 * 64 + 5);
}

TEST(Plain, RoundsScoresWeightsAndTheOutput) {
  // Three keys with the scores 0, x and 0, of which x is no half; by hand, step by step.
  const AttentionProblem p{1, 1, 1, 1, 3, 64};
  Inputs in = zeros(p);
  in.q[0] = float_to_half(1.25F);
  in.k[64] = float_to_half(33.03125F);
  in.v[0] = float_to_half(1.0F);
  in.v[64] = float_to_half(-2.0F);
  in.v[128] = float_to_half(3.0F);
  const auto rounded = [](float x) { return half_to_float(float_to_half(x)); };
  const float exact = 1.25F * half_to_float(in.k[64]) / 8;
  const float score = rounded(exact);
  ASSERT_NE(score, exact);
  const float sum = 1 + 2 * std::exp(-score);
  const float low = rounded(std::exp(-score) / sum), high = rounded(1 / sum);
  ASSERT_NE(high, 1 / sum);
  const std::vector<std::uint16_t> out = plain_rows(p, in, all_rows(p));
  EXPECT_EQ(out[0], float_to_half(low * 1.0F + high * -2.0F + low * 3.0F));
  EXPECT_EQ(out[1], 0);
}

TEST(Plain, RoundsToTheElementType) {
  AttentionProblem p{1, 1, 1, 20, 300, 64};
  const std::vector<std::int64_t> rows = all_rows(p);
  const auto error_of = [&] {
    const Inputs in = random_inputs(p, core::InputKind::kNormal, 8);
    return compare_rows(p, plain_rows(p, in, rows), rows, reference_rows(p, in, rows));
  };
  const Comparison of_f16 = error_of();
  p.dtype = "bf16";
  const Comparison of_bf16 = error_of();
  EXPECT_EQ(of_bf16.compared, of_f16.compared);
  // Three bits fewer, so eight times the error.
  EXPECT_NEAR(of_bf16.error_sum / of_f16.error_sum, 8, 1);
}

TEST(Plain, IsExactWhereARowSeesOneKeyOrNone) {
  AttentionProblem p{1, 2, 1, 3, 2, 64};
  p.causal = true;  // row 0 sees nothing, row 1 one key
  for (const auto input : {core::InputKind::kNormal, core::InputKind::kPeaked}) {
    const Inputs in = random_inputs(p, input, 7);
    const std::vector<std::uint16_t> out = plain_rows(p, in, all_rows(p));
    for (std::size_t i = 0; i < 64; ++i) {
      EXPECT_EQ(out[i], 0);
      EXPECT_EQ(out[64 + i], in.v[i]);
    }
  }
}

TEST(Plain, TheFurtherDrawsAreOfTheBandThatTheyAreFor) {
  const AttentionProblem full{1, 1, 1, 5, 17, 64};
  EXPECT_GE(plain_draw(full, core::InputKind::kNormal, 5, 1 << 12).compared, 1 << 12);
  EXPECT_GT(plain_draw(full, core::InputKind::kNormal, 5, 1 << 12).max_error, 1e-5);
  EXPECT_GT(plain_draw(full, core::InputKind::kPeaked, 5, 1 << 12).max_error, 1e-3);
}

}  // namespace
}  // namespace flashcore::kernels::bench
