#include "kernels/bench/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;
using ::testing::HasSubstr;

TEST(Limit, IsTwiceThePlainErrorAndALittle) {
  EXPECT_DOUBLE_EQ(check_limit(0), 1e-5);
  EXPECT_DOUBLE_EQ(check_limit(3e-4), 6.1e-4);
  EXPECT_DOUBLE_EQ(mean_limit(0), 1e-6);
  EXPECT_DOUBLE_EQ(mean_limit(3e-5), 6.1e-5);
}

TEST(Bands, AreByThePowersOfTwoOfTheKeysSeen) {
  EXPECT_EQ(band_of(0), 0);
  EXPECT_EQ(band_of(1), 0);
  EXPECT_EQ(band_of(2), 1);
  EXPECT_EQ(band_of(3), 2);
  EXPECT_EQ(band_of(4), 2);
  EXPECT_EQ(band_of(5), 3);
  EXPECT_EQ(band_of(1024), 10);
  EXPECT_EQ(band_of(1025), 11);
  EXPECT_EQ(band_of(core::kMaxExtent), kBands - 1);
}

TEST(Bands, HoldEveryRowOnceInItsOwn) {
  for (const bool causal : {false, true}) {
    for (int sq = 1; sq <= 40; ++sq) {
      for (const int sk : {1, 2, 3, 5, 8, 31, 32, 33, 70}) {
        AttentionProblem p{1, 1, 1, sq, sk, 64};
        p.causal = causal;
        std::int64_t next = 0;
        int last_band = -1;
        for (const BandRows& rows : band_rows(p)) {
          EXPECT_EQ(rows.first, next);
          EXPECT_GT(rows.last, rows.first);
          EXPECT_GT(rows.band, last_band);
          for (std::int64_t row = rows.first; row < rows.last; ++row) {
            EXPECT_EQ(band_of(visible_keys(p, row)), rows.band) << sq << "x" << sk << " row " << row;
          }
          next = rows.last;
          last_band = rows.band;
        }
        EXPECT_EQ(next, sq) << sq << "x" << sk;
        EXPECT_TRUE(causal || band_rows(p).size() == 1);
      }
    }
  }
}

TEST(Draws, AreLargeEnoughAndOfOneBand) {
  for (const bool causal : {false, true}) {
    for (const auto& [sq, sk] : {std::pair{1, 1},
                                 {3, 2},
                                 {1, 5000},
                                 {799, 3},
                                 {1000, 1000},
                                 {300, 7000},
                                 {4096, 4096},
                                 {4097, 4097}}) {
      for (const std::int64_t d : {8, 64, 128}) {
        AttentionProblem p{2, 6, 2, sq, sk, d};
        p.causal = causal;
        for (const BandRows& rows : band_rows(p)) {
          const AttentionProblem draw = draw_problem(p, rows.band, kPlainElements);
          ASSERT_TRUE(core::validate(draw).has_value());
          EXPECT_GE(draw.q_elements(), kPlainElements);
          EXPECT_LE(draw.q_elements(), 2 * kPlainElements) << "and no larger than it must be";
          EXPECT_EQ(draw.head_dim, d);
          EXPECT_LE(draw.kv_elements(), std::max(2 * kPlainElements, 2 * sk * d)) << "nor its keys";
          if (!causal) {
            EXPECT_EQ(draw.seq_k, sk);
          }
          const auto bands = band_rows(draw);
          ASSERT_EQ(bands.size(), 1u);
          EXPECT_EQ(bands[0].band, rows.band);
        }
      }
    }
  }
}

class Judge : public ::testing::Test {
 protected:
  AttentionProblem p_{2, 3, 3, 4, 4, 64};
  Bands answer_{}, plain_{};
  core::CheckRecord judged() const { return judge(p_, InputKind::kNormal, 42, answer_, plain_, "the host"); }
  void SetUp() override {
    plain_[2] = {1e-3, 0.5, 0, 0, 0, p_.q_elements()};
    answer_[2] = {2e-3, 0.25, 3 * 256 + 64 + 5, 0, 0, p_.q_elements()};
  }
};

