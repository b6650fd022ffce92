// Kernels for tests of timing: they last as long as they are told, and say themselves at which clock they
// ran.
//
// Owns: nothing. Units: cycles, ns, bytes. Threads: any. Errors: the launch's own.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace flashcore::collectors::testing {

// What one thread of a kernel read from its first to its last instruction.
struct Inside {
  unsigned long long cycles = 0, ns = 0;
  double mhz() const { return 1000.0 * static_cast<double>(cycles) / static_cast<double>(ns); }
};

// One thread an SM that waits for `cycles`. `inside` is on the device; null: nothing is noted.
cudaError_t launch_spin(int sms, long long cycles, Inside* inside, cudaStream_t stream);

// All lanes of all SMs busy with fused multiply-adds, `rounds` of them a thread in eight chains.
cudaError_t launch_busy(int sms, int rounds, float* out, Inside* inside, cudaStream_t stream);

// Reads `bytes` (a multiple of 16) once and writes nothing that counts.
cudaError_t launch_read(const void* data, std::size_t bytes, unsigned* out, int sms, cudaStream_t stream);

}  // namespace flashcore::collectors::testing
