// Runs the GPU tests, or says why it cannot: exit code 77 is "skipped" to ctest.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    std::printf("SKIPPED: the GPU tests need a GPU (%s)\n",
                error != cudaSuccess ? cudaGetErrorString(error) : "no CUDA device");
    return 77;
  }
  cudaDeviceProp device{};
  if (cudaGetDeviceProperties(&device, 0) == cudaSuccess) {
    std::printf("GPU: %s, compute capability %d.%d\n", device.name, device.major, device.minor);
  }
  return RUN_ALL_TESTS();
}
