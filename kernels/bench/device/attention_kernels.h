// The kernels of a check: inputs, the FP64 reference, the same maths done plainly in the element type, the
// comparison.
// None of them is meant to be fast; all of them are meant to be plain, and quick enough to look at every
// element.
//
// Owns: nothing. Layout: contiguous B, H, S, D of the problem's element type; D a multiple of 8 and at most
// kMaxCheckedHeadDim. Units: elements. Threads: any; the calling thread's device, on its default stream; only
// compare_band waits. Errors: the runtime's own code, as of cuda/runtime/memory.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/attention.h"
#include "kernels/bench/check.h"
#include "kernels/bench/elements.h"

namespace flashcore::kernels::bench {

inline constexpr std::int64_t kMaxCheckedHeadDim = 128;

// Fills `to` (16-byte aligned, `count` a multiple of 8) with near_normal() of kernels/bench/random.h.
cudaError_t fill_elements(Element element, void* to, std::int64_t count, std::uint64_t seed, float gain);

// Adds to `*differing`, on the device, how many elements of `at` are not, bit for bit, those that
// fill_elements() makes.
cudaError_t count_differing_elements(Element element, const void* at, std::int64_t count, std::uint64_t seed,
                                     float gain, unsigned long long* differing);

// Q, K and V where they lie.
struct DeviceInputs {
  const void* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;
  double scale = 0;  // of the scores; 0: 1/sqrt(D)
};

// O in FP64: products by DMMA, sums and the softmax in FP64. `lse`, B x H x Sq, is written where it is not
// null.
cudaError_t reference_attention(const core::AttentionProblem& problem, const DeviceInputs& inputs, double* o,
                                double* lse = nullptr);

// O in the element type as kernels/bench/check.h says: products by HMMA, whose sums are FP32.
cudaError_t plain_attention(const core::AttentionProblem& problem, const DeviceInputs& inputs, void* o);

// The lengths of `rows` rows of D elements: what the limits of LSE follow from.
cudaError_t row_norms(const core::AttentionProblem& problem, const void* tensor, std::int64_t rows,
                      double* norms);

// Compares the rows of one band with the reference. The same elements give the same bits at every call: who
// adds up what depends on the problem alone. `scratch` holds kCompareParts of Comparison.
cudaError_t compare_band(const core::AttentionProblem& problem, const BandRows& rows, const void* o,
                         const double* reference, void* scratch, Comparison& found);

}  // namespace flashcore::kernels::bench
