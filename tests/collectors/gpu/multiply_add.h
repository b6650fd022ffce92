// Kernels whose counts are known: out[i] = a * x[i] + y[i], one or two fused multiply-adds a thread.
//
// Owns: nothing. Threads: any. Errors: the launch's own.
#pragma once

#include <cuda_runtime_api.h>

namespace flashcore::collectors::testing {

inline constexpr int kMultiplyAddThreads = 256;
inline constexpr int kStagedSharedBytes = 20 * 1024;  // of multiply_add_staged, static

// `count` is a multiple of kMultiplyAddThreads: no thread is idle, so the counts are exact.
cudaError_t launch_multiply_add(const float* x, const float* y, float* out, int count, int fused_per_thread,
                                cudaStream_t stream);

const void* multiply_add_function();         // one fused multiply-add
const void* multiply_add_staged_function();  // with static shared memory, for occupancy only

}  // namespace flashcore::collectors::testing
