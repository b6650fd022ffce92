// Host reference of attention in fp64, on threads, and the comparison with a kernel's answer.
//
// Inputs are the same half-precision values that the kernel sees, as IEEE binary16 bit patterns,
// contiguous B, H, S, D. Softmax is the two-pass one (max, then exp and sum), all in double.
// Owns: nothing. Threads: uses up to hardware_concurrency of its own; call from any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/attention.h"
#include "core/phase.h"
#include "core/records.h"

namespace flashcore::kernels::bench {

float half_to_float(std::uint16_t bits) noexcept;
std::uint16_t float_to_half(float value) noexcept;  // round to nearest even

// Standard-normal values rounded to half, the same on every machine for a seed.
std::vector<std::uint16_t> random_halves(std::int64_t count, std::uint64_t seed);

// Q, K and V of a run, contiguous B, H, S, D.
struct Inputs {
  std::vector<std::uint16_t> q, k, v;
};

// What every run with this seed computes on; the three tensors are independent of each other.
Inputs random_inputs(const core::AttentionProblem& problem, std::uint64_t seed);

// The rows of the flattened (B, H, Sq) that a check looks at: all of them up to `limit`, else
// `limit` of them spread evenly, the first and the last among them.
std::vector<std::int64_t> rows_to_check(const core::AttentionProblem& problem, std::int64_t limit);

// O for those rows, row after row, D doubles each.
std::vector<double> reference_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> q,
                                   std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                   std::span<const std::int64_t> rows);

// Compares a kernel's whole O (half) with reference rows.
core::CheckRecord compare_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> o,
                               std::span<const std::int64_t> rows, std::span<const double> reference,
                               core::Tolerance tolerance, std::uint64_t seed);

}  // namespace flashcore::kernels::bench
