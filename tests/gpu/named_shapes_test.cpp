// Every phase and type on the named shapes as a profile prepares and checks them, and what it says of its
// launches.
#include <gtest/gtest.h>

#include <algorithm>
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

class Summary : public ::testing::Environment {
 public:
  void TearDown() override {
    for (const auto& [phase, r] : reached()) {
      std::printf("reached: %-16s max error %.3e, mean error %.3e, over %d checks\n", phase.c_str(),
                  r.max_error, r.mean_error, r.checks);
    }
  }
};
const auto* const kSummary = ::testing::AddGlobalTestEnvironment(new Summary);

class NamedShapes : public GpuPhaseTest {
 protected:
  void expect_right(const core::CheckRecord& record) {
    EXPECT_TRUE(record.passed) << record.method << ", " << record.input << ": max " << record.max_error
                               << " of " << record.max_tolerance << " at " << record.worst << ", mean "
                               << record.mean_error << ", NaN " << record.nan_count << ", Inf "
                               << record.inf_count;
    Reached& r = reached()[std::string(phase().info.id) + " " + dtype()];
    r.max_error = std::max(r.max_error, record.max_error);
    r.mean_error = std::max(r.mean_error, record.mean_error);
    r.checks += 1;
  }
  AttentionProblem named(std::string_view shape) const {
    AttentionProblem p = *core::parse_attention(shape);
    p.dtype = dtype();
    return p;
  }
  // Null where the phase does not serve it.
  std::unique_ptr<PreparedAttention> prepared(const AttentionProblem& p, bool load = true) {
    auto data = AttentionData::create(p);
    if (!data) {
      ADD_FAILURE() << core::to_text(data.error());
      return nullptr;
    }
    if (load) status_ok((*data)->load(core::InputKind::kNormal, 42));
    auto run = PreparedAttention::create(phase(), *data);
    count_served(run.has_value(), run ? "" : core::to_text(run.error()));
    return run ? std::move(*run) : nullptr;
  }
};
FLASHCORE_FOR_EVERY_PHASE(NamedShapes);

// What a check takes: two seeds of normal inputs and one of peaked ones.
constexpr std::pair<core::InputKind, std::uint64_t> kChecked[] = {
    {core::InputKind::kNormal, 0}, {core::InputKind::kNormal, 42}, {core::InputKind::kPeaked, kPeakedSeed}};

void check_all(PreparedAttention& run, const AttentionProblem& p,
               const std::function<void(const core::CheckRecord&)>& judge_it) {
  for (const auto& [input, seed] : kChecked) {
    ASSERT_TRUE(run.data().load(input, seed).has_value());
    auto record = run.check();
    ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
    EXPECT_EQ(record->seed, seed);
    EXPECT_EQ(record->input, core::name_of(input));
    EXPECT_EQ(record->compared, p.q_elements());
    judge_it(*record);
  }
  // Back to back, as timing leaves it.
  ASSERT_TRUE(run.poison().has_value());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(run.launch(nullptr).has_value());
  auto record = run.check_output();
  ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
  judge_it(*record);
}

TEST_P(NamedShapes, AreRightOnBothInputsFullAndCausal) {
  for (const core::NamedShape& shape : core::named_shapes()) {
    for (const bool causal : {false, true}) {
      AttentionProblem p = named(shape.name);
      p.causal = causal;
      SCOPED_TRACE(core::problem_label(p));
      if (const auto run = prepared(p)) check_all(*run, p, [&](const auto& record) { expect_right(record); });
    }
  }
}

TEST_P(NamedShapes, WhatNobodyWroteIsSeen) {
  const auto run = prepared(named("tiny"));
  if (!run) return;
  ASSERT_TRUE(run->poison().has_value());
  auto record = run->check_output();
  ASSERT_TRUE(record.has_value()) << core::to_text(record.error());
  EXPECT_FALSE(record->passed);
  EXPECT_EQ(record->nan_count, run->data().problem().q_elements());
}

TEST_P(NamedShapes, AnnounceTheKernelsThatTheyLaunch) {
  for (const char* shape : {"mission", "1,8,4096,128", "2,32,1,8192,128,hkv=8"}) {
    const auto run = prepared(named(shape), false);
    if (!run) continue;
    const auto announced = run->kernels();
    auto captured = capture_kernels([&](core::StreamHandle s) { return run->launch(s); }, announced);
    ASSERT_TRUE(captured.has_value()) << core::to_text(captured.error());
    ASSERT_EQ(captured->size(), static_cast<std::size_t>(run->kernels_per_launch()));
    ASSERT_EQ(captured->size(), announced.size());
    for (std::size_t i = 0; i < announced.size(); ++i) {
      EXPECT_EQ((*captured)[i].name, announced[i].name);
      EXPECT_EQ((*captured)[i].function, announced[i].function);
      EXPECT_EQ((*captured)[i].grid_x, announced[i].grid_x);
      EXPECT_EQ((*captured)[i].block_x, announced[i].block_x);
      std::printf("  %s, %s: %s, grid %lld x %lld x %lld, block %d; %s\n",
                  std::string(phase().info.id).c_str(), shape, announced[i].name.c_str(),
                  static_cast<long long>(announced[i].grid_x), static_cast<long long>(announced[i].grid_y),
                  static_cast<long long>(announced[i].grid_z), announced[i].block_x, run->choice().c_str());
    }
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
