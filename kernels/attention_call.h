// AttentionCall: one forward pass of attention as a launch is planned for it; AttentionPointers: where its
// tensors lie when it is launched.
//
// O = softmax(scale * Q K^T [+ mask]) V, and, where it is wanted, LSE = log(sum over the keys of
// exp(scale * q k)), the natural logarithm (Dao et al. 2022, "FlashAttention", algorithm 1, line 13: m + log
// l). Q and O are B x H x Sq x D, K and V are B x Hkv x Sk x D, of the problem's element type; D lies
// densely, B, H and S by any strides (BHSD, BSHD, padded rows, inputs broadcast by a stride of 0). LSE is B x
// H x Sq, FP32, contiguous. A row that sees no key has O = 0 and LSE = -infinity. The causal mask is aligned
// bottom right (core/attention.h).
//
// Owns: nothing. Units: strides in elements. Threads: plain values and pure functions.
// Errors: kUsage with the rule that is broken, the tensor that breaks it and what to do.
#pragma once

#include <cstdint>

#include "core/attention.h"
#include "core/result.h"

namespace flashcore::kernels {

// Element strides of a B, H, S, D tensor; the last is always 1.
struct Strides {
  std::int64_t batch = 0, head = 0, row = 0;
  bool operator==(const Strides&) const = default;
};

// Row-major B, H, S, D.
Strides contiguous_strides(std::int64_t heads, std::int64_t seq, std::int64_t head_dim) noexcept;

// What is fixed when a launch is planned.
struct AttentionCall {
  core::AttentionProblem problem;
  Strides q_strides, k_strides, v_strides, o_strides;
  float scale = 0;        // finite and positive; usually 1/sqrt(D)
  bool with_lse = false;  // AttentionPointers::lse is written
};

// Contiguous tensors, scale 1/sqrt(D).
AttentionCall contiguous_call(const core::AttentionProblem& problem, bool with_lse = false);

// What a launch brings along. Tensors are 16-byte aligned; they may not overlap what is written.
struct AttentionPointers {
  const void* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;
  void* o = nullptr;
  float* lse = nullptr;       // only with AttentionCall::with_lse
  void* workspace = nullptr;  // PlannedLaunch::workspace_bytes() of device memory, 256-byte aligned; what it
                              // holds before a launch does not matter
};

// core::validate(), and the rules of strides and scale: every row starts on 16 bytes (strides are multiples
// of 16 bytes, not negative; the row stride is at least D where there is more than one row), and rows of O do
// not overlap.
core::Status check_call(const AttentionCall& call);

// None null that is needed, each aligned. Some nanoseconds: it is made at every launch.
core::Status check_pointers(const AttentionCall& call, const AttentionPointers& at, bool needs_workspace);

}  // namespace flashcore::kernels
