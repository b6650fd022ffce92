#include "cuda/runtime/entry_point.h"

#include <cuda_runtime_api.h>

namespace flashcore::cuda {

void* driver_entry_point(const char* name, unsigned since) noexcept {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
  const cudaError_t error = cudaGetDriverEntryPointByVersion(name, &found, since, cudaEnableDefault, &result);
#else
  (void)since;
  const cudaError_t error = cudaGetDriverEntryPoint(name, &found, cudaEnableDefault, &result);
#endif
  if (error != cudaSuccess) {
    (void)cudaGetLastError();
    return nullptr;
  }
  return result == cudaDriverEntryPointSuccess ? found : nullptr;
}

}  // namespace flashcore::cuda
