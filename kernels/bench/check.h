// How an answer is judged: the limit of a check, and the comparison that both the host and the GPU make.
//
// The limit is that of FlashAttention's tests (Dao 2023, github.com/Dao-AILab/flash-attention,
// tests/test_flash_attn.py: "at most twice the error of the PyTorch implementation", + 1e-5): the largest
// error of the same maths done plainly in the element type, twice, + 1e-5. Plainly: scores are rounded to the
// element type after scaling, weights after the softmax, the output at the end; sums are FP32. The error is
// that on the problem's own inputs; where a problem has few elements, the largest over so many draws that at
// least kPlainElements were compared, for the maximum of few numbers says little.
//
// The mean error is judged too: at most twice the mean of the plain method, + 1e-6. An error that is small
// and everywhere (a sum 0.3% off, on each row) stays below the largest error that rounding makes on some row,
// and is many times the error that it makes on most. Where further draws are made, the plain mean is the
// larger of theirs and of the problem's own: the mean of few elements moves with the seed, and the kernel's
// with it.
//
// Rows that see many keys have small answers and small errors. Under a causal mask the first rows' error
// would be the limit of all, and a tile dropped by the last rows would keep it; so rows are judged in bands
// of those that see about as many keys, each by its own two limits, and a record shows the band that comes
// nearest to one of them or passes it furthest: its largest and mean error, and its limits. Without a mask
// there is one band.
//
// LSE has no plain method to be held against: in the element type it would be off by half an ulp of the
// largest score, and a whole dropped tile would pass. It is FP32 arithmetic, and its limit follows from that,
// row by row (u = 2^-24, n keys that the row sees, |q| and |k| the lengths of its query and of the head's
// longest key):
//   - a score: D products, exact in FP32 or rounded once, summed in any order: D u scale |q| |k| (Higham
//   2002,
//     "Accuracy and Stability of Numerical Algorithms", (3.5), with Cauchy and Schwarz for the sum of
//     absolute products). Tensor cores truncate where FMAs round, 2 u an addition, but add 8 or more products
//     at a time. The scale in powers of two, its product with the maximum and their sum with the logarithm: 4
//     u more of it. A logarithm of a sum of exponentials moves by no more than the score that moves most.
//   - the sum of exponentials, and the factors by which it is rescaled: roundings are as often up as down, so
//     that n of them grow as sqrt(n) (Higham and Mary 2019, "A new approach to probabilistic rounding error
//     analysis"; their lambda of 8 here, for a rescaled part has passed through an exponential besides). In
//     the worst order, n u, a sum could be off by a whole dropped tile.
//   - what does not grow: ex2.approx is within 2 ulp (4 u), its argument and log2f's result are at most 24
//   and
//     rounded (24 u each), the result is once more: 64 u.
//   limit = u ((D + 4) scale |q| |k| + 8 sqrt(n) + 64)
// For normal inputs that is 5e-5 at 512 keys, some ten times what right kernels reach; a key dropped there
// moves LSE by 2e-3. A row that sees no key has -infinity, exactly, and no other row has it. A kernel that
// sums weights rounded to the element type does not keep it.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention.h"
#include "core/input_kind.h"
#include "core/records.h"

