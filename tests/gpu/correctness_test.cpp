// Every phase against the fp64 reference, on a GPU.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "gpu_phase_test.h"
#include "kernels/bench/captured_launch.h"
#include "kernels/bench/prepared_attention.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;

// The largest error that each phase reached, for the summary at the end.
struct Reached {
  double max_error = 0, mean_error = 0;
  int checks = 0;
};
std::map<std::string, Reached>& reached() {
  static std::map<std::string, Reached> errors;
  return errors;
}
void note(std::string_view phase, const core::CheckRecord& record) {
  Reached& r = reached()[std::string(phase)];
  r.max_error = std::max(r.max_error, record.max_error);
  r.mean_error = std::max(r.mean_error, record.mean_error);
  r.checks += 1;
}

class Summary : public ::testing::Environment {
 public:
  void TearDown() override {
    for (const auto& [phase, r] : reached()) {
      std::printf("reached: %-12s max error %.3e, mean error %.3e, over %d checks\n", phase.c_str(),
                  r.max_error, r.mean_error, r.checks);
    }
  }
};
const auto* const kSummary = ::testing::AddGlobalTestEnvironment(new Summary);

class Correctness : public GpuPhaseTest {
 protected:
  void expect_right(const AttentionProblem& p, const Inputs& inputs, Layout layout = Layout::kContiguous) {
    const Answer answer = run_attention(phase(), p, inputs, layout);
    EXPECT_TRUE(answer.surroundings_intact) << "something was written outside of O";
    expect_right(answer.record);
  }
  void expect_right(const core::CheckRecord& record) {
    EXPECT_TRUE(record.passed) << record.method << ", " << record.input << ": max " << record.max_error
                               << " of " << record.max_tolerance << " at " << record.worst << ", mean "
                               << record.mean_error << ", NaN " << record.nan_count << ", Inf "
                               << record.inf_count;
    note(phase().info.id, record);
  }
};
FLASHCORE_FOR_EVERY_PHASE(Correctness);

// What a check takes: two seeds of normal inputs and one of peaked ones.
constexpr std::pair<core::InputKind, std::uint64_t> kChecked[] = {
    {core::InputKind::kNormal, 0}, {core::InputKind::kNormal, 42}, {core::InputKind::kPeaked, kPeakedSeed}};

TEST_P(Correctness, EveryShapeOnBothInputsFullAndCausal) {
  for (const core::NamedShape& shape : core::named_shapes()) {
    for (const bool causal : {false, true}) {
      AttentionProblem p = *core::parse_attention(shape.name);
      p.causal = causal;
      SCOPED_TRACE(core::problem_label(p));
      auto data = AttentionData::create(p);
      if (!data && shape.seq > 1024) continue;  // more than this GPU holds
      ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
      auto run = PreparedAttention::create(phase(), *data);
      if (!run && shape.seq > 1024) continue;  // a workspace that it does not hold
      ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
      for (const auto& [input, seed] : kChecked) {
        ASSERT_TRUE((*data)->load(input, seed).has_value());
        auto record = (*run)->check();
        ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
        EXPECT_EQ(record->seed, seed);
        EXPECT_EQ(record->input, core::name_of(input));
        EXPECT_EQ(record->compared, p.q_elements());
        expect_right(*record);
      }
      // Back to back, as timing leaves it.
      ASSERT_TRUE((*run)->poison().has_value());
      for (int i = 0; i < 10; ++i) ASSERT_TRUE((*run)->launch(nullptr).has_value());
      auto record = (*run)->check_output();
      ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
      expect_right(*record);
    }
  }
}

TEST_P(Correctness, WhatNobodyWroteIsSeen) {
  auto data = AttentionData::create(*core::parse_attention("tiny"));
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  ASSERT_TRUE((*data)->load(core::InputKind::kNormal, 0).has_value());
  auto run = PreparedAttention::create(phase(), *data);
  ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
  ASSERT_TRUE((*run)->poison().has_value());
  auto record = (*run)->check_output();
  ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
  EXPECT_FALSE(record->passed);
  EXPECT_EQ(record->nan_count, (*data)->problem().q_elements());
}

