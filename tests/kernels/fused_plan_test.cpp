// What `fused` plans: that its blocks cover all rows and all keys, fit the GPU and have the workspace that
// their parts need, for many problems and GPUs; and which tile some problems get on an H200.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/kernels/plan_without_gpu.h"

namespace flashcore::kernels {
namespace {

using core::AttentionProblem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::kH200;
using testing::kL4;
using ::testing::Not;
using ::testing::StartsWith;

// An A100, an A10, and an H200 with one SM (the vendor's data sheets).
constexpr DeviceTraits kA100{0, 80, 108, 163 << 10, 164 << 10, std::int64_t{40} << 20};
constexpr DeviceTraits kA10{0, 86, 72, 99 << 10, 100 << 10, std::int64_t{6} << 20};
constexpr DeviceTraits kOneSm{0, 90, 1, 227 << 10, 228 << 10, std::int64_t{50} << 20};

// What a plan's choice() says: "16 x 128 tiles, keys over 4 warps and 9 blocks".
struct Chosen {
  std::int64_t rows = 0, keys = 0, splits = 1;
};

Chosen read_choice(const std::string& text) {
  static const std::regex form(R"((\d+) x (\d+) tiles(?:, keys over \d+ warps)?(?: and (\d+) blocks)?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, form)) {
    ADD_FAILURE() << text;
    return {1, 1, 1};
  }
  return {std::stoll(parts[1]), std::stoll(parts[2]), parts[3].matched ? std::stoll(parts[3]) : 1};
}

std::vector<AttentionProblem> problems() {
  std::vector<AttentionProblem> all;
  for (const std::int64_t batch : {1, 3, 8}) {
    for (const auto& [heads, kv_heads] : {std::pair{1, 1}, {6, 2}, {16, 16}, {32, 8}, {64, 1}}) {
      for (const std::int64_t seq_q : {1, 2, 17, 64, 65, 250, 1024, 4099}) {
        for (const std::int64_t seq_k : {1, 63, 129, 600, 1024, 2500, 8192, 65537}) {
          for (const bool causal : {false, true}) {
            for (const std::int64_t d : {64, 128}) {
              all.push_back({batch, heads, kv_heads, seq_q, seq_k, d, causal ? "bf16" : "f16", causal});
            }
          }
        }
      }
    }
  }
  return all;
}

class FusedPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (phase().plan == nullptr) GTEST_SKIP() << "a viewer: phases have no plan";
  }
  static const PhaseDescriptor& phase() { return **find_phase("fused"); }

  static void check(const AttentionProblem& p, const DeviceTraits& device);
  // The first kernel and the choice of a problem on an H200.
  static std::string on_h200(const char* text) {
    const auto problem = core::parse_attention(text);
    if (!problem) return core::to_text(problem.error());
    const auto plan = phase().plan(contiguous_call(*problem), kH200);
    if (!plan) return core::to_text(plan.error());
    return (*plan)->kernels().front().name + ": " + (*plan)->choice();
  }
};