namespace flashcore::kernels::bench {

inline constexpr std::uint64_t kPeakedSeed = 12345;  // of the second input of every check
inline constexpr std::int64_t kPlainElements = 1 << 18;

// Parts that a comparison on the GPU is added up from: a number of its own and not the device's, so that the
// mean is the same to the last bit wherever it is taken.
inline constexpr std::int64_t kCompareParts = 1024;

// The mean of fewer elements than this decides nothing: at 8 of them (a row of D = 8) right kernels reach
// 0.94 of the limit over 6,000 seeds, at 64 they reach 0.67. Its limit is then that of the largest error.
inline constexpr std::int64_t kMeanElements = 64;

double check_limit(double plain_max_error) noexcept;
double mean_limit(double plain_mean_error) noexcept;

// What a comparison of O with the reference found, wherever it was made.
struct Comparison {
  double max_error = 0;
  double error_sum = 0;
  std::int64_t worst_element = -1;  // flat index into O (B, H, Sq, D); -1: nothing was compared
  std::int64_t nan_count = 0, inf_count = 0;
  std::int64_t compared = 0;  // finite elements
};

// 0 where nothing was compared.
double mean_error(const Comparison& comparison) noexcept;

// Takes one more element with a finite answer in.
void take(Comparison& comparison, double error, std::int64_t element) noexcept;

// Of equal errors the one that comes first in O is the worst.
void merge(Comparison& into, const Comparison& from) noexcept;

// Takes further draws of a band into its plain error: of both errors the larger counts.
void take_draws(Comparison& plain, const Comparison& drawn) noexcept;

// How many keys, from the first, a query sees.
std::int64_t visible_keys(const core::AttentionProblem& problem, std::int64_t query) noexcept;

// Band 0 holds the rows that see one key or none, band n those that see more than 2^(n-1) and at most 2^n.
inline constexpr int kBands = 25;  // as core::kMaxExtent is 2^24
int band_of(std::int64_t visible_keys) noexcept;
using Bands = std::array<Comparison, kBands>;

// The queries [first, last) of every head that a band holds; bands without any are left out.
struct BandRows {
  int band = 0;
  std::int64_t first = 0, last = 0;
};
std::vector<BandRows> band_rows(const core::AttentionProblem& problem);

// Elements of O in them.
std::int64_t band_elements(const core::AttentionProblem& problem, const BandRows& rows) noexcept;

// A problem of at least `elements` elements of O, all of them in `band` and with the D and the mask of
// `problem`: where more draws of the plain error come from. Without a mask it has the keys of `problem`, else
// those that the first rows of the band see.
core::AttentionProblem draw_problem(const core::AttentionProblem& problem, int band, std::int64_t elements);

// The seed of those draws, which are the same for every seed of the problem.
std::uint64_t draw_seed(int band) noexcept;

// What the scores are multiplied by: `given`, or 1/sqrt(D) where that is 0.
double scale_of(const core::AttentionProblem& problem, double given) noexcept;

// What LSE should be, row by row, and how far off it may be.
struct LseReference {
  std::vector<double> lse, limits;
};

// The limits of `rows` of the flattened (B, H, Sq), from the lengths of all rows of Q and of K.
std::vector<double> lse_limits(const core::AttentionProblem& problem, double scale,
                               std::span<const std::int64_t> rows, std::span<const double> q_norms,
                               std::span<const double> k_norms);

// What a comparison of LSE with the reference found. The row that comes nearest to its limit, or passes it
// furthest, is the worst.
struct LseComparison {
  double max_error = 0;
  double limit = 0;
  std::int64_t worst_row = -1;        // of the flattened (B, H, Sq); -1: nothing was compared
  std::int64_t wrong_infinities = 0;  // NaN, an infinity where there is none, or none where there is one
  std::int64_t compared = 0;          // rows, those without a key included
  bool passed = false;
};
LseComparison compare_lse(std::span<const float> lse, std::span<const std::int64_t> rows,
                          const LseReference& reference);

// "b 0, h 3, row 117, d 5"
std::string element_name(const core::AttentionProblem& problem, std::int64_t element);

// The record of an answer, with `plain` from the same inputs and the further draws; `where` is what computed
// the reference: "the GPU", "the host". One NaN, one infinity, one element or one band's mean past its limit,
// or nothing that was compared, and it did not pass.
core::CheckRecord judge(const core::AttentionProblem& problem, core::InputKind input, std::uint64_t seed,
                        const Bands& answer, const Bands& plain, std::string_view where);

}  // namespace flashcore::kernels::bench
