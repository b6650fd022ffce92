// What PreparedAttention sees beside a wrong number: inputs that a launch wrote, writes around its output and
// its workspace, and an answer that is right only behind a launch on the same inputs. The phases are made up
// here around a right kernel.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "device_attention.h"
#include "faulty_kernel.h"
#include "kernels/bench/prepared_attention.h"
#include "kernels/phase_index.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;
using ::testing::HasSubstr;
using ::testing::Not;

core::Status done(cudaError_t error) {
  if (error == cudaSuccess) return {};
  return core::fail(core::ErrorCode::kDevice, cudaGetErrorString(error));
}

core::Status compute(const AttentionArgs& a) {
  return done(launch_faulty(DeviceFault::kNone, a.problem, a.q, a.k, a.v, a.o));
}

std::size_t output_bytes(const AttentionProblem& p) {
  return static_cast<std::size_t>(2 * p.q_elements());
}

core::Status right(const AttentionArgs& a, core::StreamHandle) {
  return compute(a);
}

core::Status writes_keys(const AttentionArgs& a, core::StreamHandle) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(const_cast<void*>(a.k), 0x3c, 6, nullptr));  // three halves of 1.06
}

core::Status writes_behind_output(const AttentionArgs& a, core::StreamHandle) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(static_cast<char*>(a.o) + output_bytes(a.problem), 0, 16, nullptr));
}

core::Status writes_before_output(const AttentionArgs& a, core::StreamHandle) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(static_cast<char*>(a.o) - 2, 0, 2, nullptr));
}

core::Status writes_behind_workspace(const AttentionArgs& a, core::StreamHandle) {
  if (auto ok = compute(a); !ok) return ok;
  return done(
      cudaMemsetAsync(static_cast<char*>(a.workspace) + output_bytes(a.problem) + 4000, 0, 4, nullptr));
}

bool holds_nan(const void* halves) {
  std::uint16_t first = 0;
  cuda_ok(cudaMemcpy(&first, halves, sizeof first, cudaMemcpyDeviceToHost), "cudaMemcpy");
  return (first & 0x7fffu) > 0x7c00u;
}

// Computes once and gives that answer from then on: right as long as the inputs are the same.
core::Status keeps_its_answer(const AttentionArgs& a, core::StreamHandle) {
  const std::size_t bytes = output_bytes(a.problem);
  if (!holds_nan(a.workspace)) {
    return done(cudaMemcpyAsync(a.o, a.workspace, bytes, cudaMemcpyDeviceToDevice, nullptr));
  }
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemcpyAsync(a.workspace, a.o, bytes, cudaMemcpyDeviceToDevice, nullptr));
}

