#include "collectors/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/device.h"
#include "tests/collectors/fake_launch.h"

namespace flashcore::collectors {
namespace {

using testing::EmptyLaunch;
using ::testing::HasSubstr;
using testing::target_of;

// Limits by compute capability (CUDA C++ Programming Guide, "Technical Specifications per Compute
// Capability"); all have 65,536 registers an SM and reserve 1 KiB of shared memory a block.
core::DeviceRecord device_of(int major, int minor) {
  core::DeviceRecord device;
  device.compute_major = major;
  device.compute_minor = minor;
  device.sm_count = 100;
  device.registers_per_sm = 65536;
  device.shared_reserved_per_block_bytes = 1024;
  const int kib = major == 9 ? 228 : minor == 0 ? 164 : 100;
  device.shared_per_sm_bytes = std::int64_t{kib} * 1024;
  device.shared_per_block_optin_bytes = device.shared_per_sm_bytes - 1024;
  device.max_threads_per_sm = major == 8 && minor != 0 ? 1536 : 2048;
  device.max_blocks_per_sm = major == 8 && minor == 6 ? 16 : major == 8 && minor == 9 ? 24 : 32;
  return device;
}

struct Case {
  const char* name;
  int major, minor;
  int threads, registers;
  std::int64_t static_bytes, dynamic_bytes;
  int blocks;
  double occupancy;
  const char* limiter;
};

class Occupancy : public ::testing::TestWithParam<Case> {};

// By hand: registers are given to a warp in units of 256 from a quarter of the SM's (16,384); shared
// memory to a block in units of 128 bytes, 1 KiB reserved included.
TEST_P(Occupancy, IsWhatTheRulesGive) {
  if (!built_with_cuda()) GTEST_SKIP() << "the occupancy calculator is a header of the CUDA toolkit";
  const Case& c = GetParam();
  core::ResourceRecord resource;
  resource.registers = c.registers;
  resource.static_shared_bytes = c.static_bytes;
  resource.dynamic_shared_bytes = c.dynamic_bytes;
  fill_occupancy(resource, c.threads, device_of(c.major, c.minor));
  ASSERT_TRUE(resource.blocks_per_sm);
  ASSERT_TRUE(resource.theoretical_occupancy);
  EXPECT_EQ(*resource.blocks_per_sm, c.blocks);
  EXPECT_DOUBLE_EQ(*resource.theoretical_occupancy, c.occupancy);
  EXPECT_EQ(resource.occupancy_limiter, c.limiter);
}

INSTANTIATE_TEST_SUITE_P(
    ByHand, Occupancy,
    ::testing::Values(
        // 64 registers x 32 = 2048 a warp; 16384/2048 = 8 warps a quarter, 32 an SM: 4 blocks of 8 warps.
        Case{"sm80_registers", 8, 0, 256, 64, 0, 0, 4, 32.0 / 64, "registers"},
        // 48 KiB + 1 KiB = 50,176; 167,936 / 50,176 = 3.3.
        Case{"sm80_shared", 8, 0, 128, 32, 0, 49152, 3, 12.0 / 64, "shared"},
        // The same bytes as static shared memory.
        Case{"sm80_static_shared", 8, 0, 128, 32, 49152, 0, 3, 12.0 / 64, "shared"},
        // One warp a block: the 16 blocks of an sm_86 are full before its 48 warps.
        Case{"sm86_blocks", 8, 6, 32, 16, 0, 0, 16, 16.0 / 48, "blocks"},
        // 40 x 32 = 1280; 16384/1280 = 12 warps a quarter, 48 an SM, which is also the limit of warps.
        Case{"sm89_registers_and_warps", 8, 9, 512, 40, 0, 0, 3, 1.0, "registers+warps"},
        // 1024 threads: 32 warps, one block of 48 warps' room.
        Case{"sm89_warps", 8, 9, 1024, 32, 0, 0, 1, 32.0 / 48, "warps"},
        // 168 x 32 = 5376; 3 warps a quarter, 12 an SM: one block of 12. 201 KiB of 228: one block.
        Case{"sm90_registers_and_shared", 9, 0, 384, 168, 0, 204800, 1, 12.0 / 64, "registers+shared"},
        Case{"sm90_warps", 9, 0, 256, 32, 0, 0, 8, 1.0, "registers+warps"},
        // 128 registers x 1024 threads need twice the register file: cannot be launched.
        Case{"sm90_impossible", 9, 0, 1024, 128, 0, 0, 0, 0.0, "registers"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Resources, TheCompilersNumbersServeWithoutAGpu) {
  core::KernelPlan kernel;
  kernel.name = "some_kernel<64>";
  kernel.grid_x = 7;
  kernel.grid_y = 3;
  kernel.block_x = 64;
  kernel.block_z = 2;
  kernel.dynamic_shared_bytes = 4096;
  EmptyLaunch launch({core::KernelPlan{.name = "other_kernel"}, kernel}, 2);
  launch.reports[{"some_kernel<64>", 90}] = {96, 16, 4, 8, 1024, 5000};
  launch.reports[{"some_kernel<64>", 80}] = {32, 0, 0, 0, 0, 1};
  launch.reports[{"other_kernel", 90}] = {16, 0, 0, 0, 0, 400};
  int last = -1;
  const auto taken = ResourcesCollector().collect(target_of(launch, device_of(9, 0)), core::CancelToken(),
                                                  [&](int done, int total) {
                                                    EXPECT_EQ(total, 2);
                                                    last = done;
                                                  });
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(last, 2);
  EXPECT_EQ(taken->collector, "resources");
  EXPECT_EQ(taken->tool, "FlashCore");
  EXPECT_FALSE(taken->tool_version.empty());
  EXPECT_EQ(taken->status, core::MeasurementStatus::kComplete);
  EXPECT_EQ(taken->kernels, (std::vector<core::KernelRecord>{
                                {0, "other_kernel", core::Extent3{}, core::Extent3{}},
                                {1, "some_kernel<64>", core::Extent3{7, 3, 1}, core::Extent3{64, 1, 2}}}));
  ASSERT_EQ(taken->resources.size(), 2u);
  const auto& resource = taken->resources[1];
  EXPECT_EQ(resource.kernel, 1);
  EXPECT_EQ(resource.registers, 96);
  EXPECT_EQ(resource.static_shared_bytes, 1024);
  EXPECT_EQ(resource.dynamic_shared_bytes, 4096);
  EXPECT_EQ(resource.stack_bytes, 16);
  EXPECT_EQ(resource.spill_store_bytes, 4);
  EXPECT_EQ(resource.spill_load_bytes, 8);
  EXPECT_EQ(resource.binary_bytes, 5000);
  EXPECT_EQ(resource.binary_arch, 90);
  EXPECT_EQ(resource.provenance, "ptxas");
  EXPECT_FALSE(resource.local_bytes);
  EXPECT_EQ(resource.theoretical_occupancy.has_value(), built_with_cuda());
  EXPECT_EQ(launch.launches, 0);
}

// A driver that knows a library's kernel.
std::optional<int> driver_answers(FunctionQuestion question) {
  switch (question) {
    case FunctionQuestion::kRegisters: return 168;
    case FunctionQuestion::kStaticSharedBytes: return 1024;
    case FunctionQuestion::kLocalBytes: return 8;
    case FunctionQuestion::kBinaryArch: return 90;
    case FunctionQuestion::kBlocksPerSm: return 2;
  }
  return std::nullopt;
}

TEST(LibraryKernels, TheDriverIsAskedForEachNumber) {
  const auto all = resources_of_function(driver_answers);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->registers, 168);
  EXPECT_EQ(all->static_shared_bytes, 1024);
  EXPECT_EQ(all->local_bytes, 8);
  EXPECT_EQ(all->binary_arch, 90);
  EXPECT_EQ(all->blocks_per_sm, 2);
}

TEST(LibraryKernels, ADriverThatAnswersByHalvesIsNotBelieved) {
  for (const auto silent : {FunctionQuestion::kRegisters, FunctionQuestion::kStaticSharedBytes,
                            FunctionQuestion::kLocalBytes, FunctionQuestion::kBinaryArch}) {
    EXPECT_FALSE(resources_of_function(
        [&](FunctionQuestion q) { return q == silent ? std::nullopt : driver_answers(q); }));
  }
  const auto no_blocks = resources_of_function([](FunctionQuestion q) {
    return q == FunctionQuestion::kBlocksPerSm ? std::nullopt : driver_answers(q);
  });
  ASSERT_TRUE(no_blocks);
  EXPECT_FALSE(no_blocks->blocks_per_sm);
}

TEST(LibraryKernels, TheDriversBlocksGoBeforeTheCalculators) {
  core::ResourceRecord resource;
  resource.blocks_per_sm = 4;
  resource.theoretical_occupancy = 0.5;
  resource.occupancy_limiter = "registers";
  trust_driver_blocks(resource, 4, 256, device_of(9, 0));
  EXPECT_EQ(resource.occupancy_limiter, "registers");
  EXPECT_EQ(resource.theoretical_occupancy, 0.5);
  trust_driver_blocks(resource, 3, 256, device_of(9, 0));
  EXPECT_EQ(resource.blocks_per_sm, 3);
  EXPECT_EQ(resource.theoretical_occupancy, 3 * 8 / 64.0);
  EXPECT_EQ(resource.occupancy_limiter, "");              // the calculator's reason is not the driver's
  trust_driver_blocks(resource, 1, 33, device_of(9, 0));  // a warp and a lane are two warps
  EXPECT_EQ(resource.theoretical_occupancy, 2 / 64.0);
  resource = {};
  trust_driver_blocks(resource, 2, 256, core::DeviceRecord{});  // of which no thread is known
  EXPECT_FALSE(resource.theoretical_occupancy);
}

TEST(Resources, WhatIsUnknownIsMissingAndSaid) {
  EmptyLaunch launch({core::KernelPlan{.name = "library_kernel"}}, 3);
  const auto taken =
      ResourcesCollector().collect(target_of(launch, device_of(9, 0)), core::CancelToken(), {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(taken->status, core::MeasurementStatus::kPartial);
  EXPECT_THAT(taken->reason, HasSubstr("library_kernel"));
  ASSERT_EQ(taken->resources.size(), 1u);
  EXPECT_EQ(taken->resources[0].provenance, "plan");
  EXPECT_FALSE(taken->resources[0].registers);
  EXPECT_FALSE(taken->resources[0].spill_store_bytes);
  EXPECT_FALSE(taken->resources[0].theoretical_occupancy);
  ASSERT_EQ(taken->diagnostics.size(), 2u);
  EXPECT_EQ(taken->diagnostics[0].code, "resources_unknown");
  EXPECT_THAT(taken->diagnostics[0].message, HasSubstr("library_kernel"));
  EXPECT_THAT(taken->diagnostics[1].message, HasSubstr("2 of the 3 kernels"));
}

// Which of the compiler's targets is meant is not known then.
TEST(Resources, WithoutADeviceTheKernelsAreListedAndNoMore) {
  EmptyLaunch launch({core::KernelPlan{.name = "some_kernel"}});
  launch.reports[{"some_kernel", 90}] = {96, 16, 4, 8, 1024, 5000};
  const auto taken = ResourcesCollector().collect(target_of(launch), core::CancelToken(), {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  ASSERT_EQ(taken->kernels.size(), 1u);
  ASSERT_EQ(taken->resources.size(), 1u);
  EXPECT_FALSE(taken->resources[0].registers);
  EXPECT_FALSE(taken->resources[0].binary_arch);
  EXPECT_EQ(taken->status, core::MeasurementStatus::kPartial);
}

TEST(Resources, WhatTheLaunchChoseIsKept) {
  EmptyLaunch launch({core::KernelPlan{.name = "some_kernel"}});
  launch.chosen = "16 x 64 tiles, keys over 4 warps";
  auto taken = ResourcesCollector().collect(target_of(launch), core::CancelToken(), {});
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(taken->parameters.at(core::kChoiceParameter), launch.chosen);

  launch.chosen.clear();
  taken = ResourcesCollector().collect(target_of(launch), core::CancelToken(), {});
  ASSERT_TRUE(taken);
  EXPECT_FALSE(taken->parameters.contains(core::kChoiceParameter)) << "there was nothing to choose";
}

TEST(Resources, StopsWhenAsked) {
  EmptyLaunch launch({core::KernelPlan{}});
  core::CancelToken cancel;
  cancel.request();
  const auto taken = ResourcesCollector().collect(target_of(launch, device_of(9, 0)), cancel, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::ErrorCode::kCancelled);
}

}  // namespace
}  // namespace flashcore::collectors
