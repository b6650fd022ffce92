// Every rule of a call and of its pointers, broken once and kept once.
#include "kernels/attention_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace flashcore::kernels {
namespace {

using core::AttentionProblem;
using core::ErrorCode;
using ::testing::HasSubstr;

TEST(Strides, OfAContiguousTensor) {
  const Strides s = contiguous_strides(8, 512, 64);
  EXPECT_EQ(s.row, 64);
  EXPECT_EQ(s.head, 512 * 64);
  EXPECT_EQ(s.batch, 8 * 512 * 64);
}

TEST(Call, ContiguousOneHasTheUsualScaleAndEachTensorsOwnStrides) {
  const AttentionCall call = contiguous_call(AttentionProblem{2, 4, 2, 32, 48, 64}, true);
  EXPECT_EQ(call.q_strides, contiguous_strides(4, 32, 64));
  EXPECT_EQ(call.o_strides, call.q_strides);
  EXPECT_EQ(call.k_strides, contiguous_strides(2, 48, 64));
  EXPECT_EQ(call.v_strides, call.k_strides);
  EXPECT_EQ(call.scale, 0.125F);
  EXPECT_TRUE(call.with_lse);
  EXPECT_TRUE(check_call(call).has_value());
}

class CallRules : public ::testing::Test {
 protected:
  using Change = std::function<void(AttentionCall&)>;

  static AttentionCall changed(const Change& change) {
    AttentionCall call = contiguous_call(AttentionProblem{2, 4, 2, 32, 48, 64});
    change(call);
    return call;
  }
  static void refused(const Change& change, const std::vector<std::string>& says) {
    const auto status = check_call(changed(change));
    ASSERT_FALSE(status.has_value()) << says.front();
    EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    for (const std::string& words : says) EXPECT_THAT(status.error().message, HasSubstr(words));
  }
  static void fine(const char* why, const Change& change) {
    const auto status = check_call(changed(change));
    EXPECT_TRUE(status.has_value()) << why << ": " << (status ? "" : status.error().message);
  }
  // B, S, H, D: heads side by side in a row; `row` elements from one row to the next, 0 for dense ones.
  static Strides bshd(std::int64_t heads, std::int64_t seq, std::int64_t row = 0) {
    if (row == 0) row = heads * 64;
    return {seq * row, 64, row};
  }
};

TEST_F(CallRules, TheProblemsOwn) {
  refused([](AttentionCall& c) { c.problem.seq_k = 0; }, {"sk = 0"});
  refused([](AttentionCall& c) { c.problem.seq_q = -1; }, {"sq = -1"});
  refused([](AttentionCall& c) { c.problem.batch = 0; }, {"b = 0"});
  refused([](AttentionCall& c) { c.problem.kv_heads = 3; }, {"hkv = 3 does not divide h = 4"});
  refused([](AttentionCall& c) { c.problem.kv_heads = 8; }, {"hkv = 8 does not divide h = 4"});
  refused([](AttentionCall& c) { c.problem.dtype = "f64"; }, {"f64"});
  refused([](AttentionCall& c) { c.problem.head_dim = 2048; }, {"d = 2048"});
  fine("one key head for all", [](AttentionCall& c) { c.problem.kv_heads = 1; });
}

TEST_F(CallRules, StridesAreNotNegative) {
  refused([](AttentionCall& c) { c.v_strides.head = -64; }, {"head stride of V is -64", "not negative"});
  refused([](AttentionCall& c) { c.q_strides.batch = -8; }, {"batch stride of Q is -8"});
  refused([](AttentionCall& c) { c.k_strides.row = -64; }, {"row stride of K is -64"});
  refused([](AttentionCall& c) { c.o_strides.row = std::numeric_limits<std::int64_t>::min(); },
          {"row stride of O", "not negative"});
  fine("inputs may be broadcast", [](AttentionCall& c) {
    c.q_strides.batch = c.k_strides.batch = c.k_strides.head = c.v_strides.batch = c.v_strides.head = 0;
  });
}

TEST_F(CallRules, StridesKeepEveryRowOnSixteenBytes) {
  refused([](AttentionCall& c) { c.k_strides.row = 68; }, {"row stride of K is 68", "multiple of 8"});
  refused([](AttentionCall& c) { c.o_strides.head += 4; }, {"head stride of O", "multiple of 8"});
  refused([](AttentionCall& c) { c.v_strides.batch += 1; }, {"batch stride of V", "multiple of 8"});
  fine("padded rows", [](AttentionCall& c) { c.k_strides = {2 * 48 * 72, 48 * 72, 72}; });
  // The unit is 16 bytes of the element type.
  refused(
      [](AttentionCall& c) {
        c.problem.dtype = "e4m3";
        c.q_strides.row = 72;
      },
      {"row stride of Q is 72", "multiple of 16"});
  fine("68 floats are 17 times 16 bytes", [](AttentionCall& c) {
    c.problem.dtype = "f32";
    c.k_strides.row = 68;
  });
}

TEST_F(CallRules, RowsDoNotOverlap) {
  refused([](AttentionCall& c) { c.q_strides.row = 56; }, {"row stride of Q is 56", "less than D = 64"});
  refused([](AttentionCall& c) { c.k_strides.row = 0; }, {"row stride of K is 0", "rows would overlap"});
  fine("heads of an input may overlap as they like", [](AttentionCall& c) { c.q_strides.head = 8; });
}

TEST_F(CallRules, OfTheOutputNothingOverlaps) {
  const char* says = "two rows of O share memory";
  refused([](AttentionCall& c) { c.o_strides.head = 0; }, {says});
  refused([](AttentionCall& c) { c.o_strides.batch = 0; }, {says});
  refused([](AttentionCall& c) { c.o_strides.head -= 64; }, {says});
  refused([](AttentionCall& c) { c.o_strides.batch -= 8; }, {says});
  refused([](AttentionCall& c) { c.o_strides.batch = c.o_strides.head; }, {says});
  refused([](AttentionCall& c) { c.o_strides = {32 * 256, 56, 256}; }, {says});  // heads of 64 in 56
  refused(
      [](AttentionCall& c) {
        c.o_strides = {32 * 256 - 64, 64, 256};
      },
      {says});  // batches into each other
  refused(
      [](AttentionCall& c) {
        c.o_strides = {4 * 32 * 64, 32 * 64, 128};
      },
      {says});  // rows past their head
}

TEST_F(CallRules, InterleavedOutputsAreFine) {
  fine("B, S, H, D", [](AttentionCall& c) { c.o_strides = bshd(4, 32); });
  fine("B, S, H, D within wider rows", [](AttentionCall& c) { c.o_strides = bshd(4, 32, 3 * 4 * 64); });
  fine("S, B, H, D", [](AttentionCall& c) { c.o_strides = {4 * 64, 64, 2 * 4 * 64}; });
  fine("H, B, S, D", [](AttentionCall& c) { c.o_strides = {32 * 64, 2 * 32 * 64, 64}; });
  fine("padded in every axis", [](AttentionCall& c) { c.o_strides = {4 * 2400 + 80, 2400, 72}; });
  fine("Q, K and V out of one B, S, 3, H, D", [](AttentionCall& c) {
    c.problem.kv_heads = 4;
    c.problem.seq_k = 32;
    c.q_strides = c.k_strides = c.v_strides = bshd(4, 32, 3 * 4 * 64);
  });
}

TEST_F(CallRules, StridesThatReachPastAnyMemoryAreRefused) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const char* says = "past the memory of any GPU";
  refused([](AttentionCall& c) { c.q_strides.batch = kMost - 7; }, {"batch stride", "Q", says});
  refused([](AttentionCall& c) { c.k_strides.row = core::kMaxTensorElements; }, {"row stride", "K", says});
  refused([](AttentionCall& c) { c.o_strides.head = core::kMaxTensorElements / 2; },
          {"head stride", "O", says});
  fine("a stride of 2^31 elements", [](AttentionCall& c) { c.o_strides.batch = std::int64_t{1} << 31; });
  fine("as far as a tensor may reach",
       [](AttentionCall& c) { c.q_strides.batch = core::kMaxTensorElements; });
}

