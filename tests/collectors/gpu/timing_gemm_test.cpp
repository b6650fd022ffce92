// The effective clock against a peak that no kernel can exceed.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "collectors/timing.h"
#include "cuda/dynamic_library.h"
#include "cuda/runtime/memory.h"
#include "cuda/toolkit_libraries.h"
#include "tests/collectors/gpu/timing_fixture.h"

namespace flashcore::collectors {
namespace {

using core::SampleKind;
using testing::Launch;
using testing::of_kind;
using testing::Timed;

// cuBLAS as kernels/cublas_library opens it; the numbers are those of cublas_api.h and library_types.h.
class Gemm {
 public:
  // What is missing, or nothing.
  std::string open() {
    const auto library = cuda::DynamicLibrary::open(
        cuda::toolkit_library_candidates({"libcublas.so.13", "libcublas.so.12", "libcublas.so"}));
    if (!library) return library.why();
    int (*create)(void**) = nullptr;
    if (!library.find("cublasCreate_v2", create) || !library.find("cublasSetStream_v2", set_stream_) ||
        !library.find("cublasSetWorkspace_v2", set_workspace_) || !library.find("cublasGemmEx", gemm_)) {
      return "cuBLAS lacks a function";
    }
    if (workspace_.allocate(32 << 20) != cudaSuccess) return "no memory for a workspace";
    return create(&handle_) == 0 ? "" : "cuBLAS could not be started";
  }
  // C = A B, n x n halves, sums in FP32.
  cudaError_t multiply(int n, const void* a, const void* b, void* c, cudaStream_t stream) {
    constexpr int kHalf = 2, kComputeFloat = 68, kDefault = -1;
    const float one = 1, zero = 0;
    if (set_stream_(handle_, stream) != 0 ||
        set_workspace_(handle_, workspace_.data(), workspace_.bytes()) != 0 ||
        gemm_(handle_, 0, 0, n, n, n, &one, a, kHalf, n, b, kHalf, n, &zero, c, kHalf, n, kComputeFloat,
              kDefault) != 0) {
      return cudaErrorUnknown;
    }
    return cudaSuccess;
  }

 private:
  int (*set_stream_)(void*, cudaStream_t) = nullptr;
  int (*set_workspace_)(void*, void*, std::size_t) = nullptr;
  int (*gemm_)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
               const void*, void*, int, int, int, int) = nullptr;
  void* handle_ = nullptr;
  cuda::DeviceMemory workspace_;
};

// At NVML's clock a GEMM at the power limit looks as if it left half of the tensor cores idle; at a clock
// that is too low it would do more than there is.
TEST_F(Timed, AGemmNeverExceedsThePeakAtTheEffectiveClock) {
  if (device_.compute_major != 9 || device_.compute_minor != 0) GTEST_SKIP() << "the peak is that of sm_90";
  constexpr int kN = 8192;
  constexpr double kFlopsPerClockAndSm = 4096;  // dense FP16 with FP32 sums
  Gemm gemm;
  if (const std::string why = gemm.open(); !why.empty()) GTEST_SKIP() << why;
  std::vector<std::uint16_t> halves(std::size_t{kN} * kN);
  std::uint32_t state = 1;
  for (auto& half : halves) {
    state = state * 1664525u + 1013904223u;
    // From 1 to 2, either sign, all digits random: constant data would draw less power.
    half = static_cast<std::uint16_t>(0x3c00u | (state >> 16 & 0x83ffu));
  }
  cuda::DeviceMemory a, b, c;
  for (cuda::DeviceMemory* matrix : {&a, &b, &c}) {
    ASSERT_EQ(matrix->allocate(halves.size() * sizeof(std::uint16_t)), cudaSuccess);
    ASSERT_EQ(cudaMemcpy(matrix->data(), halves.data(), matrix->bytes(), cudaMemcpyHostToDevice),
              cudaSuccess);
  }
  Launch launch("GEMM",
                [&](cudaStream_t stream) { return gemm.multiply(kN, a.data(), b.data(), c.data(), stream); });
  TimingCollector timing({.warmup = 100, .iterations = 40});
  const auto taken = take(timing, launch);
  const auto graphs = of_kind(taken, SampleKind::kGraph);
  ASSERT_EQ(graphs.size(), 20u);
  for (const auto& sample : graphs) {
    ASSERT_TRUE(sample.effective_clock_mhz);
    const double cycles = sample.duration_ns * *sample.effective_clock_mhz / 1000;
    const double share = 2.0 * kN * kN * kN / (cycles * device_.sm_count * kFlopsPerClockAndSm);
    std::cout << *sample.effective_clock_mhz << " MHz, " << sample.duration_ns / 1000 << " us, "
              << 100 * share << "% of the peak\n";
    EXPECT_LE(share, 1);
    EXPECT_GT(share, 0.5);
  }
}

}  // namespace
}  // namespace flashcore::collectors
