#include "tests/collectors/gpu/multiply_add.h"

namespace flashcore::collectors::testing {

template <int kFused>
__global__ void multiply_add(const float* __restrict__ x, const float* __restrict__ y,
                             float* __restrict__ out) {
  const int i = blockIdx.x * kMultiplyAddThreads + threadIdx.x;
  const float factor = x[i];
  float value = y[i];
#pragma unroll
  for (int k = 0; k < kFused; ++k) value = fmaf(factor, value, factor);
  out[i] = value;
}

__global__ void multiply_add_staged(const float* __restrict__ x, float* __restrict__ out) {
  __shared__ float stage[kStagedSharedBytes / sizeof(float)];
  for (unsigned i = threadIdx.x; i < kStagedSharedBytes / sizeof(float); i += blockDim.x) stage[i] = x[i];
  __syncthreads();
  out[threadIdx.x] = stage[kStagedSharedBytes / sizeof(float) - 1 - threadIdx.x];
}

cudaError_t launch_multiply_add(const float* x, const float* y, float* out, int count, int fused_per_thread,
                                cudaStream_t stream) {
  const int blocks = count / kMultiplyAddThreads;
  if (fused_per_thread == 1) {
    multiply_add<1><<<blocks, kMultiplyAddThreads, 0, stream>>>(x, y, out);
  } else {
    multiply_add<2><<<blocks, kMultiplyAddThreads, 0, stream>>>(x, y, out);
  }
  return cudaGetLastError();
}

const void* multiply_add_function() {
  return reinterpret_cast<const void*>(&multiply_add<1>);
}
const void* multiply_add_staged_function() {
  return reinterpret_cast<const void*>(&multiply_add_staged);
}

}  // namespace flashcore::collectors::testing
