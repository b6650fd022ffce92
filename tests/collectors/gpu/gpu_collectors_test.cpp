// Collectors against kernels whose counts are known by construction.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "collectors/cupti.h"
#include "collectors/device.h"
#include "collectors/doctor.h"
#include "collectors/resources.h"
#include "collectors/timing.h"
#include "tests/collectors/gpu/multiply_add.h"
#include "tests/collectors/recording_sink.h"

namespace flashcore::collectors {
namespace {

using ::testing::HasSubstr;
using testing::RecordingSink;
using ::testing::StartsWith;

constexpr int kCount = 1 << 20;
constexpr double kWarps = kCount / 32.0;
constexpr const char* kFusedOps = "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum";
constexpr const char* kWarpsLaunched = "smsp__warps_launched.sum";
constexpr const char* kInstructions = "smsp__inst_executed.sum";
constexpr const char* kLoadedBytes = "l1tex__t_bytes_pipe_lsu_mem_global_op_ld.sum";
constexpr const char* kStoredBytes = "l1tex__t_bytes_pipe_lsu_mem_global_op_st.sum";
constexpr const char* kDuration = "gpu__time_duration.sum";

core::Status status_of(cudaError_t result) {
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
    plan.function = testing::multiply_add_function();
    plan.grid_x = kCount / testing::kMultiplyAddThreads;
    plan.block_x = testing::kMultiplyAddThreads;
    plans_.push_back(plan);
  }
  ~MultiplyAdd() override {
    for (float* buffer : {x_, y_, out_}) cudaFree(buffer);
  }
  std::string_view label() const override { return "multiply-add"; }
  core::Status launch(core::StreamHandle stream) override {
    for (int k = 0; k < kernels_; ++k) {
      const auto status = status_of(
          testing::launch_multiply_add(x_, y_, out_, kCount, 1 + k % 2, static_cast<cudaStream_t>(stream)));
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

// Well the first time, which is the warm-up, and never again: it fails while the profiler counts.
class FailsUnderCounters final : public core::Launchable {
 public:
  std::string_view label() const override { return "failing launch"; }
  core::Status launch(core::StreamHandle) override {
    if (launches_++ == 0) return {};
    return core::fail(core::ErrorCode::kDevice, "this launch fails under counters");
  }
  std::span<const core::KernelPlan> kernels() const override { return {}; }
  int kernels_per_launch() const override { return 1; }

 private:
  int launches_ = 0;
};

double median_ns(const RecordingSink& sink, core::SampleKind kind) {
  std::vector<double> times;
  for (const auto& sample : sink.samples) {
    if (sample.kind == kind) times.push_back(sample.duration_ns);
  }
  if (times.empty()) return 0;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

class Gpu : public ::testing::Test {
 protected:
  void SetUp() override {
    auto used = use_device(0);
    if (!used) GTEST_SKIP() << used.error().message;
    device_ = std::move(*used);
  }
  core::DeviceRecord device_;
  core::CancelToken cancel_;
};

// Counters may be refused on a machine with a GPU: then there is nothing to compare, but a remedy.
class Counters : public Gpu {
 protected:
  void collect(CuptiCollector& collector, core::Launchable& launch, RecordingSink& sink) {
    const auto status = collector.collect(launch, sink, cancel_, {});
    ASSERT_TRUE(status) << core::to_text(status.error());
    if (!collector.refusal()) return;
    EXPECT_FALSE(collector.refusal()->hint.empty());
    GTEST_SKIP() << core::to_text(*collector.refusal());
  }
  static double value(const RecordingSink& sink, const char* name, int kernel_index = -1) {
    const auto* counter = sink.find(name, kernel_index);
    if (counter == nullptr || !counter->value) {
      ADD_FAILURE() << name << " [" << kernel_index
                    << "] is missing: " << (counter == nullptr ? "not emitted" : counter->reason);
      return -1;
    }
    return *counter->value;
  }
};

TEST_F(Gpu, IsDescribedWhole) {
  std::cout << device_.name << ", " << device_.chip << ", SM clock up to " << device_.sm_clock_max_khz / 1000
            << " MHz\n";
  EXPECT_FALSE(device_.name.empty());
  EXPECT_FALSE(device_.chip.empty());
  EXPECT_GT(device_.sm_count, 0);
  EXPECT_GT(device_.sm_clock_max_khz, 0);
  EXPECT_GT(device_.memory_clock_max_khz, 0);
  EXPECT_GT(device_.memory_bus_bits, 0);
  EXPECT_GT(device_.memory_bytes, 0);
  EXPECT_GT(device_.l2_bytes, 0);
  EXPECT_GT(device_.shared_per_sm_bytes, device_.shared_reserved_per_block_bytes);
  EXPECT_GT(device_.registers_per_sm, 0);
  EXPECT_GT(device_.max_blocks_per_sm, 0);
  EXPECT_EQ(device_.max_threads_per_sm % device_.warp_size, 0);
  const auto environment = read_environment();
  EXPECT_FALSE(environment.driver.empty());
  EXPECT_FALSE(environment.cuda_driver.empty());
}

TEST_F(Counters, AreExactForAKnownKernel) {
  CuptiCollector collector({kFusedOps, kWarpsLaunched, kInstructions, kLoadedBytes, kStoredBytes});
  MultiplyAdd launch(1);
  RecordingSink sink;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, sink));
  if (IsSkipped()) return;
  EXPECT_EQ(value(sink, kFusedOps), kCount);
  EXPECT_EQ(value(sink, kWarpsLaunched), kWarps);
  EXPECT_NEAR(value(sink, kLoadedBytes) / (2.0 * kCount * sizeof(float)), 1, 0.001);
  EXPECT_NEAR(value(sink, kStoredBytes) / (1.0 * kCount * sizeof(float)), 1, 0.001);
  const double instructions = value(sink, kInstructions) / kWarps;  // the same for every warp
  EXPECT_EQ(instructions, std::floor(instructions));
  EXPECT_GE(instructions, 5);  // two loads, a multiply-add, a store, the exit
  EXPECT_GT(value(sink, kDuration), 0);
  const auto* counter = sink.find(kFusedOps);
  ASSERT_NE(counter, nullptr);
  EXPECT_GE(counter->passes, 1);
  EXPECT_EQ(counter->collector, "cupti");
  EXPECT_THAT(counter->tool, StartsWith("CUPTI 13"));
  EXPECT_EQ(sink.diagnosed("ranges_dropped"), nullptr);
}

TEST_F(Counters, AreTheSameTheSecondTime) {
  CuptiCollector collector({kFusedOps, kInstructions});
  MultiplyAdd launch(1);
  RecordingSink first, second;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, first));
  if (IsSkipped()) return;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, second));
  EXPECT_EQ(value(first, kFusedOps), value(second, kFusedOps));
  EXPECT_EQ(value(first, kInstructions), value(second, kInstructions));
  EXPECT_EQ(second.counters.size(), first.counters.size());
}