TEST_F(CallRules, OfAnAxisWithOneEntryTheStrideSaysNothing) {
  for (const std::int64_t odd :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-3}, std::numeric_limits<std::int64_t>::max()}) {
    const auto one_of_each = [odd](AttentionCall& c) {
      c = contiguous_call(AttentionProblem{1, 1, 1, 1, 1, 64});
      c.q_strides = c.k_strides = c.v_strides = c.o_strides = {odd, odd, odd};
    };
    fine("one row", one_of_each);
    fine("a batch of one", [odd](AttentionCall& c) {
      c = contiguous_call(AttentionProblem{1, 4, 2, 32, 48, 64});
      c.q_strides.batch = c.k_strides.batch = c.v_strides.batch = c.o_strides.batch = odd;
    });
    fine("one query", [odd](AttentionCall& c) {
      c = contiguous_call(AttentionProblem{2, 4, 2, 1, 48, 64});
      c.q_strides.row = c.o_strides.row = odd;
    });
  }
  refused(
      [](AttentionCall& c) {
        c = contiguous_call(AttentionProblem{2, 4, 2, 1, 48, 64});
        c.k_strides.row = 1;
      },
      {"row stride of K is 1"});
}

TEST_F(CallRules, TheScaleIsFiniteAndPositive) {
  using Limits = std::numeric_limits<float>;
  const auto with = [](float scale) { return [scale](AttentionCall& c) { c.scale = scale; }; };
  refused(with(0), {"the scale is 0"});
  refused(with(-0.125F), {"the scale is -0.125"});
  refused(with(Limits::quiet_NaN()), {"the scale is nan"});
  refused(with(Limits::infinity()), {"the scale is inf"});
  refused(with(-Limits::infinity()), {"the scale is -inf"});
  refused(with(3e38F), {"the scale is 3e+38"});  // in powers of two it would be infinite
  fine("small", with(1e-6F));
  fine("large", with(8));
}