TEST_P(Correctness, OddShapes) {
  for (const auto& [sq, sk] : {std::pair{1, 1},
                               {64, 128},
                               {239, 1},
                               {113, 203},
                               {384, 256},
                               {1023, 1024},
                               {1, 63},
                               {63, 64},
                               {64, 65},
                               {65, 63},
                               {127, 129},
                               {3, 799},
                               {799, 3}}) {
    for (const int d : {64, 128}) {
      for (const bool causal : {false, true}) {
        AttentionProblem p{1, 2, 2, sq, sk, d};
        p.causal = causal;
        SCOPED_TRACE(core::problem_label(p));
        expect_right(p, random_inputs(p, core::InputKind::kNormal, 1));
      }
    }
  }
}

TEST_P(Correctness, GroupedHeadsAndStrides) {
  for (const Layout layout : {Layout::kContiguous, Layout::kBshd, Layout::kPadded}) {
    for (const int kv_heads : {6, 3, 2, 1}) {
      AttentionProblem p{2, 6, kv_heads, 70, 90, kv_heads == 2 ? 128 : 64};
      p.causal = kv_heads == 3;
      SCOPED_TRACE(std::to_string(kv_heads) + " key heads, layout " +
                   std::to_string(static_cast<int>(layout)));
      expect_right(p, random_inputs(p, core::InputKind::kNormal, 9), layout);
    }
  }
}

TEST_P(Correctness, LargeLogits) {
  // A wider spread makes the softmax nearly one-hot, so that its error grows with the logits'.
  for (const int d : {64, 128}) {
    AttentionProblem p{1, 2, 2, 130, 300, d};
    Inputs inputs = random_inputs(p, core::InputKind::kNormal, 4);
    for (std::uint16_t& bits : inputs.q) bits = float_to_half(30.0F * half_to_float(bits));
    const Answer answer = run_attention(phase(), p, inputs);
    EXPECT_TRUE(answer.record.passed) << answer.record.max_error << ", NaN " << answer.record.nan_count;
  }
}

TEST_P(Correctness, AMaximumThatRisesInEveryTile) {
  AttentionProblem p{1, 1, 1, 64, 512, 64};
  Inputs inputs = random_inputs(p, core::InputKind::kNormal, 6);
  for (std::uint16_t& bits : inputs.q) bits = float_to_half(0.5F);
  for (std::size_t i = 0; i < inputs.k.size(); ++i) {
    inputs.k[i] = float_to_half(static_cast<float>(i / 64) / 64.0F);
  }
  expect_right(p, inputs);
  for (std::uint16_t& bits : inputs.q) bits = float_to_half(-0.5F);  // and one that never rises again
  expect_right(p, inputs);
}

TEST_P(Correctness, OneHotRowsReturnTheirValueExactly) {
  AttentionProblem p{1, 1, 1, 64, 64, 64};
  Inputs inputs = random_inputs(p, core::InputKind::kNormal, 8);
  std::fill(inputs.q.begin(), inputs.q.end(), std::uint16_t{0});
  std::fill(inputs.k.begin(), inputs.k.end(), std::uint16_t{0});
  for (std::size_t i = 0; i < 64; ++i) inputs.q[65 * i] = inputs.k[65 * i] = float_to_half(100.0F);
  const Answer answer = run_attention(phase(), p, inputs);
  for (std::size_t i = 0; i < inputs.v.size(); ++i) {
    ASSERT_EQ(half_to_float(answer.o[i]), half_to_float(inputs.v[i])) << i;
  }
}

