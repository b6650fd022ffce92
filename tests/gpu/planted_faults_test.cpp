// The check on a GPU under test: kernels with a planted fault are caught on one of the two inputs, the same
// kernel without a fault is refused on neither. tests/kernels/bench/planted_faults_test.cpp does the same by
// simulation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "device_attention.h"
#include "faulty_kernel.h"
#include "kernels/bench/attention_data.h"
#include "kernels/bench/check.h"
#include "kernels/bench/device/check_steps.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;

// O and LSE of a launch, and what LSE should be.
struct Outputs {
  explicit Outputs(const AttentionProblem& p)
      : problem(p), rows(static_cast<std::size_t>(p.batch * p.heads * p.seq_q)) {
    std::iota(rows.begin(), rows.end(), 0);
    cuda_ok(o.allocate(static_cast<std::size_t>(2 * p.q_elements())), "cudaMalloc");
    cuda_ok(lse.allocate(sizeof(float) * rows.size()), "cudaMalloc");
    cuda_ok(reference.allocate(static_cast<std::size_t>(8 * p.q_elements())), "cudaMalloc");
    cuda_ok(reference_lse.allocate(8 * rows.size()), "cudaMalloc");
  }
  void expect_lse_of(const DeviceInputs& in) {
    auto* exact_lse = static_cast<double*>(reference_lse.data());
    cuda_ok(reference_attention(problem, in, static_cast<double*>(reference.data()), exact_lse),
            "the reference");
    auto expected = read_lse_reference(problem, in, exact_lse);
    ASSERT_TRUE(expected.has_value()) << core::to_text(expected.error());
    expected_lse = std::move(*expected);
  }
  LseComparison compare() const {
    std::vector<float> values(rows.size());
    cuda_ok(cudaMemcpy(values.data(), lse.data(), lse.bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return compare_lse(values, rows, expected_lse);
  }

  AttentionProblem problem;
  std::vector<std::int64_t> rows;
  cuda::DeviceMemory o, lse, reference, reference_lse;
  LseReference expected_lse;
};

void expect_right(const AttentionProblem& p, const core::CheckRecord& record, const LseComparison& lse) {
  EXPECT_TRUE(record.passed) << record.input << ": " << record.max_error << " of " << record.max_tolerance
                             << " at " << record.worst << ", mean " << record.mean_error << " of "
                             << *record.mean_tolerance;
  EXPECT_TRUE(lse.passed) << lse.max_error << " of " << lse.limit << " at row " << lse.worst_row;
  fmt::print("  {} {}: right {:.2e}, plain {:.2e}; mean {:.2e}, allowed {:.2e}; LSE {:.2e} of {:.2e}\n",
             core::problem_label(p), record.input, record.max_error, *record.plain_max_error,
             record.mean_error, *record.mean_tolerance, lse.max_error, lse.limit);
}

// Whether the fault changes anything here.
bool applies(const AttentionProblem& p, DeviceFault fault) {
  if (fault == DeviceFault::kMaskWide) return p.causal;
  return (fault != DeviceFault::kStaleValues && fault != DeviceFault::kLseFirstMax) || p.seq_k > 64;
}

void expect_all_caught(const AttentionProblem& p) {
  auto data = AttentionData::create(p);
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  Outputs out(p);
  const DeviceInputs in{(*data)->q(), (*data)->k(), (*data)->v()};
  std::map<DeviceFault, bool> caught, caught_in_lse;
  for (const auto& [input, seed] :
       {std::pair{InputKind::kNormal, std::uint64_t{0}}, {InputKind::kPeaked, kPeakedSeed}}) {
    ASSERT_TRUE((*data)->load(input, seed).has_value());
    out.expect_lse_of(in);
    for (const auto& [fault, name] : kDeviceFaults) {
      cuda_ok(cudaMemset(out.o.data(), 0xff, out.o.bytes()), "cudaMemset");
      cuda_ok(cudaMemset(out.lse.data(), 0xff, out.lse.bytes()), "cudaMemset");
      cuda_ok(launch_faulty(fault, p, in.q, in.k, in.v, out.o.data(), static_cast<float*>(out.lse.data())),
              name);
      const auto record = (*data)->compare(out.o.data());
      ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
      const LseComparison lse = out.compare();
      EXPECT_EQ(record->nan_count + record->inf_count, 0) << name;
      EXPECT_EQ(record->compared, p.q_elements());
      caught[fault] = caught[fault] || !record->passed;
      caught_in_lse[fault] = caught_in_lse[fault] || !lse.passed;
      if (fault == DeviceFault::kNone) expect_right(p, *record, lse);
    }
  }
  for (const auto& [fault, name] : kDeviceFaults) {
    EXPECT_EQ(caught[fault], applies(p, fault) && shows_in_o(fault)) << name;
    EXPECT_EQ(caught_in_lse[fault], applies(p, fault) && shows_in_lse(fault)) << name << ", in LSE";
  }
}

class DevicePlanted : public ::testing::TestWithParam<std::tuple<const char*, int, int, bool>> {};

// Of the ragged sizes no one is a multiple of a tile, and two heads of queries share a head of keys.
TEST_P(DevicePlanted, FaultsAreCaughtAndTheRightKernelPasses) {
  const auto [dtype, s, d, causal] = GetParam();
  const bool ragged = s % 64 != 0;
  const std::int64_t heads = ragged ? 4 : s > 4096 ? 1 : 2;
  expect_all_caught({ragged ? 2 : 1, heads, ragged ? 2 : heads, s, s, d, dtype, causal});
}

INSTANTIATE_TEST_SUITE_P(Sizes, DevicePlanted,
                         ::testing::Combine(::testing::Values("f16", "bf16"),
                                            ::testing::Values(64, 100, 128, 257, 512, 1000, 4096, 32768),
                                            ::testing::Values(64, 128), ::testing::Bool()),
                         [](const auto& info) {
                           return fmt::format("{}_S{}_D{}_{}", std::get<0>(info.param),
                                              std::get<1>(info.param), std::get<2>(info.param),
                                              std::get<3>(info.param) ? "causal" : "full");
                         });

}  // namespace
}  // namespace flashcore::kernels::bench
