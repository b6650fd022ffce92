#include "collectors/cuda/probe_kernel.h"

namespace flashcore::collectors {

__global__ void probe_kernel() {}

cudaError_t launch_probe_kernel(cudaStream_t stream) {
  probe_kernel<<<1, 32, 0, stream>>>();
  return cudaGetLastError();
}

}  // namespace flashcore::collectors
