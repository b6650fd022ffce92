// Every phase and type on tensors that lie otherwise: BSHD, padded rows, broadcast inputs, each tensor its
// own way; any scale; LSE or not. What lies between rows, behind the last key and around every tensor is NaN
// and stays so.
#include <gtest/gtest.h>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

class Layouts : public GpuPhaseTest {};
FLASHCORE_FOR_EVERY_PHASE(Layouts);

TEST_P(Layouts, OfAnyStridesAreRight) {
  for (const auto& [sq, sk] : {std::pair{70, 90}, {1, 600}, {128, 128}, {257, 129}}) {
    for (const int kv_heads : {6, 2}) {
      for (const int d : {64, 128}) {
        for (const bool causal : {false, true}) {
          const AttentionProblem p = problem(2, 6, kv_heads, sq, sk, d, causal);
          const Inputs inputs = normal(p, 9);
          for (const Layout all : {Layout::kBshd, Layout::kPadded})
            expect_right({p, all, all, all, all, 0, true}, inputs);
          expect_right({p, Layout::kPadded, Layout::kBshd, Layout::kContiguous, Layout::kBshd, 0, true},
                       inputs);
          expect_right(
              {p, Layout::kBshd, Layout::kContiguous, Layout::kPadded, Layout::kContiguous, 0, false},
              inputs);
        }
      }
    }
  }
}

TEST_P(Layouts, OfBroadcastInputsAreRight) {
  for (const auto& [sq, sk] : {std::pair{70, 90}, {1, 600}}) {
    const AttentionProblem p = problem(3, 4, 2, sq, sk, 64, true);
    const Inputs inputs = normal(p, 11);
    expect_right({p, Layout::kContiguous, Layout::kOneHead, Layout::kOneBatch, Layout::kBshd, 0, true},
                 inputs);
    expect_right({p, Layout::kOneBatch, Layout::kOneBatch, Layout::kOneHead, Layout::kPadded, 0, true},
                 inputs);
    expect_right({p, Layout::kOneHead, Layout::kPadded, Layout::kPadded, Layout::kContiguous, 0, false},
                 inputs);
  }
}

TEST_P(Layouts, OfAnyScaleAreRight) {
  for (const float scale : {0.01F, 0.3F, 1.0F}) {
    for (const int d : {64, 128}) {
      const AttentionProblem p = problem(1, 2, 2, 129, 200, d, scale < 0.1F);
      expect_right({.problem = p, .scale = scale, .with_lse = true}, normal(p, 12));
    }
  }
}

// Asking for LSE must not change O's bits.
TEST_P(Layouts, WithLseOrWithoutHaveTheSameO) {
  for (const auto& [sq, sk] : {std::pair{512, 512}, {130, 90}, {1, 4096}}) {
    for (const bool causal : {false, true}) {
      const AttentionProblem p = problem(2, 4, 2, sq, sk, 64, causal);
      const Inputs inputs = normal(p, 13);
      Answer with, without;
      if (!run({.problem = p, .with_lse = true}, inputs, with)) return;
      ASSERT_TRUE(run({.problem = p}, inputs, without));
      EXPECT_TRUE(with.right()) << with.text();
      EXPECT_TRUE(without.right()) << without.text();
      if (!is_library()) {
        EXPECT_EQ(with.o, without.o) << core::problem_label(p);
      }
    }
  }
}

// The same numbers in other places: the same bits.
TEST_P(Layouts, HaveTheSameO) {
  if (is_library()) GTEST_SKIP() << "a library may take another kernel for other strides";
  const AttentionProblem p = problem(2, 4, 2, 200, 300, 128, true);
  const Inputs inputs = normal(p, 14);
  Answer first;
  ASSERT_TRUE(run({.problem = p, .with_lse = true}, inputs, first));
  for (const Layout all : {Layout::kBshd, Layout::kPadded}) {
    Answer other;
    ASSERT_TRUE(run({p, all, all, all, all, 0, true}, inputs, other));
    EXPECT_EQ(first.o, other.o);
    EXPECT_EQ(first.lse_values, other.lse_values);
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
