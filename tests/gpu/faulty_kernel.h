// A kernel that is right, or has one planted fault; slow and simple. The faults are those of
// tests/kernels/bench/faulty_attention.h.
//
// Owns: nothing. Contiguous B, H, S, D of f16 or bf16; D 64 or 128. Threads: one; the default stream.
#pragma once

#include <cuda_runtime_api.h>

#include <utility>

#include "core/attention.h"

namespace flashcore::kernels::bench {

enum class DeviceFault {
  kNone,
  kDroppedKey,
  kDroppedTile,
  kStaleValues,
  kScale,
  kSum,
  kMaskWide,
  kMaskNarrow,
  kRow,
  kZeros,
  kLsePowers,
  kLseFirstMax,
  kLseNoMax,
};

inline constexpr std::pair<DeviceFault, const char*> kDeviceFaults[] = {
    {DeviceFault::kNone, "none"},
    {DeviceFault::kDroppedKey, "a dropped key"},
    {DeviceFault::kDroppedTile, "a dropped tile"},
    {DeviceFault::kStaleValues, "a stale V tile"},
    {DeviceFault::kScale, "a scale 1% off (8% in bf16)"},
    {DeviceFault::kSum, "a sum 0.3% off (2.4% in bf16)"},
    {DeviceFault::kMaskWide, "a mask one key too wide"},
    {DeviceFault::kMaskNarrow, "a mask one key too narrow"},
    {DeviceFault::kRow, "a row of its neighbour"},
    {DeviceFault::kZeros, "zeros"},
    {DeviceFault::kLsePowers, "an LSE in powers of two"},
    {DeviceFault::kLseFirstMax, "an LSE of the first maximum"},
    {DeviceFault::kLseNoMax, "an LSE without the maximum"},
};

// Whether a fault shows in O, and in LSE.
constexpr bool shows_in_o(DeviceFault fault) {
  return fault != DeviceFault::kNone && fault < DeviceFault::kLsePowers;
}
constexpr bool shows_in_lse(DeviceFault fault) {
  return fault != DeviceFault::kNone && fault != DeviceFault::kStaleValues && fault != DeviceFault::kZeros;
}

// `lse` may be null.
cudaError_t launch_faulty(DeviceFault fault, const core::AttentionProblem& problem, const void* q,
                          const void* k, const void* v, void* o, float* lse = nullptr);

}  // namespace flashcore::kernels::bench
