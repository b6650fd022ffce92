#include "kernels/models.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace flashcore::kernels {
namespace {

using core::AttentionProblem;

TEST(Models, CountTheMission) {
  const AttentionProblem mission{1, 8, 8, 512, 512, 64};
  EXPECT_EQ(visible_pairs(mission), 512.0 * 512);
  EXPECT_EQ(attention_flops(mission), 4.0 * 8 * 512 * 512 * 64);  // 536870912
  EXPECT_EQ(attention_min_bytes(mission), 2.0 * 4 * 8 * 512 * 64);
}

TEST(Models, CausalPairsAreTheSumOverRows) {
  for (int sq = 1; sq <= 20; ++sq) {
    for (int sk = 1; sk <= 20; ++sk) {
      AttentionProblem p{1, 1, 1, sq, sk, 64};
      p.causal = true;
      double pairs = 0;
      for (int row = 0; row < sq; ++row) pairs += std::clamp(row + sk - sq + 1, 0, sk);
      EXPECT_EQ(visible_pairs(p), pairs) << sq << " " << sk;
    }
  }
}

TEST(Models, OneExponentialForEveryScoreThatIsSeen) {
  AttentionProblem p{2, 4, 2, 30, 50, 64};
  EXPECT_EQ(attention_exps(p), 2.0 * 4 * 30 * 50);
  p.causal = true;
  EXPECT_EQ(attention_exps(p), 2.0 * 4 * visible_pairs(p));
  const core::ModelRecord model = attention_model(p);
  EXPECT_EQ(model.flops, attention_flops(p));
  EXPECT_EQ(model.bytes, attention_min_bytes(p));
  EXPECT_EQ(model.exps, attention_exps(p));
}

TEST(Models, GroupedHeadsSaveBytesAndNoFlops) {
  const AttentionProblem full{2, 8, 8, 256, 256, 128};
  const AttentionProblem grouped{2, 8, 2, 256, 256, 128};
  EXPECT_EQ(attention_flops(full), attention_flops(grouped));
  EXPECT_EQ(attention_min_bytes(full) - attention_min_bytes(grouped), 2.0 * 2 * 2 * 6 * 256 * 128);
}

}  // namespace
}  // namespace flashcore::kernels