TEST_F(Judge, RightIsWithinTheLimit) {
  const core::CheckRecord record = judged();
  EXPECT_TRUE(record.passed);
  EXPECT_EQ(record.seed, 42u);
  EXPECT_EQ(record.input, "normal");
  EXPECT_EQ(record.compared, p_.q_elements());
  EXPECT_EQ(record.max_error, 2e-3);
  EXPECT_EQ(record.plain_max_error, 1e-3);
  EXPECT_DOUBLE_EQ(record.max_tolerance, 2.01e-3);
  EXPECT_DOUBLE_EQ(record.mean_error, 0.25 / static_cast<double>(p_.q_elements()));
  ASSERT_TRUE(record.mean_tolerance.has_value());
  EXPECT_DOUBLE_EQ(*record.mean_tolerance, 2 * 0.5 / static_cast<double>(p_.q_elements()) + 1e-6);
  EXPECT_EQ(record.worst, "b 1, h 0, row 1, d 5");
  EXPECT_EQ(record.method, "fp64 on the host, every element");
}

TEST_F(Judge, OneErrorPastTheLimitIsWrong) {
  answer_[2].max_error = 2.02e-3;
  EXPECT_FALSE(judged().passed);
}

TEST_F(Judge, OneNanOrInfinityIsWrong) {
  answer_[2].nan_count = 1;
  EXPECT_FALSE(judged().passed);
  answer_[2].nan_count = 0;
  answer_[2].inf_count = 1;
  EXPECT_FALSE(judged().passed);
}

TEST_F(Judge, NothingComparedIsWrong) {
  answer_ = {};
  EXPECT_FALSE(judged().passed);
}

// Every element 1e-3 off: no element is past the limit of the largest error.
TEST_F(Judge, ASmallErrorEverywhereIsWrong) {
  answer_[2].max_error = 1e-3;
  answer_[2].error_sum = 1.02 * static_cast<double>(p_.q_elements()) * *judged().mean_tolerance;
  EXPECT_FALSE(judged().passed);
  answer_[2].error_sum = 0.98 * static_cast<double>(p_.q_elements()) * *judged().mean_tolerance;
  EXPECT_TRUE(judged().passed);
}

TEST_F(Judge, TheMeanOfVeryFewElementsDecidesNothing) {
  p_ = {1, 1, 1, 1, 4, 8};
  plain_[2] = {1e-3, 8e-5, 0, 0, 0, 8};
  answer_[2] = {2e-3, 8e-4, 0, 0, 0, 8};
  EXPECT_TRUE(judged().passed);
  EXPECT_DOUBLE_EQ(judged().mean_tolerance.value_or(0), 2.01e-3);
  p_.head_dim = 64;
  EXPECT_FALSE(judged().passed);
}

TEST_F(Judge, TheBandThatItsMeanCondemnsIsTheOneShown) {
  p_.causal = true;
  for (const std::size_t band : {0, 1, 2}) plain_[band] = {1e-3, 1e-4, 0, 0, 0, 1};
  answer_[0] = {1.9e-3, 1e-4, 0, 0, 0, 1};  // near its limit, and within
  answer_[1] = {5e-4, 5e-4, 64, 0, 0, 1};
  answer_[2] = {5e-4, 1e-4, 128, 0, 0, 1};
  const core::CheckRecord record = judged();
  EXPECT_FALSE(record.passed);
  EXPECT_EQ(record.max_error, 5e-4);
  EXPECT_EQ(record.mean_error, 5e-4);
  EXPECT_DOUBLE_EQ(record.mean_tolerance.value_or(0), 2.01e-4);
  EXPECT_THAT(record.method, HasSubstr("rows that see 2 to 2 keys"));
}

TEST_F(Judge, EachBandHasItsOwnLimitAndTheWorstIsShown) {
  p_.causal = true;  // rows that see 1, 2, and 3 and 4 keys
  plain_[1] = {4e-3, 0, 0, 0, 0, 1};
  answer_[0] = {0, 0, 0, 0, 0, 1};
  answer_[1] = {3e-3, 0, 64, 0, 0, 1};
  answer_[2].max_error = 2.5e-3;  // less than in band 1, but past its own limit
  core::CheckRecord record = judged();
  EXPECT_FALSE(record.passed);
  EXPECT_EQ(record.max_error, 2.5e-3);
  EXPECT_DOUBLE_EQ(record.max_tolerance, 2.01e-3);
  EXPECT_THAT(record.method, HasSubstr("rows that see 3 to 4 keys"));
  answer_[2].max_error = 1e-4;
  answer_[2].error_sum = 0;
  record = judged();
  EXPECT_TRUE(record.passed);
  EXPECT_EQ(record.max_error, 3e-3);
  EXPECT_EQ(record.plain_max_error, 4e-3);
  EXPECT_THAT(record.method, HasSubstr("rows that see 2 to 2 keys"));
}

