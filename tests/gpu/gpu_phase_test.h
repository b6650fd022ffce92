// GpuPhaseTest: a test that runs for every shipped phase and type, and skips phases that this machine lacks a
// library or the compute capability for. A phase of the ladder must serve every call that a test makes; a
// library's may refuse some, and its sentence is printed.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include "device_attention.h"
#include "kernels/device_traits.h"
#include "kernels/phase_index.h"

namespace flashcore::kernels::bench {

class GpuPhaseTest : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    phase_ = *find_phase(std::get<0>(GetParam()));
    const auto device = current_device_traits();
    ASSERT_TRUE(device.has_value()) << core::to_text(device.error());
    if (device->compute < phase_->info.min_compute) {
      GTEST_SKIP() << phase_->info.id << " needs compute capability " << phase_->info.min_compute;
    }
    if (phase_->available != nullptr) {
      if (auto ok = phase_->available(); !ok) GTEST_SKIP() << core::to_text(ok.error());
    }
  }
  void TearDown() override {
    if (unserved_ == 0) return;
    std::printf("  %s: %d of %d calls not served; %s\n", std::string(phase_->info.id).c_str(), unserved_,
                unserved_ + served_, why_.c_str());
    if (served_ == 0) GTEST_SKIP() << why_;
  }

  const PhaseDescriptor& phase() const { return *phase_; }
  bool is_library() const { return phase_->info.reference; }
  const std::string& dtype() const { return std::get<1>(GetParam()); }
  Element element() const { return dtype() == "f16" ? Element::kF16 : Element::kBf16; }

  core::AttentionProblem problem(std::int64_t b, std::int64_t h, std::int64_t hkv, std::int64_t sq,
                                 std::int64_t sk, std::int64_t d, bool causal = false) const {
    return {b, h, hkv, sq, sk, d, dtype(), causal};
  }
  Inputs normal(const core::AttentionProblem& p, std::uint64_t seed) const {
    return random_inputs(p, core::InputKind::kNormal, seed);
  }

  // Whether `attention` is planned now.
  bool planned(DeviceAttention& attention) {
    std::string why;
    const bool serves = attention.plan(phase(), why);
    count_served(serves, why);
    return serves;
  }
  void count_served(bool serves, const std::string& why) {
    (serves ? served_ : unserved_) += 1;
    if (serves) return;
    if (why_.empty()) why_ = why;
    EXPECT_TRUE(is_library()) << "a phase of the ladder serves all of these: " << why;
  }

  // Launches once and compares. False, and nothing launched, where the phase does not serve the call. Of a
  // library that writes no LSE it is the call without one.
  bool run(Case c, const Inputs& inputs, Answer& answer) {
    SCOPED_TRACE(core::problem_label(c.problem));
    if (is_library() && !check_supported(phase(), call_of(c))) c.with_lse = false;
    DeviceAttention attention(c, inputs);
    if (!planned(attention)) return false;
    attention.poison();
    attention.launch();
    answer = attention.look();
    return true;
  }
  void expect_right(const Case& c, const Inputs& inputs) {
    Answer answer;
    if (!run(c, inputs, answer)) return;
    EXPECT_TRUE(answer.right()) << core::problem_label(c.problem) << ": " << answer.text();
  }
  void expect_right(const core::AttentionProblem& p, std::uint64_t seed = 1) {
    expect_right({.problem = p, .with_lse = true}, normal(p, seed));
  }

 private:
  const PhaseDescriptor* phase_ = nullptr;
  int served_ = 0, unserved_ = 0;
  std::string why_;
};

inline std::vector<std::string> shipped_phases() {
  std::vector<std::string> names;
  for (const PhaseDescriptor* phase : phases()) names.emplace_back(phase->info.id);
  return names;
}

}  // namespace flashcore::kernels::bench

#define FLASHCORE_FOR_EVERY_PHASE(suite)                                              \
  INSTANTIATE_TEST_SUITE_P(                                                           \
      Phases, suite,                                                                  \
      ::testing::Combine(::testing::ValuesIn(shipped_phases()),                       \
                         ::testing::Values(std::string("f16"), std::string("bf16"))), \
      [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); })
