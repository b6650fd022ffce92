// An empty kernel, for trying whether counters can be read.
//
// Owns: nothing. Threads: any. Errors: the launch's own.
#pragma once

#include <cuda_runtime_api.h>

namespace flashcore::collectors {

cudaError_t launch_probe_kernel(cudaStream_t stream);

}  // namespace flashcore::collectors
