// Problem: what an attention kernel computes, and the named problems ("shapes").
//
// O = softmax(scale * Q K^T [+ causal mask]) V, scale = 1/sqrt(D)
// (Vaswani et al. 2017, "Attention Is All You Need", equation 1).
// Q and O are B x H x Sq x D, K and V are B x Hkv x Sk x D, row-major in that order unless a
// launch passes other strides. The causal mask is aligned bottom right: query i sees the keys
// j <= i + (Sk - Sq), as FlashAttention-2 and FlashInfer have it; a row that sees no key
// yields zeros.
//
// Owns: nothing. Threads: plain values. Errors: parse_shape and validate say which rule is
// broken (ErrorCode::kUsage).
//
//   auto p = parse_shape("mission");        // 1,8,512,64
//   auto q = parse_shape("1,8,128,512,64"); // B,H,Sq,Sk,D
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::core {

struct Problem {
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

  bool operator==(const Problem&) const = default;
};

struct NamedShape {
  std::string_view name;
  std::int64_t batch, heads, seq, head_dim;
  std::string_view purpose;
};

// tiny, small, medium, mission, multi_batch, large, long, long128 (in that order).
std::span<const NamedShape> named_shapes() noexcept;

// "mission", "B,H,S,D" or "B,H,Sq,Sk,D". The result has passed validate(). The causal flag is
// the caller's to set.
Result<Problem> parse_shape(std::string_view text);

// The rules that every problem keeps: all extents >= 1 and <= kMaxExtent, Hkv divides H,
// D is 64 or 128, dtype is f16, no tensor holds more than kMaxTensorElements.
Status validate(const Problem& problem);
inline constexpr std::int64_t kMaxExtent = 1 << 24;
inline constexpr std::int64_t kMaxTensorElements = std::int64_t{1} << 40;

// The shape's name where the extents are those of a named shape, else "B,H,S,D" or
// "B,H,Sq,Sk,D". Never mentions the mask; see problem_label() for that.
std::string shape_name(const Problem& problem);

// shape_name() with ", causal" after it where the mask is on: what a person reads.
std::string problem_label(const Problem& problem);

// Bytes of Q, K, V and O on the device together.
std::int64_t tensor_bytes(const Problem& problem) noexcept;

}  // namespace flashcore::core
