// The kernels of the check against what the host computes: inputs bit for bit, the reference, the plain
// method, the comparison; and how long they take.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "cuda/runtime/memory.h"
#include "device_attention.h"
#include "kernels/bench/attention_data.h"
#include "kernels/bench/device/attention_kernels.h"
#include "kernels/bench/device/check_steps.h"
#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;

template <typename T>
std::vector<T> copied(const void* from, std::int64_t count) {
  std::vector<T> to(static_cast<std::size_t>(count));
  cuda_ok(cudaMemcpy(to.data(), from, sizeof(T) * to.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
  return to;
}

std::vector<AttentionProblem> problems() {
  std::vector<AttentionProblem> all;
  for (const auto& [b, h, hkv, sq, sk, d] : {std::tuple{1, 2, 2, 64, 64, 64},
                                             {2, 6, 3, 70, 90, 128},
                                             {1, 1, 1, 1, 1, 64},
                                             {1, 2, 1, 1, 300, 128},
                                             {2, 2, 1, 130, 33, 64},
                                             {1, 2, 2, 65, 129, 72},
                                             {1, 1, 1, 40, 50, 8},
                                             {1, 2, 2, 200, 513, 120}}) {
    for (const char* dtype : {"f16", "bf16"}) {
      for (const bool causal : {false, true}) all.push_back({b, h, hkv, sq, sk, d, dtype, causal});
    }
  }
  return all;
}

TEST(DeviceInputs, AreTheHostsBitForBit) {
  for (const AttentionProblem& p : problems()) {
    SCOPED_TRACE(core::problem_label(p));
    auto data = AttentionData::create(p);
    ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
    for (const InputKind input : {InputKind::kNormal, InputKind::kPeaked}) {
      for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}, ~std::uint64_t{0}}) {
        ASSERT_TRUE((*data)->load(input, seed).has_value());
        const Inputs host = random_inputs(p, input, seed);
        EXPECT_EQ(copied<std::uint16_t>((*data)->q(), p.q_elements()), host.q);
        EXPECT_EQ(copied<std::uint16_t>((*data)->k(), p.kv_elements()), host.k);
        EXPECT_EQ(copied<std::uint16_t>((*data)->v(), p.kv_elements()), host.v);
      }
    }
  }
}

TEST(DeviceInputs, OneBitThatChangedIsSeenAndMended) {
  const AttentionProblem p{2, 6, 3, 70, 90, 72};
  auto data = AttentionData::create(p);
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  EXPECT_FALSE((*data)->mend_inputs().has_value()) << "nothing was loaded";
  for (const InputKind input : {InputKind::kNormal, InputKind::kPeaked}) {
    ASSERT_TRUE((*data)->load(input, 4).has_value());
    EXPECT_EQ((*data)->mend_inputs().value_or("error"), "");
    const Inputs host = random_inputs(p, input, 4);
    const auto flip = [](const void* at, const std::vector<std::uint16_t>& was, std::size_t element,
                         int bit) {
      const auto changed = static_cast<std::uint16_t>(was[element] ^ (1u << bit));
      auto* to = static_cast<std::uint16_t*>(const_cast<void*>(at)) + element;
      cuda_ok(cudaMemcpy(to, &changed, sizeof changed, cudaMemcpyHostToDevice), "cudaMemcpy");
    };
    flip((*data)->q(), host.q, host.q.size() - 1, 0);
    EXPECT_EQ((*data)->mend_inputs().value_or("error"), "1 element of Q");
    for (const std::size_t element : {0, 1, 4097}) flip((*data)->k(), host.k, element, 15);
    flip((*data)->v(), host.v, 11, 3);
    EXPECT_EQ((*data)->mend_inputs().value_or("error"), "3 elements of K, 1 element of V");
    EXPECT_EQ((*data)->mend_inputs().value_or("error"), "");
    EXPECT_EQ(copied<std::uint16_t>((*data)->k(), p.kv_elements()), host.k);
    EXPECT_EQ(copied<std::uint16_t>((*data)->v(), p.kv_elements()), host.v);
  }
}

