// Collectors against kernels whose counts are known by construction.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "collectors/chips.h"
#include "collectors/doctor.h"
#include "collectors/resources.h"
#include "collectors/timing.h"
#include "tests/collectors/gpu/known_launches.h"

namespace flashcore::collectors {
namespace {

using core::MeasurementRecord;
using testing::counter_of;
using testing::diagnosed;
using ::testing::HasSubstr;
using testing::kCount;
using testing::kDuration;
using testing::kFusedOps;
using testing::kInstructions;
using testing::kLoadedBytes;
using testing::kStoredBytes;
using testing::kWarps;
using testing::kWarpsLaunched;
using testing::MultiplyAdd;

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

double median_ns(const MeasurementRecord& measurement, core::SampleKind kind) {
  std::vector<double> times;
  for (const auto& sample : measurement.samples) {
    if (sample.kind == kind) times.push_back(sample.duration_ns);
  }
  if (times.empty()) return 0;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

class Gpu : public testing::GpuTest {};
class Counters : public testing::CountersTest {};

TEST_F(Gpu, IsDescribedWhole) {
  std::cout << device_.name << ", " << device_.chip << ", SM clock up to " << device_.sm_clock_max_khz / 1000
            << " MHz\n";
  EXPECT_FALSE(device_.name.empty());
  EXPECT_FALSE(device_.chip.empty());
  EXPECT_THAT(device_.uuid, ::testing::MatchesRegex("GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
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
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  if (IsSkipped()) return;
  EXPECT_EQ(value(taken, kFusedOps), kCount);
  EXPECT_EQ(value(taken, kWarpsLaunched), kWarps);
  EXPECT_NEAR(value(taken, kLoadedBytes) / (2.0 * kCount * sizeof(float)), 1, 0.001);
  EXPECT_NEAR(value(taken, kStoredBytes) / (1.0 * kCount * sizeof(float)), 1, 0.001);
  const double instructions = value(taken, kInstructions) / kWarps;  // the same for every warp
  EXPECT_EQ(instructions, std::floor(instructions));
  EXPECT_GE(instructions, 5);  // two loads, a multiply-add, a store, the exit
  EXPECT_GT(value(taken, kDuration), 0);
  EXPECT_EQ(taken.status, core::MeasurementStatus::kComplete) << taken.reason;
  EXPECT_GE(taken.passes.value_or(0), 1);
  EXPECT_EQ(taken.collector, "cupti");
  EXPECT_EQ(taken.tool, "CUPTI");
  EXPECT_THAT(taken.tool_version, ::testing::MatchesRegex("13[0-9]{4}"));
  EXPECT_EQ(taken.parameters.at("replay"), "user");
  EXPECT_EQ(taken.parameters.at("cache"), "warm");
  EXPECT_EQ(taken.parameters.at("launches_per_pass"), "2");
  EXPECT_EQ(taken.parameters.at("shared_with"), "1");
  // What the process that times tells from the runtime is what CUPTI says, where it is certain.
  const ChipGuess guess =
      guess_chip(device_.compute_major, device_.compute_minor, device_.sm_count, device_.name);
  if (guess.certain) {
    EXPECT_EQ(taken.parameters.at("chip"), guess.name);
  }
  ASSERT_EQ(taken.kernels.size(), 1u);
  EXPECT_EQ(taken.kernels[0].name, "multiply_add<1>");
  EXPECT_EQ(taken.kernels[0].ordinal, 0);
  EXPECT_EQ(diagnosed(taken, "ranges_dropped"), nullptr);
}

TEST_F(Counters, AreTheSameTheSecondTime) {
  CuptiCollector collector({kFusedOps, kInstructions});
  MultiplyAdd launch(1);
  MeasurementRecord first, second;
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
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  if (IsSkipped()) return;
  EXPECT_EQ(value(taken, kFusedOps, 0), 1.0 * kCount);
  EXPECT_EQ(value(taken, kFusedOps, 1), 2.0 * kCount);
  EXPECT_EQ(value(taken, kFusedOps, 2), 1.0 * kCount);
  for (int kernel = 0; kernel < 3; ++kernel) EXPECT_GT(value(taken, kDuration, kernel), 0);
  EXPECT_EQ(counter_of(taken, kFusedOps, 3), nullptr);
  EXPECT_EQ(counter_of(taken, kFusedOps), nullptr);
  ASSERT_EQ(taken.kernels.size(), 3u);
  // The plan of this launch has one kernel, so the three have no names, and that is said.
  EXPECT_TRUE(taken.kernels[2].name.empty());
  EXPECT_NE(diagnosed(taken, "kernels_differ"), nullptr);
}

TEST_F(Counters, AnUnknownOneIsMissingWithItsReasonAndSpoilsNoOther) {
  CuptiCollector collector({"no_such_counter.sum", kFusedOps});
  MultiplyAdd launch(1);
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  if (IsSkipped()) return;
  EXPECT_EQ(taken.status, core::MeasurementStatus::kPartial);
  EXPECT_THAT(taken.reason, HasSubstr("1 of 3 counters"));
  const auto* unknown = counter_of(taken, "no_such_counter.sum");
  ASSERT_NE(unknown, nullptr);
  EXPECT_FALSE(unknown->value);
  EXPECT_THAT(unknown->reason, HasSubstr("no counter of this name"));
  EXPECT_EQ(value(taken, kFusedOps), kCount);
}

TEST_F(Counters, AFailedLaunchIsAnErrorAndTheNextOneIsWell) {
  CuptiCollector collector({kFusedOps});
  FailsUnderCounters failing;
  const auto failed = take(collector, failing);
  if (failed && failed->status == core::MeasurementStatus::kRefused) GTEST_SKIP() << failed->reason;
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("fails under counters"));
  MultiplyAdd launch(1);
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  EXPECT_EQ(value(taken, kFusedOps), kCount);
}

TEST_F(Counters, LeaveTheTimingAlone) {
  MultiplyAdd launch(1);
  TimingCollector timing({});
  const auto before = take(timing, launch);
  ASSERT_TRUE(before) << core::to_text(before.error());
  CuptiCollector collector({kFusedOps});
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  if (IsSkipped()) return;
  const auto after = take(timing, launch);
  ASSERT_TRUE(after) << core::to_text(after.error());
  for (const auto kind : {core::SampleKind::kLaunch, core::SampleKind::kGraph}) {
    const double ratio = median_ns(*after, kind) / median_ns(*before, kind);
    std::cout << core::name_of(kind) << " samples: " << median_ns(*before, kind) << " ns before, "
              << median_ns(*after, kind) << " ns while the profiler is open\n";
    // The graph is what verdicts use; single launches have the host's jitter in them.
    if (kind == core::SampleKind::kGraph) {
      EXPECT_LT(ratio, 1.1);
    }
  }
}

TEST_F(Gpu, ASimulatedRefusalIsARefusedMeasurement) {
  ASSERT_EQ(setenv("FLASHCORE_SIMULATE_REFUSAL", "busy", 1), 0);
  CuptiCollector collector({kFusedOps});
  MultiplyAdd launch(1);
  const auto taken = take(collector, launch);
  unsetenv("FLASHCORE_SIMULATE_REFUSAL");
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(taken->status, core::MeasurementStatus::kRefused);
  ASSERT_NE(diagnosed(*taken, "counters_refused"), nullptr);
  EXPECT_THAT(diagnosed(*taken, "counters_refused")->message, HasSubstr("simulated"));
  ASSERT_NE(counter_of(*taken, kFusedOps), nullptr);
  EXPECT_FALSE(counter_of(*taken, kFusedOps)->value);
}

TEST_F(Counters, ThePreparationIsAllButTheLaunches) {
  CuptiCollector collector({kFusedOps});
  ASSERT_TRUE(collector.prepare(0));
  MultiplyAdd launch(1);
  MeasurementRecord taken;
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  if (IsSkipped()) return;
  EXPECT_EQ(value(taken, kFusedOps), kCount);
  ASSERT_TRUE(collector.prepare(0));  // nothing is done twice
  ASSERT_NO_FATAL_FAILURE(collect(collector, launch, taken));
  EXPECT_EQ(value(taken, kFusedOps), kCount);
}

TEST_F(Gpu, CountingStopsWhenAsked) {
  cancel_.request();
  MultiplyAdd launch(1);
  CuptiCollector collector({kFusedOps});
  const auto taken = take(collector, launch);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::ErrorCode::kCancelled);
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
    ResourcesCollector resources;
    const auto taken = take(resources, one);
    ASSERT_TRUE(taken) << core::to_text(taken.error());
    ASSERT_EQ(taken->resources.size(), 1u);
    const auto& resource = taken->resources.front();
    EXPECT_GT(resource.registers.value_or(0), 0);
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

// A library's kernel is known by its CUfunction alone, and has what the runtime says of the same function.
TEST_F(Gpu, AKernelWithoutASymbolHasTheDriversResources) {
  cudaFunction_t function = nullptr;
  ASSERT_EQ(cudaGetFuncBySymbol(&function, testing::multiply_add_staged_function()), cudaSuccess);
  core::KernelPlan plan;
  plan.name = "a library's kernel";
  plan.driver_function = function;
  plan.block_x = 128;
  testing::EmptyLaunch launch({plan});
  const auto taken = ResourcesCollector().collect(testing::target_of(launch, device_), cancel_, {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(taken->status, core::MeasurementStatus::kComplete) << taken->reason;
  ASSERT_EQ(taken->resources.size(), 1u);
  cudaFuncAttributes attributes{};
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, testing::multiply_add_staged_function()), cudaSuccess);
  const auto& resource = taken->resources.front();
  EXPECT_EQ(resource.registers, attributes.numRegs);
  EXPECT_EQ(resource.static_shared_bytes, testing::kStagedSharedBytes);
  EXPECT_EQ(resource.local_bytes, static_cast<std::int64_t>(attributes.localSizeBytes));
  EXPECT_EQ(resource.binary_arch, attributes.binaryVersion);
  EXPECT_EQ(resource.provenance, "driver");
  int blocks = 0;
  ASSERT_EQ(
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, testing::multiply_add_staged_function(), 128, 0),
      cudaSuccess);
  EXPECT_EQ(resource.blocks_per_sm, blocks);
  EXPECT_FALSE(resource.occupancy_limiter.empty());
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