TEST_F(Counters, AreKeptApartForTheKernelsOfALaunch) {
  CuptiCollector collector({kFusedOps});
  MultiplyAdd launch(3);
  RecordingSink sink;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, sink));
  if (IsSkipped()) return;
  EXPECT_EQ(value(sink, kFusedOps, 0), 1.0 * kCount);
  EXPECT_EQ(value(sink, kFusedOps, 1), 2.0 * kCount);
  EXPECT_EQ(value(sink, kFusedOps, 2), 1.0 * kCount);
  for (int kernel = 0; kernel < 3; ++kernel) EXPECT_GT(value(sink, kDuration, kernel), 0);
  EXPECT_EQ(sink.find(kFusedOps, 3), nullptr);
  EXPECT_EQ(sink.find(kFusedOps, -1), nullptr);
}

TEST_F(Counters, AnUnknownOneIsMissingWithItsReasonAndSpoilsNoOther) {
  CuptiCollector collector({"no_such_counter.sum", kFusedOps});
  MultiplyAdd launch(1);
  RecordingSink sink;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, sink));
  if (IsSkipped()) return;
  const auto* unknown = sink.find("no_such_counter.sum");
  ASSERT_NE(unknown, nullptr);
  EXPECT_FALSE(unknown->value);
  EXPECT_THAT(unknown->reason, HasSubstr("no counter of this name"));
  EXPECT_EQ(value(sink, kFusedOps), kCount);
}

