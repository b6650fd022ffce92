// Problem: what was computed, as a workload with named axes. Attention is one workload
// (core/attention.h); an import may bring others.
//
// Two texts stand for a problem, and both parse back to the same problem:
// - canonical_text() says every axis: "b=1,h=8,hkv=8,sq=512,sk=512,d=64,dtype=f16,mask=full" for attention,
//   "WORKLOAD:axis=value,..." for any other workload. It is what is stored and compared.
// - problem_label() is as short as it can be without losing anything: "mission", "mission,causal",
//   "1,8,512,64,hkv=2,bf16". It is what people read and type. Of another workload it is the canonical text.
// Two problems that differ in any axis differ in both texts.
//
// Owns: its strings. Threads: plain values. Errors: kUsage with the rule that is broken.
//
//   auto p = parse_problem("mission,causal");
//   canonical_text(*p);   // b=1,h=8,hkv=8,sq=512,sk=512,d=64,dtype=f16,mask=causal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace flashcore::core {

inline constexpr std::string_view kAttention = "attention";

struct Axis {
  std::string name;   // "sq", "dtype"
  std::string value;  // "512", "bf16"
  bool operator==(const Axis&) const = default;
};

struct Problem {
  std::string workload;
  std::vector<Axis> axes;  // in the workload's own order

  const std::string* axis(std::string_view name) const;  // null where there is none
  bool operator==(const Problem&) const = default;
};

// A whole number, in decimal and in range; nothing for any other text.
std::optional<std::int64_t> whole_number(std::string_view text);

std::string canonical_text(const Problem& problem);
std::string problem_label(const Problem& problem);

// Any of the texts above. For attention the result has passed validate().
Result<Problem> parse_problem(std::string_view text);

}  // namespace flashcore::core
