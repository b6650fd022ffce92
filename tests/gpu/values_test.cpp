// Every phase and type on inputs that random numbers do not bring: large logits, a maximum that moves, rows
// that one key owns or all share, values near the type's end, rows without a key.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

class Values : public GpuPhaseTest {
 protected:
  std::uint16_t bits(double x) const { return narrow(element(), static_cast<float>(x)); }
  float value(std::uint16_t x) const { return widen(element(), x); }
  void multiply(std::vector<std::uint16_t>& tensor, float by) const {
    for (std::uint16_t& x : tensor) x = bits(by * value(x));
  }
};
FLASHCORE_FOR_EVERY_PHASE(Values);

TEST_P(Values, LogitsTenAndThirtyTimesAsLarge) {
  // The wider they spread, the nearer is the softmax to one key a row.
  for (const float by : {10.0F, 30.0F}) {
    for (const int d : {64, 128}) {
      for (const bool causal : {false, true}) {
        const AttentionProblem p = problem(1, 2, 2, 300, 300, d, causal);
        Inputs inputs = normal(p, 4);
        multiply(inputs.q, by);
        expect_right({.problem = p, .with_lse = true}, inputs);
      }
    }
  }
}

// Every logit is +10,000 or -10,000: the keys of the larger share a row evenly, and where all are the
// smaller, all of them do.
TEST_P(Values, LogitsOfTenThousandOfEitherSign) {
  for (const int d : {64, 128}) {
    const AttentionProblem p = problem(1, 2, 2, 150, 200, d);
    Inputs inputs = normal(p, 5);
    std::fill(inputs.q.begin(), inputs.q.end(), bits(0));
    std::fill(inputs.k.begin(), inputs.k.end(), bits(0));
    // 800 * 100 / 8, and at D = 128 as near as the scale lets it be.
    for (std::size_t i = 0; i < inputs.q.size(); i += static_cast<std::size_t>(d)) inputs.q[i] = bits(800);
    for (std::size_t i = 0; i < inputs.k.size(); i += static_cast<std::size_t>(d)) {
      inputs.k[i] = bits(i / static_cast<std::size_t>(d) % 3 == 0 ? 100 : -100);
    }
    expect_right({.problem = p, .with_lse = true}, inputs);
    for (std::uint16_t& x : inputs.k) x = bits(-std::abs(value(x)));
    expect_right({.problem = p, .with_lse = true}, inputs);
  }
}

// Random logits up to some 10,000. The plain method rounds them by whole units, so its limit says little
// here; FP32 scores are off by 1e-3 of a unit and less.
TEST_P(Values, RandomLogitsOfTenThousand) {
  if (is_library()) GTEST_SKIP() << "a library may round its scores";
  const AttentionProblem p = problem(1, 2, 2, 130, 300, 64);
  Inputs inputs = normal(p, 6);
  multiply(inputs.q, 2500.0F);
  Answer answer;
  ASSERT_TRUE(run({.problem = p, .with_lse = true}, inputs, answer));
  EXPECT_TRUE(answer.right()) << answer.text();
  EXPECT_LE(answer.record.max_error, 0.1) << answer.text();
}

TEST_P(Values, AMaximumThatRisesInEveryTile) {
  for (const int d : {64, 128}) {
    const AttentionProblem p = problem(1, 1, 1, 64, 1024, d);
    const auto width = static_cast<std::size_t>(d);
    Inputs inputs = normal(p, 6);
    std::fill(inputs.q.begin(), inputs.q.end(), bits(0.5));
    for (std::size_t i = 0; i < inputs.k.size(); ++i) {
      inputs.k[i] = bits(static_cast<double>(i / width) / 128.0);
    }
    expect_right({.problem = p, .with_lse = true}, inputs);
    std::fill(inputs.q.begin(), inputs.q.end(), bits(-0.5));  // and one that never rises again
    expect_right({.problem = p, .with_lse = true}, inputs);
  }
}

TEST_P(Values, OneHotRowsReturnTheirValueExactly) {
  for (const int d : {64, 128}) {
    const AttentionProblem p = problem(1, 1, 1, d, d, d);
    Inputs inputs = normal(p, 8);
    std::fill(inputs.q.begin(), inputs.q.end(), std::uint16_t{0});
    std::fill(inputs.k.begin(), inputs.k.end(), std::uint16_t{0});
    for (std::size_t i = 0; i < static_cast<std::size_t>(d); ++i) {
      const std::size_t at = i * static_cast<std::size_t>(d + 1);
      inputs.q[at] = inputs.k[at] = bits(100);
    }
    Answer answer;
    if (!run({.problem = p, .with_lse = true}, inputs, answer)) return;
    EXPECT_TRUE(answer.lse.passed && answer.trespass.empty()) << answer.text();
    for (std::size_t i = 0; i < inputs.v.size(); ++i) ASSERT_EQ(value(answer.o[i]), value(inputs.v[i])) << i;
  }
}

TEST_P(Values, EqualRowsShareAllKeysEvenly) {
  for (const bool causal : {false, true}) {
    const AttentionProblem p = problem(1, 2, 1, 100, 700, 64, causal);
    Inputs inputs = normal(p, 9);
    std::fill(inputs.q.begin(), inputs.q.end(), bits(1.5));
    std::fill(inputs.k.begin(), inputs.k.end(), bits(-0.25));
    expect_right({.problem = p, .with_lse = true}, inputs);
    std::fill(inputs.q.begin(), inputs.q.end(), std::uint16_t{0});
    expect_right({.problem = p, .with_lse = true}, inputs);
  }
}

TEST_P(Values, ValuesNearTheEndOfF16DoNotOverflow) {
  for (const bool causal : {false, true}) {
    const AttentionProblem p = problem(1, 1, 1, 96, 96, 64, causal);
    Inputs inputs = normal(p, 12);
    for (std::uint16_t& x : inputs.v) x = bits(value(x) < 0 ? -6e4 : 6e4);
    Answer answer;
    if (!run({.problem = p, .with_lse = true}, inputs, answer)) return;
    EXPECT_EQ(answer.record.nan_count + answer.record.inf_count, 0);
    EXPECT_TRUE(answer.lse.passed && answer.trespass.empty()) << answer.text();
    EXPECT_LE(answer.record.max_error, 6e4 * (element() == Element::kF16 ? 2e-3 : 1.6e-2))
        << "the type's relative precision, twice over";
  }
}

TEST_P(Values, FullyMaskedRowsAreZeroAndMinusInfinity) {
  for (const int d : {64, 128}) {
    for (const auto& [sq, sk] : {std::pair{200, 70}, {65, 1}, {300, 172}}) {
      const AttentionProblem p = problem(1, 2, 2, sq, sk, d, true);
      Answer answer;
      if (!run({.problem = p, .with_lse = true}, normal(p, 10), answer)) return;
      EXPECT_TRUE(answer.right()) << answer.text();
      for (int head = 0; head < 2; ++head) {
        for (int i = 0; i < (sq - sk) * d; ++i) {
          ASSERT_EQ(answer.o[static_cast<std::size_t>(head * sq * d + i)] & 0x7fff, 0) << i;
        }
        for (int row = 0; row < sq - sk && !answer.lse_values.empty(); ++row) {
          ASSERT_EQ(answer.lse_values[static_cast<std::size_t>(head * sq + row)], -INFINITY) << row;
        }
      }
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
