#include "collectors/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/device.h"
#include "tests/collectors/recording_sink.h"

namespace flashcore::collectors {
namespace {

using testing::EmptyLaunch;
using ::testing::HasSubstr;
using testing::RecordingSink;

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
  resource.block_x = c.threads;
  resource.registers = c.registers;
  resource.static_shared_bytes = c.static_bytes;
  resource.dynamic_shared_bytes = c.dynamic_bytes;
  fill_occupancy(resource, device_of(c.major, c.minor));
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
  kernel.block_x = 128;
  kernel.dynamic_shared_bytes = 4096;
  EmptyLaunch launch({kernel});
  const CompiledLookup lookup = [](std::string_view name, int arch) -> std::optional<CompiledResources> {
    if (name != "some_kernel<64>" || arch != 90) return std::nullopt;
    return CompiledResources{96, 16, 4, 8, 1024, 5000};
  };
  RecordingSink sink;
  ResourcesCollector collector(device_of(9, 0), lookup);
  ASSERT_TRUE(collector.collect(launch, sink, core::CancelToken(), {}));
  ASSERT_EQ(sink.resources.size(), 1u);
  const auto& resource = sink.resources.front();
  EXPECT_EQ(resource.kernel, "some_kernel<64>");
  EXPECT_EQ(resource.grid_x, 7);
  EXPECT_EQ(resource.block_x, 128);
  EXPECT_EQ(resource.registers, 96);
  EXPECT_EQ(resource.static_shared_bytes, 1024);
  EXPECT_EQ(resource.dynamic_shared_bytes, 4096);
  EXPECT_EQ(resource.stack_bytes, 16);
  EXPECT_EQ(resource.spill_store_bytes, 4);
  EXPECT_EQ(resource.spill_load_bytes, 8);
  EXPECT_EQ(resource.binary_bytes, 5000);
  EXPECT_EQ(resource.provenance, "ptxas");
  EXPECT_FALSE(resource.local_bytes);
  EXPECT_EQ(resource.theoretical_occupancy.has_value(), built_with_cuda());
  EXPECT_EQ(launch.launches, 0);
}

TEST(Resources, WhatIsUnknownIsMissingAndSaid) {
  core::KernelPlan kernel;
  kernel.name = "library_kernel";
  EmptyLaunch launch({kernel}, 3);
  RecordingSink sink;
  ResourcesCollector collector(device_of(9, 0), {});
  ASSERT_TRUE(collector.collect(launch, sink, core::CancelToken(), {}));
  ASSERT_EQ(sink.resources.size(), 1u);
  EXPECT_EQ(sink.resources[0].provenance, "plan");
  EXPECT_FALSE(sink.resources[0].spill_store_bytes);
  EXPECT_FALSE(sink.resources[0].theoretical_occupancy);
  ASSERT_EQ(sink.diagnostics.size(), 2u);
  EXPECT_EQ(sink.diagnostics[0].code, "resources_unknown");
  EXPECT_THAT(sink.diagnostics[0].message, HasSubstr("library_kernel"));
  EXPECT_THAT(sink.diagnostics[1].message, HasSubstr("2 of the 3 kernels"));
}

TEST(Resources, StopsWhenAsked) {
  EmptyLaunch launch({core::KernelPlan{}});
  RecordingSink sink;
  core::CancelToken cancel;
  cancel.request();
  const auto status = ResourcesCollector(device_of(9, 0), {}).collect(launch, sink, cancel, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::ErrorCode::kCancelled);
}

}  // namespace
}  // namespace flashcore::collectors