TEST(DeviceInputs, AreTheHostsWhereAStreamIsLong) {
  constexpr std::int64_t kCount = (std::int64_t{1} << 24) + 8;  // more than the grid's threads hold at once
  cuda::DeviceMemory memory;
  ASSERT_EQ(memory.allocate(2 * kCount), cudaSuccess);
  for (const Element element : {Element::kF16, Element::kBf16}) {
    cuda_ok(fill_elements(element, memory.data(), kCount, 99, 1.0F), "fill_elements");
    EXPECT_EQ(copied<std::uint16_t>(memory.data(), kCount), random_elements(element, kCount, 99));
  }
}

// What the kernels make of one problem, and what the host makes of it.
class DeviceReference : public ::testing::TestWithParam<InputKind> {
 protected:
  void compute(const AttentionProblem& p, InputKind input, double scale = 0) {
    auto data = AttentionData::create(p);
    ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
    ASSERT_TRUE((*data)->load(input, 3).has_value());
    cuda::DeviceMemory reference, plain, scratch, lse;
    const auto rows_of_o = static_cast<std::size_t>(p.batch * p.heads * p.seq_q);
    ASSERT_EQ(lse.allocate(8 * rows_of_o), cudaSuccess);
    ASSERT_EQ(reference.allocate(static_cast<std::size_t>(8 * p.q_elements())), cudaSuccess);
    ASSERT_EQ(plain.allocate(static_cast<std::size_t>(2 * p.q_elements())), cudaSuccess);
    ASSERT_EQ(scratch.allocate(kCompareParts * sizeof(Comparison)), cudaSuccess);
    cuda_ok(cudaMemset(reference.data(), 0xff, reference.bytes()), "cudaMemset");
    cuda_ok(cudaMemset(plain.data(), 0xff, plain.bytes()), "cudaMemset");
    const DeviceInputs in{(*data)->q(), (*data)->k(), (*data)->v(), scale};
    auto* exact = static_cast<double*>(reference.data());
    auto* exact_lse = static_cast<double*>(lse.data());
    cuda_ok(reference_attention(p, in, exact, exact_lse), "reference_attention");
    cuda_ok(plain_attention(p, in, plain.data()), "plain_attention");
    device_exact_ = copied<double>(exact, p.q_elements());
    device_plain_ = copied<std::uint16_t>(plain.data(), p.q_elements());
    device_bands_ = {};
    for (const BandRows& rows : band_rows(p)) {
      cuda_ok(compare_band(p, rows, plain.data(), exact, scratch.data(),
                           device_bands_[static_cast<std::size_t>(rows.band)]),
              "compare_band");
    }
    auto device_lse = read_lse_reference(p, in, exact_lse);
    ASSERT_TRUE(device_lse.has_value()) << core::to_text(device_lse.error());
    device_lse_ = std::move(*device_lse);
    Inputs host = random_inputs(p, input, 3);
    host.scale = scale;
    rows_ = rows_to_check(p, p.batch * p.heads * p.seq_q);
    host_exact_ = reference_rows(p, host, rows_);
    host_plain_ = plain_rows(p, host, rows_);
    host_lse_ = reference_lse(p, host, rows_);
  }

  std::vector<std::int64_t> rows_;
  std::vector<double> device_exact_, host_exact_;
  std::vector<std::uint16_t> device_plain_, host_plain_;
  LseReference device_lse_, host_lse_;
  Bands device_bands_{};
};