// Gives the answer of the launch before; the first one gives its workspace as it finds it.
core::Status is_one_late(const AttentionArgs& a, core::StreamHandle) {
  const std::size_t bytes = output_bytes(a.problem);
  if (auto ok = compute(a); !ok) return ok;
  void* made = nullptr;
  cudaError_t error = cudaMalloc(&made, bytes);
  if (error == cudaSuccess) error = cudaMemcpy(made, a.o, bytes, cudaMemcpyDeviceToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(a.o, a.workspace, bytes, cudaMemcpyDeviceToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(a.workspace, made, bytes, cudaMemcpyDeviceToDevice);
  (void)cudaFree(made);
  return done(error);
}

PhaseDescriptor made_up(core::Status (*launch)(const AttentionArgs&, core::StreamHandle)) {
  PhaseDescriptor phase;
  phase.info.id = "made_up";
  phase.supports = [](const AttentionProblem&) { return core::Status{}; };
  phase.workspace_bytes = output_bytes;
  phase.plan = [](const AttentionProblem&) { return std::vector{core::KernelPlan{.name = "made_up"}}; };
  phase.launch = launch;
  return phase;
}

class Trespass : public ::testing::Test {
 protected:
  void prepare(core::Status (*launch)(const AttentionArgs&, core::StreamHandle),
               const AttentionProblem& p = {1, 4, 2, 100, 100, 64}) {
    phase_ = made_up(launch);
    auto data = AttentionData::create(p);
    ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
    data_ = *data;
    auto run = PreparedAttention::create(phase_, data_);
    ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
    run_ = std::move(*run);
    ASSERT_TRUE(data_->load(InputKind::kNormal, 7).has_value());
  }
  core::CheckRecord checked() {
    auto record = run_->check();
    EXPECT_TRUE(record.has_value());
    return record.value_or(core::CheckRecord{});
  }
  // As timing does: poisoned, launched many times, looked at.
  core::CheckRecord after(int launches) {
    EXPECT_TRUE(run_->poison().has_value());
    for (int i = 0; i < launches; ++i) EXPECT_TRUE(run_->launch(nullptr).has_value());
    auto record = run_->check_output();
    EXPECT_TRUE(record.has_value());
    return record.value_or(core::CheckRecord{});
  }
  // The answer itself has no fault.
  static void expect_right_numbers(const core::CheckRecord& record) {
    EXPECT_LE(record.max_error, record.max_tolerance);
    EXPECT_LE(record.mean_error, *record.mean_tolerance);
    EXPECT_EQ(record.nan_count + record.inf_count, 0);
  }

  PhaseDescriptor phase_;
  std::shared_ptr<AttentionData> data_;
  std::unique_ptr<PreparedAttention> run_;
};

TEST_F(Trespass, OfNoneTheRightKernelIsBlamed) {
  prepare(right);
  for (const InputKind input : {InputKind::kPeaked, InputKind::kNormal}) {
    ASSERT_TRUE(data_->load(input, 3).has_value());
    const core::CheckRecord before = checked();
    EXPECT_TRUE(before.passed) << before.worst;
    EXPECT_THAT(before.worst, Not(HasSubstr("; and")));
    const core::CheckRecord later = after(5);
    EXPECT_TRUE(later.passed) << later.worst;
    EXPECT_THAT(later.method, HasSubstr("right behind a launch on other inputs"));
    EXPECT_EQ(later.max_error, before.max_error);
    EXPECT_EQ(later.input, core::name_of(input)) << "the loaded inputs stay the loaded ones";
    EXPECT_EQ(data_->mend_inputs().value_or("error"), "");
  }
}

TEST_F(Trespass, InputsThatWereWrittenAreNamedAndMended) {
  prepare(writes_keys);
  const core::CheckRecord record = checked();
  EXPECT_FALSE(record.passed);
  expect_right_numbers(record);  // it wrote them behind its own work
  EXPECT_THAT(record.worst, HasSubstr("; and inputs were written: 3 elements of K"));
  EXPECT_EQ(data_->mend_inputs().value_or("error"), "") << "the next one to be checked has what was loaded";
  prepare(right);
  EXPECT_TRUE(checked().passed);
}

TEST_F(Trespass, WritesAroundTheOutputAndTheWorkspaceAreNamed) {
  prepare(writes_behind_output);
  core::CheckRecord record = checked();
  EXPECT_FALSE(record.passed);
  expect_right_numbers(record);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the output was written: 16 bytes"));
  prepare(writes_before_output);
  record = checked();
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the output was written: 2 bytes"));
  prepare(writes_behind_workspace);
  record = checked();
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the workspace was written: 4 bytes"));
  EXPECT_FALSE(after(3).passed) << "after timing too";
}

TEST_F(Trespass, AnAnswerThatIsKeptFromLaunchToLaunchIsSeenAfterTiming) {
  prepare(keeps_its_answer);
  EXPECT_TRUE(checked().passed) << "alone it computes what it must";
  const core::CheckRecord record = after(10);
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.method, HasSubstr("launched right behind a launch on other inputs"));
}

TEST_F(Trespass, AnAnswerOfTheLaunchBeforeIsSeenAlone) {
  prepare(is_one_late);
  const core::CheckRecord record = checked();
  EXPECT_FALSE(record.passed);
  EXPECT_EQ(record.nan_count, data_->problem().q_elements()) << "its workspace was poisoned";
  EXPECT_FALSE(after(10).passed) << "where the launches before computed on the same inputs";
}

TEST(TrespassCost, LookingAfterTimingTakesLessThanTwoMilliseconds) {
  auto data = AttentionData::create(*core::parse_attention("mission"));
  ASSERT_TRUE(data.has_value()) << core::to_text(data.error());
  ASSERT_TRUE((*data)->load(InputKind::kNormal, 0).has_value());
  auto run = PreparedAttention::create(**find_phase("wmma"), *data);
  ASSERT_TRUE(run.has_value()) << core::to_text(run.error());
  ASSERT_TRUE((*run)->check()->passed);
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto record = (*run)->check_output();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    ASSERT_TRUE(record.has_value() && record->passed);
    least = std::min(least, took.count());
  }
  fmt::print("  mission: looking at wmma after timing takes {:.3f} ms\n", least);
  EXPECT_LT(least, 2);
}

}  // namespace
}  // namespace flashcore::kernels::bench
