// What a check takes of the device's memory, piece by piece.
//
// Owns: nothing. Units: bytes. Threads: pure functions.
#pragma once

#include <cstdint>

#include "core/attention.h"
#include "kernels/bench/check.h"

namespace flashcore::kernels::bench {

// What a comparison needs to work in.
inline constexpr std::int64_t kScratchBytes = kCompareParts * static_cast<std::int64_t>(sizeof(Comparison));

// O in FP64, and in the element type.
inline std::int64_t reference_bytes(const core::AttentionProblem& p) noexcept {
  return 8 * p.q_elements();
}
inline std::int64_t output_bytes(const core::AttentionProblem& p) noexcept {
  return 2 * p.q_elements();
}

// All that a further draw of a band takes.
inline std::int64_t draw_bytes(const core::AttentionProblem& p, int band) noexcept {
  const core::AttentionProblem draw = draw_problem(p, band, kPlainElements);
  return core::tensor_bytes(draw) + reference_bytes(draw);
}

}  // namespace flashcore::kernels::bench
