// The runtime's wrappers where there is no GPU: they answer, and leave no error behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cuda/runtime/entry_point.h"
#include "cuda/runtime/error.h"
#include "cuda/runtime/handles.h"
#include "cuda/runtime/memory.h"

namespace flashcore::cuda {
namespace {

bool has_gpu() {
  int count = 0;
  const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  (void)cudaGetLastError();
  return found;
}

TEST(DeviceMemory, RefusedOrHeldAndNeverBoth) {
  DeviceMemory memory;
  EXPECT_EQ(memory.allocate(0), cudaSuccess);
  EXPECT_EQ(memory.data(), nullptr);
  const cudaError_t result = memory.allocate(1 << 20);
  EXPECT_EQ(result == cudaSuccess, has_gpu());
  EXPECT_EQ(memory.data() != nullptr, result == cudaSuccess);
  EXPECT_EQ(memory.bytes(), result == cudaSuccess ? 1u << 20 : 0u);
  DeviceMemory taken = std::move(memory);
  EXPECT_EQ(memory.data(), nullptr);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(taken.bytes(), result == cudaSuccess ? 1u << 20 : 0u);
}

TEST(EntryPoint, OfAFunctionThatNoDriverHasIsNull) {
  EXPECT_EQ(driver_entry_point("cuNoSuchFunction", 12000), nullptr);
  // Without a driver the question itself fails, so only a GPU shows that the error was taken off.
  if (has_gpu()) {
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  }
  EXPECT_EQ(driver_entry_point("cuCtxGetCurrent", 12000) != nullptr, has_gpu());
}

TEST(CudaError, SaysWhatWasTriedAndWhatHelps) {
  const core::Error memory = cuda_error(cudaErrorMemoryAllocation, "hold the counters");
  EXPECT_EQ(memory.code, core::ErrorCode::kDevice);
  EXPECT_THAT(memory.message, ::testing::HasSubstr("could not hold the counters"));
  EXPECT_THAT(memory.hint, ::testing::HasSubstr("smaller problem"));
  EXPECT_EQ(cuda_error(cudaErrorNoDevice, "begin").code, core::ErrorCode::kNoDevice);
  EXPECT_THAT(cuda_error(cudaErrorIllegalAddress, "wait").hint, ::testing::HasSubstr("context is lost"));
  EXPECT_TRUE(cuda_status(cudaSuccess, "begin").has_value());
}

}  // namespace
}  // namespace flashcore::cuda
