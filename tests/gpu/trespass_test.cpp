// What PreparedAttention sees beside a wrong number: inputs that a launch wrote, writes around its output and
// its workspace, and an answer that is right only behind a launch on the same inputs. The phases are made up
// here around a right kernel.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

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

// A launch of a made-up phase: where its tensors lie and what is launched.
struct At {
  const AttentionProblem& problem;
  const AttentionPointers& at;
  std::size_t output_bytes() const { return static_cast<std::size_t>(2 * problem.q_elements()); }
};
using Launch = core::Status (*)(const At&);

core::Status compute(const At& a) {
  return done(launch_faulty(DeviceFault::kNone, a.problem, a.at.q, a.at.k, a.at.v, a.at.o));
}

core::Status right(const At& a) {
  return compute(a);
}

core::Status writes_keys(const At& a) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(const_cast<void*>(a.at.k), 0x3c, 6, nullptr));  // three elements
}

core::Status writes_behind_values(const At& a) {
  if (auto ok = compute(a); !ok) return ok;
  const std::int64_t bytes = 2 * a.problem.kv_elements();
  return done(cudaMemsetAsync(static_cast<char*>(const_cast<void*>(a.at.v)) + bytes, 0, 16, nullptr));
}

core::Status writes_behind_output(const At& a) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(static_cast<char*>(a.at.o) + a.output_bytes(), 0, 16, nullptr));
}

core::Status writes_before_output(const At& a) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(static_cast<char*>(a.at.o) - 2, 0, 2, nullptr));
}

core::Status writes_behind_workspace(const At& a) {
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemsetAsync(static_cast<char*>(a.at.workspace) + a.output_bytes() + 4000, 0, 4, nullptr));
}

bool holds_nan(const void* elements) {
  std::uint16_t first = 0;
  cuda_ok(cudaMemcpy(&first, elements, sizeof first, cudaMemcpyDeviceToHost), "cudaMemcpy");
  return first == 0xffff;
}

// Computes once and gives that answer from then on: right as long as the inputs are the same.
core::Status keeps_its_answer(const At& a) {
  const std::size_t bytes = a.output_bytes();
  if (!holds_nan(a.at.workspace)) {
    return done(cudaMemcpyAsync(a.at.o, a.at.workspace, bytes, cudaMemcpyDeviceToDevice, nullptr));
  }
  if (auto ok = compute(a); !ok) return ok;
  return done(cudaMemcpyAsync(a.at.workspace, a.at.o, bytes, cudaMemcpyDeviceToDevice, nullptr));
}

// Gives the answer of the launch before; the first one gives its workspace as it finds it.
core::Status is_one_late(const At& a) {
  const std::size_t bytes = a.output_bytes();
  if (auto ok = compute(a); !ok) return ok;
  void* made = nullptr;
  cudaError_t error = cudaMalloc(&made, bytes);
  if (error == cudaSuccess) error = cudaMemcpy(made, a.at.o, bytes, cudaMemcpyDeviceToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(a.at.o, a.at.workspace, bytes, cudaMemcpyDeviceToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(a.at.workspace, made, bytes, cudaMemcpyDeviceToDevice);
  (void)cudaFree(made);
  return done(error);
}

class MadeUp final : public PlannedLaunch {
 public:
  MadeUp(const AttentionCall& call, Launch launch)
      : PlannedLaunch(call, {.kernels = {core::KernelPlan{.name = "made_up"}},
                             .workspace_bytes = static_cast<std::size_t>(2 * call.problem.q_elements()),
                             .choice = "as it likes"}),
        launch_(launch) {}

 private:
  core::Status enqueue(const AttentionPointers& at, core::StreamHandle) const override {
    return launch_({call().problem, at});
  }
  Launch launch_;
};

template <Launch kLaunch>
PhaseDescriptor made_up() {
  PhaseDescriptor phase;
  phase.info.id = "made_up";
  phase.serves = [](const AttentionCall&) { return core::Status{}; };
  phase.plan = [](const AttentionCall& call,
                  const DeviceTraits&) -> core::Result<std::unique_ptr<PlannedLaunch>> {
    return std::make_unique<MadeUp>(call, kLaunch);
  };
  return phase;
}

class Trespass : public ::testing::TestWithParam<const char*> {
 protected:
  template <Launch kLaunch>
  void prepare() {
    const AttentionProblem p{1, 4, 2, 100, 100, 64, GetParam()};
    phase_ = made_up<kLaunch>();
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

INSTANTIATE_TEST_SUITE_P(Types, Trespass, ::testing::Values("f16", "bf16"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Trespass, OfNoneTheRightKernelIsBlamed) {
  prepare<right>();
  EXPECT_EQ(run_->choice(), "as it likes");
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

TEST_P(Trespass, InputsThatWereWrittenAreNamedAndMended) {
  prepare<writes_keys>();
  const core::CheckRecord record = checked();
  EXPECT_FALSE(record.passed);
  expect_right_numbers(record);  // it wrote them behind its own work
  EXPECT_THAT(record.worst, HasSubstr("; and inputs were written: 3 elements of K"));
  EXPECT_EQ(data_->mend_inputs().value_or("error"), "") << "the next one to be checked has what was loaded";
  prepare<right>();
  EXPECT_TRUE(checked().passed);
  prepare<writes_behind_values>();
  const core::CheckRecord around = checked();
  EXPECT_FALSE(around.passed);
  EXPECT_THAT(around.worst, HasSubstr("; and inputs were written: 16 bytes around V"));
  EXPECT_EQ(data_->mend_inputs().value_or("error"), "");
}

TEST_P(Trespass, WritesAroundTheOutputAndTheWorkspaceAreNamed) {
  prepare<writes_behind_output>();
  core::CheckRecord record = checked();
  EXPECT_FALSE(record.passed);
  expect_right_numbers(record);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the output was written: 16 bytes"));
  prepare<writes_before_output>();
  record = checked();
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the output was written: 2 bytes"));
  prepare<writes_behind_workspace>();
  record = checked();
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.worst, HasSubstr("; and memory around the workspace was written: 4 bytes"));
  EXPECT_FALSE(after(3).passed) << "after timing too";
}

TEST_P(Trespass, AnAnswerThatIsKeptFromLaunchToLaunchIsSeenAfterTiming) {
  prepare<keeps_its_answer>();
  EXPECT_TRUE(checked().passed) << "alone it computes what it must";
  const core::CheckRecord record = after(10);
  EXPECT_FALSE(record.passed);
  EXPECT_THAT(record.method, HasSubstr("launched right behind a launch on other inputs"));
}

TEST_P(Trespass, AnAnswerOfTheLaunchBeforeIsSeenAlone) {
  prepare<is_one_late>();
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
