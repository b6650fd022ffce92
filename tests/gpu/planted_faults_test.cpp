// The check on a GPU under test: kernels with a planted fault are caught on one of the two inputs, the same
// kernel without a fault is refused on neither. tests/kernels/bench/planted_faults_test.cpp does the same by
// simulation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

#include "device_attention.h"
#include "faulty_kernel.h"
#include "kernels/bench/attention_data.h"
#include "kernels/bench/check.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;

constexpr std::pair<DeviceFault, const char*> kFaults[] = {
    {DeviceFault::kNone, "none"},
    {DeviceFault::kDroppedKey, "a dropped key"},
    {DeviceFault::kDroppedTile, "a dropped tile"},
    {DeviceFault::kStaleValues, "a stale V tile"},
    {DeviceFault::kScale, "a scale 1% off"},
    {DeviceFault::kSum, "a sum 0.3% off"},
    {DeviceFault::kMaskWide, "a mask one key too wide"},
    {DeviceFault::kMaskNarrow, "a mask one key too narrow"},
    {DeviceFault::kRow, "a row of its neighbour"},
    {DeviceFault::kZeros, "zeros"},
};

void expect_all_caught(const AttentionProblem& p) {
  auto data = AttentionData::create(p);
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  void* o = nullptr;
  const auto bytes = static_cast<std::size_t>(2 * p.q_elements());
  cuda_ok(cudaMalloc(&o, bytes), "cudaMalloc");
  std::map<DeviceFault, bool> caught;
  for (const auto& [input, seed] :
       {std::pair{InputKind::kNormal, std::uint64_t{0}}, {InputKind::kPeaked, kPeakedSeed}}) {
    ASSERT_TRUE((*data)->load(input, seed).has_value());
    for (const auto& [fault, name] : kFaults) {
      cuda_ok(cudaMemset(o, 0xff, bytes), "cudaMemset");
      cuda_ok(launch_faulty(fault, p, (*data)->q(), (*data)->k(), (*data)->v(), o), name);
      const auto record = (*data)->compare(o);
      ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
      EXPECT_EQ(record->nan_count + record->inf_count, 0) << name;
      EXPECT_EQ(record->compared, p.q_elements());
      caught[fault] = caught[fault] || !record->passed;
      if (fault == DeviceFault::kNone) {
        EXPECT_TRUE(record->passed) << record->input << ": " << record->max_error << " of "
                                    << record->max_tolerance << " at " << record->worst << ", mean "
                                    << record->mean_error << " of " << *record->mean_tolerance;
        fmt::print("  {} {}: right {:.2e}, plain {:.2e}; mean {:.2e}, allowed {:.2e}\n",
                   core::problem_label(p), record->input, record->max_error, *record->plain_max_error,
                   record->mean_error, *record->mean_tolerance);
      }
    }
  }
  cuda_ok(cudaFree(o), "cudaFree");
  for (const auto& [fault, name] : kFaults) {
    const bool changes = fault != DeviceFault::kNone && (fault != DeviceFault::kMaskWide || p.causal) &&
                         (fault != DeviceFault::kStaleValues || p.seq_k > 64);
    EXPECT_EQ(caught[fault], changes) << name;
  }
}

std::string name_of_size(const ::testing::TestParamInfo<std::tuple<int, int, bool>>& info) {
  return fmt::format("S{}_D{}_{}", std::get<0>(info.param), std::get<1>(info.param),
                     std::get<2>(info.param) ? "causal" : "full");
}

class DevicePlanted : public ::testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(DevicePlanted, FaultsAreCaughtAndTheRightKernelPasses) {
  const auto [s, d, causal] = GetParam();
  AttentionProblem p{1, s > 4096 ? 1 : 2, s > 4096 ? 1 : 2, s, s, d};
  p.causal = causal;
  expect_all_caught(p);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DevicePlanted,
                         ::testing::Combine(::testing::Values(64, 128, 512, 4096, 32768),
                                            ::testing::Values(64, 128), ::testing::Bool()),
                         name_of_size);

// No size is a multiple of a tile, and two heads of queries share a head of keys.
class DevicePlantedRagged : public ::testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(DevicePlantedRagged, FaultsAreCaughtAndTheRightKernelPasses) {
  const auto [s, d, causal] = GetParam();
  AttentionProblem p{2, 4, 2, s, s, d};
  p.causal = causal;
  expect_all_caught(p);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DevicePlantedRagged,
                         ::testing::Combine(::testing::Values(100, 257, 1000), ::testing::Values(64, 128),
                                            ::testing::Bool()),
                         name_of_size);

}  // namespace
}  // namespace flashcore::kernels::bench