TEST_F(Counters, AFailedLaunchIsAnErrorAndTheNextOneIsWell) {
  CuptiCollector collector({kFusedOps});
  FailsUnderCounters failing;
  RecordingSink none;
  const auto status = collector.collect(failing, none, cancel_, {});
  if (collector.refusal()) GTEST_SKIP() << core::to_text(*collector.refusal());
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("fails under counters"));
  MultiplyAdd launch(1);
  RecordingSink sink;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, sink));
  EXPECT_EQ(value(sink, kFusedOps), kCount);
}

TEST_F(Counters, LeaveTheTimingAlone) {
  MultiplyAdd launch(1);
  RecordingSink before, after, sink;
  ASSERT_TRUE(TimingCollector({}).collect(launch, before, cancel_, {}));
  CuptiCollector collector({kFusedOps});
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, sink));
  if (IsSkipped()) return;
  ASSERT_TRUE(TimingCollector({}).collect(launch, after, cancel_, {}));
  for (const auto kind : {core::SampleKind::kLaunch, core::SampleKind::kGraph}) {
    const double ratio = median_ns(after, kind) / median_ns(before, kind);
    std::cout << core::name_of(kind) << " samples: " << median_ns(before, kind) << " ns before, "
              << median_ns(after, kind) << " ns while the profiler is open\n";
    // The graph is what verdicts use; single launches have the host's jitter in them.
    if (kind == core::SampleKind::kGraph) {
      EXPECT_LT(ratio, 1.1);
    }
  }
}

TEST_F(Gpu, ASimulatedRefusalLeavesTheRunWell) {
  ASSERT_EQ(setenv("FLASHCORE_SIMULATE_REFUSAL", "busy", 1), 0);
  CuptiCollector collector({kFusedOps});
  MultiplyAdd launch(1);
  RecordingSink sink;
  const auto status = collector.collect(launch, sink, cancel_, {});
  unsetenv("FLASHCORE_SIMULATE_REFUSAL");
  ASSERT_TRUE(status);
  ASSERT_TRUE(collector.refusal());
  ASSERT_NE(sink.diagnosed("counters_refused"), nullptr);
  EXPECT_THAT(sink.diagnosed("counters_refused")->message, HasSubstr("simulated"));
  ASSERT_NE(sink.find(kFusedOps), nullptr);
  EXPECT_FALSE(sink.find(kFusedOps)->value);
}

TEST_F(Gpu, TimingTakesBothKindsAndTheGraphIsNotSlower) {
  MultiplyAdd launch(1);
  RecordingSink sink;
  TimingOptions options;
  options.iterations = 50;
  int last = 0;
  ASSERT_TRUE(TimingCollector(options).collect(launch, sink, cancel_, [&](int done, int total) {
    EXPECT_GE(done, last);
    EXPECT_EQ(total, 100);
    last = done;
  }));
  EXPECT_EQ(last, 100);
  EXPECT_EQ(sink.samples.size(), 100u);
  for (const auto& sample : sink.samples) {
    EXPECT_GT(sample.duration_ns, 0);
    EXPECT_EQ(sample.kind == core::SampleKind::kLaunch, sample.launches == 1);
    // The clock is there, or a diagnostic says why it is not.
    EXPECT_EQ(sample.sm_clock_before_mhz.has_value(), sink.diagnosed("nvml_missing") == nullptr);
  }
  const double launch_ns = median_ns(sink, core::SampleKind::kLaunch);
  const double graph_ns = median_ns(sink, core::SampleKind::kGraph);
  std::cout << "launch " << launch_ns << " ns, graph " << graph_ns << " ns\n";
  EXPECT_LE(graph_ns, launch_ns);
}

