// Host reference of attention in fp64, on threads: what the GPU's reference is held against by tests, and
// what checks in a build without a GPU stand on.
//
// Inputs are the same values that the kernel sees, as bits of the problem's element type
// (kernels/bench/elements.h), contiguous B, H, S, D. Softmax is the two-pass one (max, then exp and sum), all
// in double. Owns: nothing. Threads: uses up to hardware_concurrency of its own; call from any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/attention.h"
#include "core/input_kind.h"
#include "kernels/bench/check.h"
#include "kernels/bench/elements.h"

namespace flashcore::kernels::bench {

// Q, K and V of a run, contiguous B, H, S, D.
struct Inputs {
  std::vector<std::uint16_t> q, k, v;
  double scale = 0;  // of the scores; 0: 1/sqrt(D)
};

// What every run with this input and seed computes on; the three tensors are independent of each other.
Inputs random_inputs(const core::AttentionProblem& problem, core::InputKind input, std::uint64_t seed);

// The rows of the flattened (B, H, Sq) that a check looks at: all of them up to `limit`, else
// `limit` of them spread evenly, the first and the last among them.
std::vector<std::int64_t> rows_to_check(const core::AttentionProblem& problem, std::int64_t limit);

// O for those rows, row after row, D doubles each.
std::vector<double> reference_rows(const core::AttentionProblem& problem, const Inputs& inputs,
                                   std::span<const std::int64_t> rows);

// The natural logarithm of the rows' sums of exponentials (kernels/attention_call.h), with the limit that
// holds for each (check.h); -infinity for a row that sees no key.
LseReference reference_lse(const core::AttentionProblem& problem, const Inputs& inputs,
                           std::span<const std::int64_t> rows);

// The same maths done plainly in the element type (kernels/bench/check.h), for those rows, as its bits.
std::vector<std::uint16_t> plain_rows(const core::AttentionProblem& problem, const Inputs& inputs,
                                      std::span<const std::int64_t> rows);

// Compares rows of O (bits of elements, row after row) with reference rows: each band by itself, or all
// together.
Bands compare_bands(const core::AttentionProblem& problem, std::span<const std::uint16_t> o_rows,
                    std::span<const std::int64_t> rows, std::span<const double> reference);
Comparison compare_rows(const core::AttentionProblem& problem, std::span<const std::uint16_t> o_rows,
                        std::span<const std::int64_t> rows, std::span<const double> reference);

// The plain error of draw_problem(problem, band, elements), on the inputs of draw_seed(band).
Comparison plain_draw(const core::AttentionProblem& problem, core::InputKind input, int band,
                      std::int64_t elements = kPlainElements);

}  // namespace flashcore::kernels::bench
