// The steps of a check on the device, each with its errors in words: what AttentionData puts together for the
// project's own inputs, and tests for theirs.
//
// Owns: nothing. Units: bytes, elements. Threads: one; the current device, on its default stream. Errors:
// kUsage where the device refuses memory, kDevice with the driver's text. Only in a build with a CUDA
// toolkit.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/attention.h"
#include "core/input_kind.h"
#include "core/result.h"
#include "cuda/runtime/memory.h"
#include "kernels/bench/check.h"
#include "kernels/bench/check_bytes.h"
#include "kernels/bench/device/attention_kernels.h"

namespace flashcore::kernels::bench {

core::Status take_memory(cuda::DeviceMemory& memory, std::int64_t bytes, std::string_view what);

// Fills Q, K and V, whose pointers are written through.
core::Status fill_inputs(const core::AttentionProblem& problem, core::InputKind input, std::uint64_t seed,
                         const DeviceInputs& to);

// How many elements of Q, K and V are not those that fill_inputs() makes. Waits.
core::Result<std::array<unsigned long long, 3>> count_changed(const core::AttentionProblem& problem,
                                                              core::InputKind input, std::uint64_t seed,
                                                              const DeviceInputs& in, void* scratch);

// An answer against the reference, band by band. Waits.
core::Result<Bands> compare_on_device(const core::AttentionProblem& problem, const void* o,
                                      const double* reference, void* scratch);

// The error of the plain method on these inputs, whose reference is there; and that of a band's further
// draws.
core::Result<Bands> plain_on_device(const core::AttentionProblem& problem, const DeviceInputs& inputs,
                                    const double* reference, void* scratch);
core::Result<Comparison> draw_on_device(const core::AttentionProblem& problem, core::InputKind input,
                                        int band, void* scratch);

// The reference's LSE, which reference_attention() wrote, copied to the host with the limits of all rows.
core::Result<LseReference> read_lse_reference(const core::AttentionProblem& problem,
                                              const DeviceInputs& inputs, const double* lse);

}  // namespace flashcore::kernels::bench