void FusedPlan::check(const AttentionProblem& p, const DeviceTraits& device) {
  SCOPED_TRACE(core::canonical_text(p) + " on " + std::to_string(device.compute) + " with " +
               std::to_string(device.sm_count) + " SMs");
  const AttentionCall call = contiguous_call(p, true);
  ASSERT_TRUE(check_supported(phase(), call).has_value());
  const auto plan = phase().plan(call, device);
  ASSERT_TRUE(plan.has_value()) << core::to_text(plan.error());
  const auto kernels = (*plan)->kernels();
  const Chosen chosen = read_choice((*plan)->choice());
  const std::int64_t packed = p.seq_q * (p.heads / p.kv_heads);
  const std::int64_t row_tiles = (packed + chosen.rows - 1) / chosen.rows;
  EXPECT_EQ(kernels.front().grid_x, p.batch * p.kv_heads * row_tiles * chosen.splits);
  EXPECT_EQ(kernels.front().grid_y * kernels.front().grid_z, 1);
  for (const core::KernelPlan& kernel : kernels) {
    EXPECT_LE(kernel.dynamic_shared_bytes, device.shared_per_block_bytes) << kernel.name;
    EXPECT_THAT(kernel.name, HasSubstr(p.dtype == "f16" ? "<__half, " : "<__nv_bfloat16, "));
    EXPECT_THAT(kernel.name, EndsWith(std::to_string(p.head_dim) + ">"));
  }
  if (packed <= 64) {
    EXPECT_THAT(kernels.front().name, Not(HasSubstr("FusedLarge")));
  }

  const std::int64_t rows = p.batch * p.heads * p.seq_q;
  ASSERT_EQ(kernels.size(), chosen.splits > 1 ? 2u : 1u);
  EXPECT_EQ((*plan)->workspace_bytes(),
            chosen.splits > 1 ? static_cast<std::size_t>(rows * chosen.splits * (p.head_dim + 2) * 4) : 0u);
  if (chosen.splits == 1) return;
  EXPECT_THAT(kernels[1].name, StartsWith("attention_fused_combine<"));
  // A warp a row, and no block without one.
  const std::int64_t warps = kernels[1].block_x / 32;
  EXPECT_EQ(kernels[1].grid_x, (rows + warps - 1) / warps);
  // The least whole tiles with which so many blocks reach the last key: none of them is without keys.
  const std::int64_t each = (p.seq_k + chosen.splits - 1) / chosen.splits;
  const std::int64_t split_keys = (each + chosen.keys - 1) / chosen.keys * chosen.keys;
  EXPECT_LT((chosen.splits - 1) * split_keys, p.seq_k);
  EXPECT_LE(p.seq_k, chosen.splits * split_keys);
  EXPECT_LE(chosen.splits * row_tiles * p.batch * p.kv_heads, 2 * device.sm_count) << "two an SM";
}

TEST_F(FusedPlan, CoversAllRowsAndKeysOnAnyGpu) {
  int split = 0, whole = 0;
  for (const AttentionProblem& p : problems()) {
    for (const DeviceTraits& device : {kA100, kA10, kL4, kH200, kOneSm}) {
      check(p, device);
      if (HasFatalFailure() || HasNonfatalFailure()) return;  // one problem says enough
      const auto plan = phase().plan(contiguous_call(p), device);
      ASSERT_TRUE(plan.has_value());
      ((*plan)->workspace_bytes() > 0 ? split : whole) += 1;
    }
  }
  EXPECT_GT(split, 0);
  EXPECT_GT(whole, 0);
}

TEST_F(FusedPlan, TakesTheTilesThatAnH200IsMeasuredWith) {
  EXPECT_THAT(on_h200("mission"), HasSubstr("FusedSmall64>"));
  EXPECT_THAT(on_h200("4,8,256,64"), HasSubstr("FusedWide64>"));
  EXPECT_THAT(on_h200("1,8,1024,64"), HasSubstr("FusedMedium64>"));
  EXPECT_THAT(on_h200("4,16,4096,64"), HasSubstr("FusedLarge64>"));
  EXPECT_THAT(on_h200("4,16,4096,64,causal"), HasSubstr("FusedModest64>"));
  EXPECT_THAT(on_h200("4,16,4096,128"), HasSubstr("FusedLarge128>"));
  const std::string decode = on_h200("b=8,h=32,hkv=8,sq=1,sk=8192,d=128");
  EXPECT_THAT(decode, HasSubstr("FusedFew128>"));
  EXPECT_THAT(decode, EndsWith("and 4 blocks"));
}

TEST_F(FusedPlan, TakesModestTilesWhereAnSmHasLittleSharedMemory) {
  for (const DeviceTraits& device : {kA10, kL4}) {
    for (const std::int64_t d : {64, 128}) {
      const auto plan = phase().plan(contiguous_call({4, 16, 16, 4096, 4096, d}), device);
      ASSERT_TRUE(plan.has_value()) << core::to_text(plan.error());
      EXPECT_THAT((*plan)->kernels().front().name, HasSubstr("FusedModest" + std::to_string(d) + ">"));
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels
