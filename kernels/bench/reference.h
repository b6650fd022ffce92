// Host reference of attention in fp64, on threads: what the GPU's reference is held against by tests, and
// what checks in a build without a GPU stand on.
//
// Inputs are the same half-precision values that the kernel sees, as IEEE binary16 bit patterns,
// contiguous B, H, S, D. Softmax is the two-pass one (max, then exp and sum), all in double.
// Owns: nothing. Threads: uses up to hardware_concurrency of its own; call from any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/attention.h"
#include "core/input_kind.h"
#include "kernels/bench/check.h"

namespace flashcore::kernels::bench {

float half_to_float(std::uint16_t bits) noexcept;
std::uint16_t float_to_half(float value) noexcept;  // round to nearest even

// Near-normal numbers of mean 0 and variance 1, rounded to half: sums of eight uniform 16-bit numbers (Irwin
// and Hall), scaled. All of it is exact until the one rounding, so host and device make the same bits for a
// seed.
std::vector<std::uint16_t> random_halves(std::int64_t count, std::uint64_t seed);

// Q, K and V of a run, contiguous B, H, S, D.
struct Inputs {
  std::vector<std::uint16_t> q, k, v;
};

// What every run with this input and seed computes on; the three tensors are independent of each other.
Inputs random_inputs(const core::AttentionProblem& problem, core::InputKind input, std::uint64_t seed);

// The rows of the flattened (B, H, Sq) that a check looks at: all of them up to `limit`, else
// `limit` of them spread evenly, the first and the last among them.
std::vector<std::int64_t> rows_to_check(const core::AttentionProblem& problem, std::int64_t limit);

// O for those rows, row after row, D doubles each.
std::vector<double> reference_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> q,
                                   std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                   std::span<const std::int64_t> rows);

// The same maths done plainly in the element type (kernels/bench/check.h), for those rows, as half bits.
std::vector<std::uint16_t> plain_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> q,
                                      std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                      std::span<const std::int64_t> rows);

// Compares rows of O (half bits, row after row) with reference rows: each band by itself, or all together.
Bands compare_bands(const core::AttentionProblem& problem, std::span<const std::uint16_t> o_rows,
                    std::span<const std::int64_t> rows, std::span<const double> reference);
Comparison compare_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> o_rows,
                        std::span<const std::int64_t> rows, std::span<const double> reference);

// The plain error of draw_problem(problem, band, elements), on the inputs of draw_seed(band).
Comparison plain_draw(const core::AttentionProblem& problem, core::InputKind input, int band,
                      std::int64_t elements = kPlainElements);

}  // namespace flashcore::kernels::bench