TEST_F(Gpu, ALaunchThatCannotBeCapturedIsStillTimedSingly) {
  MultiplyAdd launch(1);
  launch.synchronizes = true;
  RecordingSink sink;
  TimingOptions options;
  options.iterations = 10;
  const auto status = TimingCollector(options).collect(launch, sink, cancel_, {});
  ASSERT_TRUE(status) << core::to_text(status.error());
  EXPECT_EQ(sink.samples.size(), 10u);
  ASSERT_NE(sink.diagnosed("graph_capture_failed"), nullptr);
  EXPECT_FALSE(sink.diagnosed("graph_capture_failed")->hint.empty());
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);  // nothing is left for the next run to stumble over
}

TEST_F(Gpu, TimingStopsWhenAsked) {
  MultiplyAdd launch(1);
  RecordingSink sink;
  const auto status = TimingCollector({}).collect(launch, sink, cancel_, [&](int done, int) {
    if (done == 5) cancel_.request();
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::ErrorCode::kCancelled);
  EXPECT_LT(sink.samples.size(), 100u);
}

TEST_F(Gpu, CountingStopsWhenAsked) {
  cancel_.request();
  MultiplyAdd launch(1);
  RecordingSink sink;
  CuptiCollector collector({kFusedOps});
  const auto status = collector.collect(launch, sink, cancel_, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::ErrorCode::kCancelled);
}

TEST_F(Gpu, OccupancyIsTheRuntimes) {
  struct Kernel {
    const void* function;
    int threads;
  };
  for (const Kernel& kernel :
       {Kernel{testing::multiply_add_function(), 256}, Kernel{testing::multiply_add_staged_function(), 128},
        Kernel{testing::multiply_add_staged_function(), 1024}}) {
    core::KernelPlan plan;
    plan.name = "kernel";
    plan.function = kernel.function;
    plan.block_x = kernel.threads;
    class One final : public core::Launchable {
     public:
      explicit One(core::KernelPlan plan) : plan_{std::move(plan)} {}
      std::string_view label() const override { return "one"; }
      core::Status launch(core::StreamHandle) override { return {}; }
      std::span<const core::KernelPlan> kernels() const override { return plan_; }
      int kernels_per_launch() const override { return 1; }

     private:
      std::vector<core::KernelPlan> plan_;
    } one(plan);
    RecordingSink sink;
    ASSERT_TRUE(ResourcesCollector(device_, {}).collect(one, sink, cancel_, {}));
    ASSERT_EQ(sink.resources.size(), 1u);
    const auto& resource = sink.resources.front();
    EXPECT_GT(resource.registers, 0);
    EXPECT_EQ(resource.provenance, "driver");
    int blocks = 0;
    ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel.function, kernel.threads, 0),
              cudaSuccess);
    EXPECT_EQ(resource.blocks_per_sm, blocks);
    if (kernel.function == testing::multiply_add_staged_function()) {
      EXPECT_EQ(resource.static_shared_bytes, testing::kStagedSharedBytes);
    }
  }
}

TEST_F(Gpu, TheDoctorFindsIt) {
  for (const Finding& finding : examine_machine(0)) {
    std::cout << finding.id << (finding.ok ? ": ok, " : ": MISSING, ") << finding.detail << "\n";
    EXPECT_EQ(finding.ok, finding.remedy.empty()) << finding.id;
    if (finding.id == "driver" || finding.id == "gpu" || finding.id == "toolkit") {
      EXPECT_TRUE(finding.ok);
    }
  }
}

}  // namespace
}  // namespace flashcore::collectors