TEST_P(Correctness, FullyMaskedRowsAreZero) {
  AttentionProblem p{1, 2, 2, 200, 70, 64};
  p.causal = true;
  const Answer answer = run_attention(phase(), p, random_inputs(p, core::InputKind::kNormal, 10));
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t i = 0; i < 130 * 64; ++i) ASSERT_EQ(answer.o[head * 200 * 64 + i] & 0x7fff, 0) << i;
  }
  EXPECT_TRUE(answer.record.passed);
}

TEST_P(Correctness, LargeValuesDoNotOverflow) {
  AttentionProblem p{1, 1, 1, 96, 96, 64};
  Inputs inputs = random_inputs(p, core::InputKind::kNormal, 12);
  for (std::uint16_t& bits : inputs.v) bits = float_to_half(half_to_float(bits) < 0 ? -6e4F : 6e4F);
  const Answer answer = run_attention(phase(), p, inputs);
  EXPECT_EQ(answer.record.nan_count + answer.record.inf_count, 0);
  EXPECT_LE(answer.record.max_error, 6e4 * 2e-3) << "half's relative precision, twice over";
}

TEST_P(Correctness, RerunsAreBitForBitTheSame) {
  auto data = AttentionData::create(*core::parse_attention("mission"));
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  ASSERT_TRUE((*data)->load(core::InputKind::kNormal, 42).has_value());
  auto run = PreparedAttention::create(phase(), *data);
  ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
  ASSERT_TRUE((*run)->launch(nullptr).has_value());
  const std::vector<std::uint16_t> first = *(*run)->output();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE((*run)->launch(nullptr).has_value());
    ASSERT_EQ(*(*run)->output(), first) << "run " << i;
  }
}

TEST_P(Correctness, AnnouncesTheKernelsThatItLaunches) {
  auto data = AttentionData::create(*core::parse_attention("mission"));
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  auto run = PreparedAttention::create(phase(), *data);
  ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
  const auto announced = (*run)->kernels();
  auto captured = capture_kernels([&](core::StreamHandle s) { return (*run)->launch(s); }, announced);
  ASSERT_TRUE(captured.has_value()) << core::to_text(captured.error());
  ASSERT_EQ(captured->size(), static_cast<std::size_t>((*run)->kernels_per_launch()));
  ASSERT_EQ(captured->size(), announced.size());
  for (std::size_t i = 0; i < announced.size(); ++i) {
    EXPECT_EQ((*captured)[i].name, announced[i].name);
    EXPECT_EQ((*captured)[i].function, announced[i].function);
    EXPECT_EQ((*captured)[i].grid_x, announced[i].grid_x);
    std::printf("  %s launches %s, grid %lld x %lld x %lld, block %d\n", std::string(phase().info.id).c_str(),
                announced[i].name.c_str(), static_cast<long long>(announced[i].grid_x),
                static_cast<long long>(announced[i].grid_y), static_cast<long long>(announced[i].grid_z),
                announced[i].block_x);
  }
}

TEST(Memory, AProblemPastItIsRefusedWithTheNumbers) {
  const AttentionProblem huge{1 << 11, 1, 1, 1 << 18, 1 << 18, 64};  // 64 GiB a tensor, of four
  auto data = AttentionData::create(huge);
  ASSERT_FALSE(data.has_value());
  EXPECT_EQ(data.error().code, core::ErrorCode::kUsage) << data.error().message;
  EXPECT_NE(data.error().message.find("MiB"), std::string::npos) << data.error().message;
}

TEST(BrokenPhase, FailsItsCheckOnEveryShape) {
  const PhaseDescriptor* broken = *find_phase("broken");
  for (const core::NamedShape& shape : core::named_shapes()) {
    if (shape.seq > 1024) continue;
    auto data = AttentionData::create(*core::parse_attention(shape.name));
    ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
    auto run = PreparedAttention::create(*broken, *data);
    ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
    for (const auto& [input, seed] : kChecked) {
      ASSERT_TRUE((*data)->load(input, seed).has_value());
      auto record = (*run)->check();
      ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
      EXPECT_FALSE(record->passed) << shape.name << ", " << record->input << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
