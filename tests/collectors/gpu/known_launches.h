// Launches whose counts are known, and fixtures that skip where there is no GPU or no right to read counters.
//
// Owns: device memory, freed with the launch. Threads: one.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "collectors/cupti.h"
#include "collectors/device.h"
#include "tests/collectors/fake_launch.h"
#include "tests/collectors/gpu/multiply_add.h"

namespace flashcore::collectors::testing {

inline constexpr int kCount = 1 << 20;
inline constexpr double kWarps = kCount / 32.0;
inline constexpr const char* kFusedOps = "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum";
inline constexpr const char* kWarpsLaunched = "smsp__warps_launched.sum";
inline constexpr const char* kInstructions = "smsp__inst_executed.sum";
inline constexpr const char* kLoadedBytes = "l1tex__t_bytes_pipe_lsu_mem_global_op_ld.sum";
inline constexpr const char* kStoredBytes = "l1tex__t_bytes_pipe_lsu_mem_global_op_st.sum";
inline constexpr const char* kDuration = "gpu__time_duration.sum";

inline core::Status status_of(cudaError_t result) {
  if (result == cudaSuccess) return {};
  (void)cudaGetLastError();
  return core::fail(core::ErrorCode::kDevice, cudaGetErrorString(result));
}

// One launch of the kernels with 1, 2, 1, 2 ... fused multiply-adds a thread.
class MultiplyAdd final : public core::Launchable {
 public:
  explicit MultiplyAdd(int kernels) : kernels_(kernels) {
    for (float** buffer : {&x_, &y_, &out_}) {
      if (cudaMalloc(reinterpret_cast<void**>(buffer), kCount * sizeof(float)) != cudaSuccess) std::abort();
      cudaMemset(*buffer, 0, kCount * sizeof(float));
    }
    core::KernelPlan plan;
    plan.name = "multiply_add<1>";
    plan.function = multiply_add_function();
    plan.grid_x = kCount / kMultiplyAddThreads;
    plan.block_x = kMultiplyAddThreads;
    plans_.push_back(plan);
  }
  ~MultiplyAdd() override {
    for (float* buffer : {x_, y_, out_}) cudaFree(buffer);
  }
  std::string_view label() const override { return "multiply-add"; }
  core::Status launch(core::StreamHandle stream) override {
    for (int k = 0; k < kernels_; ++k) {
      const auto status =
          status_of(launch_multiply_add(x_, y_, out_, kCount, 1 + k % 2, static_cast<cudaStream_t>(stream)));
      if (!status) return status;
    }
    // What a library may do, and a graph may not hold.
    return synchronizes ? status_of(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)))
                        : core::Status();
  }
  std::span<const core::KernelPlan> kernels() const override { return plans_; }
  int kernels_per_launch() const override { return kernels_; }

  bool synchronizes = false;

 private:
  int kernels_;
  float *x_ = nullptr, *y_ = nullptr, *out_ = nullptr;
  std::vector<core::KernelPlan> plans_;
};

class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto used = use_device(0);
    if (!used) GTEST_SKIP() << used.error().message;
    device_ = std::move(*used);
  }
  core::Result<core::MeasurementRecord> take(Collector& collector, core::Launchable& launch,
                                             const Progress& progress = {}) const {
    return collector.collect(target_of(launch, device_), cancel_, progress);
  }
  core::DeviceRecord device_;
  core::CancelToken cancel_;
};

// Counters may be refused on a machine with a GPU: then there is nothing to compare, but a remedy.
class CountersTest : public GpuTest {
 protected:
  void collect(CuptiCollector& collector, core::Launchable& launch, core::MeasurementRecord& measurement) {
    auto taken = take(collector, launch);
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    measurement = std::move(*taken);
    if (measurement.status != core::MeasurementStatus::kRefused) return;
    ASSERT_NE(diagnosed(measurement, "counters_refused"), nullptr);
    EXPECT_FALSE(diagnosed(measurement, "counters_refused")->hint.empty());
    GTEST_SKIP() << measurement.reason;
  }
  static double value(const core::MeasurementRecord& measurement, const char* name, int kernel = 0) {
    const auto* counter = counter_of(measurement, name, kernel);
    if (counter == nullptr || !counter->value) {
      ADD_FAILURE() << name << " [" << kernel
                    << "] is missing: " << (counter == nullptr ? "not taken" : counter->reason);
      return -1;
    }
    return *counter->value;
  }
};

}  // namespace flashcore::collectors::testing