TEST_F(CallRules, EveryRefusalOfTheCallHasARemedy) {
  const std::vector<Change> bad{[](AttentionCall& c) { c.k_strides.row = 68; },
                                [](AttentionCall& c) { c.q_strides.row = 56; },
                                [](AttentionCall& c) { c.o_strides.head = 0; },
                                [](AttentionCall& c) { c.v_strides.row = std::int64_t{1} << 62; },
                                [](AttentionCall& c) { c.scale = 0; }};
  for (const Change& change : bad) {
    const auto status = check_call(changed(change));
    ASSERT_FALSE(status.has_value());
    EXPECT_FALSE(status.error().hint.empty()) << status.error().message;
  }
}

class PointerRules : public ::testing::Test {
 protected:
  PointerRules() {
    at_ = {.q = memory_.data(),
           .k = memory_.data() + 256,
           .v = memory_.data() + 512,
           .o = memory_.data() + 768,
           .lse = reinterpret_cast<float*>(memory_.data() + 1024),
           .workspace = memory_.data() + 1280};
    call_.with_lse = true;
  }
  void refused(const std::function<void(AttentionPointers&)>& change, const std::string& says) const {
    AttentionPointers at = at_;
    change(at);
    const auto status = check_pointers(call_, at, true);
    ASSERT_FALSE(status.has_value()) << says;
    EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    EXPECT_EQ(status.error().message, says);
    EXPECT_FALSE(status.error().hint.empty());
  }
  template <typename T>
  static T* moved(T* pointer, std::int64_t bytes) {
    return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(pointer) +
                                static_cast<std::uintptr_t>(bytes));
  }

  alignas(256) std::array<unsigned char, 2048> memory_{};
  AttentionCall call_ = contiguous_call(AttentionProblem{1, 1, 1, 1, 1, 64});
  AttentionPointers at_;
};

TEST_F(PointerRules, GoodOnesPass) {
  EXPECT_TRUE(check_pointers(call_, at_, true).has_value());
  at_.lse = moved(at_.lse, 4);
  EXPECT_TRUE(check_pointers(call_, at_, true).has_value()) << "a float's alignment is enough for LSE";
  at_.q = moved(at_.q, 16);
  EXPECT_TRUE(check_pointers(call_, at_, true).has_value());
}

TEST_F(PointerRules, NoneIsNull) {
  refused([](AttentionPointers& at) { at.q = nullptr; }, "the pointer of Q is null");
  refused([](AttentionPointers& at) { at.k = nullptr; }, "the pointer of K is null");
  refused([](AttentionPointers& at) { at.v = nullptr; }, "the pointer of V is null");
  refused([](AttentionPointers& at) { at.o = nullptr; }, "the pointer of O is null");
  refused([](AttentionPointers& at) { at.lse = nullptr; }, "the pointer of LSE is null");
  refused([](AttentionPointers& at) { at.workspace = nullptr; }, "the pointer of the workspace is null");
}

TEST_F(PointerRules, EachIsAligned) {
  refused([](AttentionPointers& at) { at.q = moved(at.q, 8); }, "Q does not start on a 16-byte boundary");
  refused([](AttentionPointers& at) { at.k = moved(at.k, 2); }, "K does not start on a 16-byte boundary");
  refused([](AttentionPointers& at) { at.v = moved(at.v, 1); }, "V does not start on a 16-byte boundary");
  refused([](AttentionPointers& at) { at.o = moved(at.o, 8); }, "O does not start on a 16-byte boundary");
  refused([](AttentionPointers& at) { at.lse = moved(at.lse, 2); },
          "LSE does not start on a 4-byte boundary");
  refused([](AttentionPointers& at) { at.workspace = moved(at.workspace, 128); },
          "the workspace does not start on a 256-byte boundary");
}

TEST_F(PointerRules, WhatIsNotNeededIsNotAskedFor) {
  call_.with_lse = false;
  at_.lse = nullptr;
  at_.workspace = nullptr;
  EXPECT_TRUE(check_pointers(call_, at_, false).has_value());
  at_.lse = moved(reinterpret_cast<float*>(memory_.data()), 1);
  at_.workspace = moved(at_.workspace, 1);
  EXPECT_TRUE(check_pointers(call_, at_, false).has_value()) << "a launch does not look at them";
}

}  // namespace
}  // namespace flashcore::kernels
