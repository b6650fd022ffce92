// What no phase serves: a sentence, and never a launch. O keeps its poison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "gpu_phase_test.h"

namespace flashcore::kernels::bench {
namespace {

using ::testing::HasSubstr;

class Refusals : public GpuPhaseTest {};
FLASHCORE_FOR_EVERY_PHASE(Refusals);

template <typename T>
T* moved(T* at, std::ptrdiff_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(at) + static_cast<std::uintptr_t>(bytes));
}

TEST_P(Refusals, OfPointersComeBeforeTheLaunch) {
  Case c{.problem = problem(1, 2, 2, 40, 4096, 64), .with_lse = true};
  if (is_library() && !check_supported(phase(), call_of(c))) c.with_lse = false;
  DeviceAttention attention(c, normal(c.problem, 1));
  if (!planned(attention)) return;
  attention.poison();
  const AttentionPointers right = attention.pointers();
  const auto refused = [&](const std::function<void(AttentionPointers&)>& change, const char* says) {
    AttentionPointers at = right;
    change(at);
    const auto launched = attention.planned().launch(at, nullptr);
    ASSERT_FALSE(launched.has_value()) << says;
    EXPECT_EQ(launched.error().code, core::ErrorCode::kUsage) << says;
    EXPECT_THAT(launched.error().message, HasSubstr(says));
    EXPECT_FALSE(launched.error().hint.empty());
  };
  for (const std::ptrdiff_t off : {2, 4, 8}) {
    refused([&](AttentionPointers& at) { at.q = moved(at.q, off); }, "Q does not start");
    refused([&](AttentionPointers& at) { at.k = moved(at.k, off); }, "K does not start");
    refused([&](AttentionPointers& at) { at.v = moved(at.v, off); }, "V does not start");
    refused([&](AttentionPointers& at) { at.o = moved(at.o, off); }, "O does not start");
  }
  refused([](AttentionPointers& at) { at.q = nullptr; }, "Q is null");
  refused([](AttentionPointers& at) { at.k = nullptr; }, "K is null");
  refused([](AttentionPointers& at) { at.v = nullptr; }, "V is null");
  refused([](AttentionPointers& at) { at.o = nullptr; }, "O is null");
  if (c.with_lse) {
    refused([](AttentionPointers& at) { at.lse = nullptr; }, "LSE is null");
    refused([](AttentionPointers& at) { at.lse = moved(at.lse, 2); }, "LSE does not start");
  }
  if (attention.planned().workspace_bytes() > 0) {
    refused([](AttentionPointers& at) { at.workspace = nullptr; }, "the workspace is null");
    refused([](AttentionPointers& at) { at.workspace = moved(at.workspace, 128); },
            "the workspace does not start");
  }
  EXPECT_TRUE(attention.untouched());
  attention.launch();
  const Answer answer = attention.look();
  EXPECT_TRUE(answer.right()) << "and it is not spoilt by it: " << answer.text();
}

TEST_P(Refusals, OfCallsComeBeforeThePlan) {
  const auto device = current_device_traits();
  ASSERT_TRUE(device.has_value());
  const auto refused = [&](const std::function<void(AttentionCall&)>& change, const char* says) {
    AttentionCall call = contiguous_call(problem(2, 6, 3, 40, 50, 64));
    change(call);
    const auto plan = plan_launch(phase(), call, *device);
    ASSERT_FALSE(plan.has_value()) << says;
    EXPECT_EQ(plan.error().code, core::ErrorCode::kUsage) << says;
    EXPECT_THAT(plan.error().message, HasSubstr(says));
    EXPECT_FALSE(plan.error().hint.empty()) << plan.error().message;
  };
  refused([](AttentionCall& call) { call.problem.seq_k = 0; }, "sk = 0");
  refused([](AttentionCall& call) { call.problem.seq_q = 0; }, "sq = 0");
  refused([](AttentionCall& call) { call.problem.kv_heads = 4; }, "hkv = 4 does not divide h = 6");
  refused([](AttentionCall& call) { call.problem.dtype = "f32"; }, "f32");
  refused([](AttentionCall& call) { call.problem.dtype = "e4m3"; }, "e4m3");
  refused(
      [](AttentionCall& call) {
        call = contiguous_call({1, 1, 1, 8, 8, 1024, call.problem.dtype});
      },
      "1024");
  refused([](AttentionCall& call) { call.q_strides.row = -64; }, "row stride of Q is -64");
  refused([](AttentionCall& call) { call.k_strides.head = -8; }, "head stride of K is -8");
  refused([](AttentionCall& call) { call.v_strides.row = 68; }, "row stride of V is 68");
  refused([](AttentionCall& call) { call.k_strides.row = 32; }, "less than D = 64");
  refused([](AttentionCall& call) { call.o_strides.head = 0; }, "two rows of O share memory");
  refused([](AttentionCall& call) { call.o_strides.batch = 64; }, "two rows of O share memory");
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    refused([&](AttentionCall& call) { call.scale = scale; }, "the scale is");
  }
}

TEST_P(Refusals, OfAHeadSizeNameThoseServed) {
  if (is_library()) GTEST_SKIP() << "a library serves sizes of its own";
  const auto device = current_device_traits();
  ASSERT_TRUE(device.has_value());
  for (const int d : {8, 72, 96, 256}) {
    const auto plan = plan_launch(phase(), contiguous_call(problem(1, 1, 1, 40, 50, d)), *device);
    ASSERT_FALSE(plan.has_value()) << d;
    EXPECT_EQ(plan.error().code, core::ErrorCode::kUsage);
    EXPECT_THAT(plan.error().message, HasSubstr("64 or 128"));
  }
}

}  // namespace
}  // namespace flashcore::kernels::bench
