// Real kernels that are slower for one reason, measured beside their base (tests/planted): the reason comes
// first.
#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "analysis/why/why.h"
#include "tests/analysis/why/recorded_runs.h"

namespace flashcore::analysis {
namespace {

using testing::HasSubstr;
using tests::planted;
using tests::runs_of;

struct Planted {
  const char* base;
  const char* variant;
  const char* shape;
  const char* cause;
  double least;  // share of the difference that it has to be given
  const char* evidence;
};

class WhyPlanted : public testing::TestWithParam<Planted> {};

// In each process by itself, and across processes.
TEST_P(WhyPlanted, CauseComesFirst) {
  const Planted& p = GetParam();
  const auto bases = runs_of(planted(), p.base, p.shape), variants = runs_of(planted(), p.variant, p.shape);
  ASSERT_EQ(bases.size(), 3u);
  ASSERT_EQ(variants.size(), 3u);
  for (const RunAnalysis* base : bases) {
    for (const RunAnalysis* variant : variants) {
      const Why slower = why(*base, *variant);
      ASSERT_GT(slower.difference_ns, 0.05 * *slower.base_ns);
      ASSERT_FALSE(slower.causes.empty());
      EXPECT_EQ(slower.causes[0].id, p.cause) << slower.causes[0].sentence;
      EXPECT_GE(slower.causes[0].share, p.least) << slower.causes[0].sentence;
      EXPECT_THAT(slower.causes[0].sentence, HasSubstr(p.evidence));
      const Why faster = why(*variant, *base);
      EXPECT_EQ(faster.causes[0].id, p.cause) << faster.causes[0].sentence;
      EXPECT_LT(faster.causes[0].ns, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    OnTheH200, WhyPlanted,
    testing::Values(
        Planted{"wmma", "planted_spills", "mission", "spills", 0.6, "spilled 0 -> 940 bytes a thread"},
        Planted{"wmma", "planted_spills", "large", "spills", 0.6, "registers 142 -> 64"},
        Planted{"wmma", "planted_half_blocks", "mission", "blocks", 0.9, "blocks 64 -> 32"},
        Planted{"wmma", "planted_half_blocks", "large", "blocks", 0.9, "blocks 128 -> 64"},
        Planted{"wmma", "planted_uncoalesced", "mission", "uncoalesced", 0.5, "bytes through L1 an access"},
        Planted{"wmma", "planted_uncoalesced", "large", "uncoalesced", 0.6, "bytes through L1 an access"},
        Planted{"fused", "planted_swizzle", "mission", "bank_conflicts", 0.9,
                "wavefronts of a shared access"},
        Planted{"fused", "planted_swizzle", "large", "bank_conflicts", 0.9, "wavefronts of a shared access"},
        Planted{"wmma", "planted_softmax", "mission", "instructions", 0.9, "FMA"},
        Planted{"wmma", "planted_softmax", "large", "instructions", 0.9, "FMA"},
        Planted{"baseline", "planted_occupancy", "mission", "occupancy", 0.6, "warps on a busy SM"}),
    [](const auto& info) { return std::string(info.param.variant) + "_" + info.param.shape; });

// Two processes of one kernel differ by noise; it is split too, and no cause may grow out of it.
TEST(WhyNoise, StaysSmall) {
  for (const char* phase : {"wmma", "fused", "baseline"}) {
    const auto runs = runs_of(planted(), phase, "mission");
    for (const RunAnalysis* a : runs) {
      for (const RunAnalysis* b : runs) {
        for (const WhyCause& cause : why(*a, *b).causes) {
          // The clock and the counted shares are measured each with a noise of a percent or two.
          EXPECT_LT(std::abs(cause.ns), 0.03 * a->graph_ns->p50) << cause.sentence;
          if (cause.id != "unexplained" && cause.id != "clock" && cause.id != "balance") {
            EXPECT_LT(std::abs(cause.ns), 0.015 * a->graph_ns->p50) << cause.sentence;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace flashcore::analysis