TEST_P(DeviceReference, IsTheHostsAndItsComparisonToo) {
  for (const AttentionProblem& p : problems()) {
    SCOPED_TRACE(core::problem_label(p));
    compute(p, GetParam());
    if (HasFatalFailure()) return;
    double worst = 0;
    for (std::size_t i = 0; i < host_exact_.size(); ++i) {
      ASSERT_TRUE(std::isfinite(device_exact_[i])) << i;
      worst = std::max(worst, std::abs(device_exact_[i] - host_exact_[i]));
    }
    EXPECT_LE(worst, 1e-12) << "values are of order one";
    ASSERT_EQ(device_lse_.lse.size(), host_lse_.lse.size());
    for (std::size_t i = 0; i < host_lse_.lse.size(); ++i) {
      if (std::isinf(host_lse_.lse[i])) {
        ASSERT_EQ(device_lse_.lse[i], host_lse_.lse[i]) << i;
      } else {
        ASSERT_NEAR(device_lse_.lse[i], host_lse_.lse[i], 1e-12) << i;
      }
      ASSERT_NEAR(device_lse_.limits[i], host_lse_.limits[i], 1e-12 * host_lse_.limits[i]) << i;
    }

    const Bands expected = compare_bands(p, device_plain_, rows_, device_exact_);
    const Bands host = compare_bands(p, host_plain_, rows_, host_exact_);
    for (const BandRows& rows : band_rows(p)) {
      const auto band = static_cast<std::size_t>(rows.band);
      const Comparison& found = device_bands_[band];
      EXPECT_EQ(found.compared, expected[band].compared);
      EXPECT_EQ(found.nan_count + found.inf_count, 0);
      EXPECT_EQ(found.max_error, expected[band].max_error);
      EXPECT_EQ(found.worst_element, expected[band].worst_element);
      EXPECT_NEAR(found.error_sum, expected[band].error_sum, 1e-9 * (1 + expected[band].error_sum));
      // The same maths in another order of FP32 sums: of the same size.
      EXPECT_LE(found.max_error, 2 * host[band].max_error + 1e-5);
      EXPECT_GE(found.max_error, host[band].max_error / 2 - 1e-5);
    }
  }
}

TEST_P(DeviceReference, ThePlainMethodRoundsAsTheHostsDoes) {
  // Where sums agree to the last bit that a half keeps, so do the answers: nearly all of them.
  for (const char* dtype : {"f16", "bf16"}) {
    compute({1, 2, 2, 100, 200, 64, dtype}, GetParam());
    if (HasFatalFailure()) return;
    std::size_t equal = 0;
    for (std::size_t i = 0; i < host_plain_.size(); ++i) equal += host_plain_[i] == device_plain_[i] ? 1 : 0;
    EXPECT_GT(static_cast<double>(equal), 0.9 * static_cast<double>(host_plain_.size())) << dtype;
  }
}

TEST_P(DeviceReference, TakesAScale) {
  compute({1, 2, 1, 70, 130, 64}, GetParam(), 0.03);
  if (HasFatalFailure()) return;
  for (std::size_t i = 0; i < host_exact_.size(); ++i)
    ASSERT_NEAR(device_exact_[i], host_exact_[i], 1e-12) << i;
  for (std::size_t i = 0; i < host_lse_.lse.size(); ++i)
    ASSERT_NEAR(device_lse_.lse[i], host_lse_.lse[i], 1e-12) << i;
}

INSTANTIATE_TEST_SUITE_P(Inputs, DeviceReference, ::testing::Values(InputKind::kNormal, InputKind::kPeaked),
                         [](const auto& info) { return std::string(core::name_of(info.param)); });

class DeviceCompare : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Types, DeviceCompare, ::testing::Values("f16", "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(DeviceCompare, CountsNanAndInfinityAndFindsTheWorst) {
  const AttentionProblem p{2, 3, 3, 37, 37, 64, GetParam(), true};
  const Element element = element_of(p);
  auto data = AttentionData::create(p);
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  ASSERT_TRUE((*data)->load(InputKind::kNormal, 1).has_value());
  const Inputs in = random_inputs(p, InputKind::kNormal, 1);
  const std::vector<std::int64_t> rows = rows_to_check(p, p.batch * p.heads * p.seq_q);
  std::vector<std::uint16_t> o = plain_rows(p, in, rows);
  cuda::DeviceMemory memory;
  ASSERT_EQ(memory.allocate(2 * o.size()), cudaSuccess);
  const auto compared = [&] {
    cuda_ok(cudaMemcpy(memory.data(), o.data(), 2 * o.size(), cudaMemcpyHostToDevice), "cudaMemcpy");
    auto record = (*data)->compare(memory.data());
    EXPECT_TRUE(record.has_value());
    return record.value_or(core::CheckRecord{});
  };
  const core::CheckRecord right = compared();
  EXPECT_TRUE(right.passed) << right.max_error << " of " << right.max_tolerance;
  EXPECT_EQ(right.compared, p.q_elements());
  EXPECT_EQ(right.seed, 1u);
  EXPECT_EQ(right.input, "normal");
  EXPECT_EQ(right, compared()) << "the same bits at every call";

  const std::size_t wrong = ((1 * 3 + 2) * 37 + 20) * 64 + 5;
  o[wrong] = narrow(element, widen(element, o[wrong]) + 0.5F);
  const core::CheckRecord off = compared();
  EXPECT_FALSE(off.passed);
  EXPECT_NEAR(off.max_error, 0.5, 0.02);
  EXPECT_EQ(off.worst, "b 1, h 2, row 20, d 5");

  o[100] = 0xffff;
  o[2000] = static_cast<std::uint16_t>(0x8000 | exponent_mask(element));
  const core::CheckRecord lost = compared();
  EXPECT_FALSE(lost.passed);
  EXPECT_EQ(lost.nan_count, 1);
  EXPECT_EQ(lost.inf_count, 1);
  EXPECT_EQ(lost.compared, p.q_elements() - 2);
}

