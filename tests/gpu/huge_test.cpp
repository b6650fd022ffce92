// Every phase on tensors of more than 2^31 elements, where an index of 32 bits ends: many queries, many keys,
// and rows that lie far apart. Every element is compared.
#include <gtest/gtest.h>

#include "gpu_phase_test.h"
#include "kernels/bench/prepared_attention.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

constexpr std::int64_t kPast = std::int64_t{1} << 31;

class Huge : public GpuPhaseTest {
 protected:
  // Whether this GPU has so much free.
  static bool has_memory(std::int64_t bytes) {
    std::size_t free_bytes = 0, total_bytes = 0;
    cuda_ok(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
    return static_cast<std::int64_t>(free_bytes) > bytes + (std::int64_t{1} << 30);
  }

  void check_prepared(const AttentionProblem& p) {
    if (!has_memory(core::tensor_bytes(p) + AttentionData::check_bytes(p)))
      GTEST_SKIP() << "too little memory";
    auto data = AttentionData::create(p);
    ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
    ASSERT_TRUE((*data)->load(core::InputKind::kNormal, 1).has_value());
    auto run = PreparedAttention::create(phase(), *data);
    count_served(run.has_value(), run ? "" : core::to_text(run.error()));
    if (!run) return;
    const auto record = (*run)->check();
    ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
    EXPECT_TRUE(record->passed) << record->max_error << " of " << record->max_tolerance << " at "
                                << record->worst << ", NaN " << record->nan_count;
    EXPECT_EQ(record->compared, p.q_elements());
  }
};
FLASHCORE_FOR_EVERY_PHASE(Huge);

TEST_P(Huge, QueriesAndOutput) {
  const AttentionProblem p = problem(2, 8, 8, (1 << 21) + 1, 64, 64);
  ASSERT_GT(p.q_elements(), kPast);
  check_prepared(p);
}

TEST_P(Huge, KeysAndValues) {
  const AttentionProblem p = problem(4, 16, 8, 1, (1 << 20) + 1, 64);
  ASSERT_GT(p.kv_elements(), kPast);
  check_prepared(p);
}

// BSHD with so many heads that one head's last row lies past 2^31 elements from its first.
TEST_P(Huge, StridesOfRows) {
  const AttentionProblem p = problem(1, 512, 512, 16, (1 << 16) + 70, 64);
  ASSERT_GT((p.seq_k - 1) * p.kv_heads * p.head_dim, kPast);
  if (!has_memory(16 * p.kv_elements())) GTEST_SKIP() << "too little memory";
  DeviceAttention attention({p, Layout::kBshd, Layout::kBshd, Layout::kBshd, Layout::kBshd, 0, !is_library()},
                            core::InputKind::kNormal, 2);
  if (!planned(attention)) return;
  attention.poison();
  attention.launch();
  const Answer answer = attention.look();
  EXPECT_TRUE(answer.right()) << answer.text();
}

}  // namespace
}  // namespace flashcore::kernels::bench
