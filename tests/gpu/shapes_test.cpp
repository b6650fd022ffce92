// Every phase and type on problems whose extents are no tile's, with LSE; grouped heads; long sequences.
#include <gtest/gtest.h>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

class Shapes : public GpuPhaseTest {};
FLASHCORE_FOR_EVERY_PHASE(Shapes);

// FlashAttention's own list (github.com/Dao-AILab/flash-attention, tests/test_flash_attn.py), and some of one
// key, one query, or neither.
TEST_P(Shapes, OfOddExtentsAreRight) {
  for (const auto& [sq, sk] : {std::pair{1, 1},
                               {64, 128},
                               {239, 1},
                               {799, 3},
                               {113, 203},
                               {113, 211},
                               {108, 256},
                               {384, 256},
                               {640, 128},
                               {1023, 1024},
                               {1024, 1023},
                               {4224, 4224},
                               {11, 11},
                               {99, 99},
                               {1763, 1763},
                               {1, 63},
                               {3, 799}}) {
    for (const int d : {64, 128}) {
      for (const bool causal : {false, true}) expect_right(problem(1, 2, 2, sq, sk, d, causal));
    }
  }
}

// Tiles are multiples of 32, 64 or 128 rows and keys, or a few of them: each size and the ones beside it.
TEST_P(Shapes, BesideEveryTileSizeAreRight) {
  constexpr int kSizes[] = {31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193};
  for (const int sq : kSizes) {
    for (const int sk : kSizes) {
      // A library plans each call anew, which takes its time.
      if (is_library() && sq % 64 != 1 && sk % 64 != 1) continue;
      expect_right(problem(1, 2, 1, sq, sk, 64));
      expect_right(problem(1, 1, 1, sq, sk, 128, true));
      if (!is_library()) {
        expect_right(problem(1, 1, 1, sq, sk, 64, true));
        expect_right(problem(1, 2, 1, sq, sk, 128));
      }
    }
  }
}

TEST_P(Shapes, ThatAreLongAreRight) {
  for (const int s : {9999, 32767}) {
    for (const int d : {64, 128}) {
      for (const bool causal : {false, true}) expect_right(problem(1, 1, 1, s, s, d, causal));
    }
  }
}

TEST_P(Shapes, WithGroupedHeadsReadTheirKeyHead) {
  for (const int kv_heads : {6, 3, 2, 1}) {
    for (const bool causal : {false, true}) {
      expect_right(problem(2, 6, kv_heads, 70, 90, 64, causal));
      expect_right(problem(2, 6, kv_heads, 130, 257, 128, causal));
    }
  }
}

// One query, or few, and many keys: the keys may be split over blocks.
TEST_P(Shapes, LikeDecodingAreRight) {
  for (const int sk : {1, 17, 128, 1000, 4096, 8191, 8192}) {
    for (const int d : {64, 128}) {
      expect_right(problem(2, 32, 8, 1, sk, d));
      expect_right(problem(3, 8, 1, 1, sk, d, true));
      expect_right(problem(1, 4, 4, 1, sk, d));
      expect_right(problem(1, 8, 2, 5, sk, d, true));  // some of whose rows see nothing where keys are few
    }
  }
}

TEST_P(Shapes, OfOneHeadAndFewRowsAreRight) {
  for (const int sq : {1, 2, 15, 16, 17, 48}) {
    for (const int sk : {300, 511, 2049}) expect_right(problem(1, 1, 1, sq, sk, 64, sq % 2 == 0));
  }
}

TEST_P(Shapes, OfManyBatchesAndHeadsAreRight) {
  expect_right(problem(7, 12, 4, 33, 47, 64, true));
  expect_right(problem(300, 3, 3, 9, 20, 64));
  expect_right(problem(1, 257, 257, 40, 70, 128, true));
}

}  // namespace
}  // namespace flashcore::kernels::bench