// Few elements on one side: the mean that is larger holds, and neither is watered down by the other's.
TEST(Draws, OfBothErrorsTheLargerCounts) {
  Comparison plain{1e-3, 4e-3, 5, 0, 0, 10};
  take_draws(plain, {2e-3, 1.0, 0, 0, 0, 10000});
  EXPECT_EQ(plain.max_error, 2e-3);
  EXPECT_DOUBLE_EQ(mean_error(plain), 4e-4);
  take_draws(plain, {1e-3, 6.0, 0, 0, 0, 10000});
  EXPECT_EQ(plain.max_error, 2e-3);
  EXPECT_DOUBLE_EQ(mean_error(plain), 6e-4);
  EXPECT_EQ(mean_error(Comparison{}), 0);
}

class LseCheck : public ::testing::Test {
 protected:
  std::vector<std::int64_t> rows_{7, 8, 9};
  LseReference reference_{{1.5, -INFINITY, 3.0}, {1e-3, 1e-3, 1e-2}};
  std::vector<float> lse_{1.5F, -INFINITY, 3.0F};
  LseComparison compared() const { return compare_lse(lse_, rows_, reference_); }
};

TEST_F(LseCheck, RightIsWithinEachRowsLimit) {
  lse_[2] = 3.005F;
  const LseComparison found = compared();
  EXPECT_TRUE(found.passed);
  EXPECT_EQ(found.compared, 3);
  EXPECT_NEAR(found.max_error, 0.005, 1e-6);
  EXPECT_EQ(found.limit, 1e-2);
  EXPECT_EQ(found.worst_row, 9);
  lse_[0] = 1.502F;  // a smaller error than the other's, and past its own limit
  EXPECT_FALSE(compared().passed);
  EXPECT_EQ(compared().worst_row, 7);
}

TEST_F(LseCheck, InfinitiesAreWhereTheyMustBeAndNowhereElse) {
  for (const float wrong : {0.0F, -1e30F, INFINITY, NAN}) {
    lse_[1] = wrong;
    EXPECT_FALSE(compared().passed) << wrong;
    EXPECT_EQ(compared().wrong_infinities, 1);
  }
  lse_[1] = -INFINITY;
  EXPECT_TRUE(compared().passed);
  for (const float wrong : {-INFINITY, INFINITY, NAN}) {
    lse_[0] = wrong;
    EXPECT_FALSE(compared().passed) << wrong;
  }
}

TEST_F(LseCheck, NothingComparedIsWrong) {
  EXPECT_FALSE(compare_lse({}, {}, {}).passed);
}

TEST(LseLimit, FollowsFromTheRowsQueryItsHeadsLongestKeyAndItsKeys) {
  AttentionProblem p{2, 4, 2, 3, 5, 64};
  p.causal = true;
  std::vector<double> q_norms(2 * 4 * 3, 1.0), k_norms(2 * 2 * 5, 1.0);
  const std::vector<std::int64_t> rows{0, 23};
  const std::vector<double> before = lse_limits(p, 0.125, rows, q_norms, k_norms);
  EXPECT_DOUBLE_EQ(before[0], 0x1p-24 * (68 * 0.125 + 8 * std::sqrt(3.0) + 64));
  EXPECT_DOUBLE_EQ(before[1], 0x1p-24 * (68 * 0.125 + 8 * std::sqrt(5.0) + 64));
  k_norms[2] = 4;    // batch 0, key head 0
  q_norms[23] = 10;  // the last row
  const std::vector<double> after = lse_limits(p, 0.125, rows, q_norms, k_norms);
  EXPECT_DOUBLE_EQ(after[0] - before[0], 0x1p-24 * 68 * 0.125 * 3);
  EXPECT_DOUBLE_EQ(after[1] - before[1], 0x1p-24 * 68 * 0.125 * 9);
}

TEST(Merge, KeepsTheWorstAndOfEqualOnesTheFirst) {
  Comparison all;
  merge(all, Comparison{});
  EXPECT_EQ(all.worst_element, -1);
  take(all, 0.0, 9);
  EXPECT_EQ(all.worst_element, 9);
  take(all, 0.5, 7);
  take(all, 0.5, 3);
  take(all, 0.25, 1);
  EXPECT_EQ(all.worst_element, 3);
  EXPECT_EQ(all.max_error, 0.5);
  EXPECT_EQ(all.error_sum, 1.25);
  EXPECT_EQ(all.compared, 4);
}

}  // namespace
}  // namespace flashcore::kernels::bench
