// AttentionProblem: the axes of the workload `attention`, typed, and the named problems ("shapes").
//
// O = softmax(scale * Q K^T [+ causal mask]) V, scale = 1/sqrt(D)
// (Vaswani et al. 2017, "Attention Is All You Need", equation 1).
// Q and O are B x H x Sq x D, K and V are B x Hkv x Sk x D, row-major in that order unless a
// launch passes other strides. The causal mask is aligned bottom right: query i sees the keys
// j <= i + (Sk - Sq), as FlashAttention-2 and FlashInfer have it; a row that sees no key
// yields zeros.
//
// Owns: nothing. Threads: plain values. Errors: parse_attention and validate say which rule is
// broken (ErrorCode::kUsage).
//
//   parse_attention("mission");                  // 1,8,512,64
//   parse_attention("1,8,128,512,64");           // B,H,Sq,Sk,D
//   parse_attention("mission,hkv=2,bf16,causal");
//   parse_attention("b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal");
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/problem.h"
#include "core/result.h"

namespace flashcore::core {

struct AttentionProblem {
  std::int64_t batch = 1;      // B
  std::int64_t heads = 1;      // H, query heads
  std::int64_t kv_heads = 1;   // Hkv, divides H
  std::int64_t seq_q = 1;      // Sq
  std::int64_t seq_k = 1;      // Sk
  std::int64_t head_dim = 64;  // D
  std::string dtype = "f16";   // element type of Q, K, V and O; accumulation is FP32
  bool causal = false;

  std::int64_t q_elements() const { return batch * heads * seq_q * head_dim; }      // = O's
  std::int64_t kv_elements() const { return batch * kv_heads * seq_k * head_dim; }  // K's, = V's

  bool operator==(const AttentionProblem&) const = default;
};

struct NamedShape {
  std::string_view name;
  std::int64_t batch, heads, seq, head_dim;
  std::string_view purpose;
};

// tiny, small, medium, mission, multi_batch, large, long, long128 (in that order).
std::span<const NamedShape> named_shapes() noexcept;

// Element types that a problem may name; which of them are served is a phase's matter.
std::span<const std::string_view> known_dtypes() noexcept;  // f16, bf16, f32, e4m3, e5m2
int dtype_bytes(std::string_view dtype) noexcept;           // 0 for an unknown one

// A named shape, "B,H,S,D" or "B,H,Sq,Sk,D", each with further axes after it ("hkv=2", "dtype=bf16" or
// "bf16", "mask=causal" or "causal"), or all axes by name. The result has passed validate().
Result<AttentionProblem> parse_attention(std::string_view text);

// The rules that every problem keeps: extents from 1 to kMaxExtent, D at most kMaxHeadDim, Hkv divides H, a
// known dtype, no tensor of more than kMaxTensorElements.
Status validate(const AttentionProblem& problem);
inline constexpr std::int64_t kMaxExtent = 1 << 24;
inline constexpr std::int64_t kMaxHeadDim = 1024;
inline constexpr std::int64_t kMaxTensorElements = std::int64_t{1} << 40;

Problem to_problem(const AttentionProblem& attention);

// An axis hkv, dtype or mask that is missing has its default (h, f16, full). kUsage where it is of another
// workload, another axis is missing, or one is out of range.
Result<AttentionProblem> attention_of(const Problem& problem);

std::string problem_label(const AttentionProblem& problem);
std::string canonical_text(const AttentionProblem& problem);

// Bytes of Q, K, V and O on the device together.
std::int64_t tensor_bytes(const AttentionProblem& problem) noexcept;

}  // namespace flashcore::core