TEST(DeviceData, LoadsTheSameInputsOnceAndKnowsThemAgain) {
  const AttentionProblem p{1, 2, 2, 128, 128, 64};
  auto data = AttentionData::create(p);
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  cuda::DeviceMemory o;
  ASSERT_EQ(o.allocate(static_cast<std::size_t>(2 * p.q_elements())), cudaSuccess);
  cuda_ok(cudaMemset(o.data(), 0, o.bytes()), "cudaMemset");
  EXPECT_FALSE((*data)->compare(o.data()).has_value()) << "nothing was loaded";
  ASSERT_TRUE((*data)->load(InputKind::kNormal, 5).has_value());
  const auto normal = (*data)->compare(o.data());
  ASSERT_TRUE((*data)->load(InputKind::kPeaked, 5).has_value());
  const auto peaked = (*data)->compare(o.data());
  ASSERT_TRUE((*data)->load(InputKind::kNormal, 5).has_value());
  const auto again = (*data)->compare(o.data());
  ASSERT_TRUE(normal.has_value() && peaked.has_value() && again.has_value());
  EXPECT_EQ(*normal, *again);
  EXPECT_NE(normal->max_error, peaked->max_error);
  EXPECT_EQ((*data)->pending_bytes(), AttentionData::check_bytes(p) - 8 * p.q_elements() -
                                          kCompareParts * static_cast<std::int64_t>(sizeof(Comparison)));
}

TEST(DeviceData, ChecksTheLongProblemsWithinASecond) {
  for (const char* shape : {"long", "long,bf16", "long128", "1,8,16384,64", "long128,causal"}) {
    const AttentionProblem p = *core::parse_attention(shape);
    auto data = AttentionData::create(p);
    if (!data) GTEST_SKIP() << core::to_text(data.error());
    cuda::DeviceMemory o;
    if (o.allocate(static_cast<std::size_t>(2 * p.q_elements())) != cudaSuccess)
      GTEST_SKIP() << "too little memory";
    cuda_ok(cudaMemset(o.data(), 0, o.bytes()), "cudaMemset");
    ASSERT_TRUE((*data)->load(InputKind::kNormal, 0).has_value());
    const auto begin = std::chrono::steady_clock::now();
    const auto first = (*data)->compare(o.data());
    const auto middle = std::chrono::steady_clock::now();
    const auto second = (*data)->compare(o.data());
    const auto end = std::chrono::steady_clock::now();
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_FALSE(first->passed) << "zeros";
    const std::chrono::duration<double, std::milli> all = middle - begin, again = end - middle;
    fmt::print("  {}: reference, plain method and comparison {:.1f} ms, the comparison again {:.1f} ms\n",
               core::problem_label(p), all.count(), again.count());
    // FP64 is 1/64 of FP32 on GPUs that are not made for it, so this is a bound for the ones that are.
    int major = 0, minor = 0;
    cuda_ok(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), "attribute");
    cuda_ok(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0), "attribute");
    if (major >= 9 && minor == 0) {
      EXPECT_LT(all.count(), 1000);
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
