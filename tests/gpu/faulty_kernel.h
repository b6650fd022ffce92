// A kernel that is right, or has one planted fault; slow and simple. The faults are those of
// tests/kernels/bench/faulty_attention.h.
//
// Owns: nothing. Contiguous B, H, S, D in halves; D 64 or 128. Threads: one; the default stream.
#pragma once

#include <cuda_runtime_api.h>

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
};

cudaError_t launch_faulty(DeviceFault fault, const core::AttentionProblem& problem, const void* q,
                          const void* k, const void* v, void* o);

}  // namespace flashcore::kernels::bench
