#include "tests/kernels/plan_without_gpu.h"

#include <cuda_runtime_api.h>

extern "C" cudaError_t __wrap_cudaFuncSetAttribute(const void*, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  return value > flashcore::kernels::testing::kH200.shared_per_block_bytes ? cudaErrorInvalidValue
                                                                           : cudaSuccess;
}
