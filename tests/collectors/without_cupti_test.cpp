// The process that times never loads CUPTI: an enabled range profiler slows every later launch for good.
// What a library does when it is loaded cannot be taken back, so each test has a process of its own.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "collectors/cupti_plan.h"
#include "collectors/device.h"
#include "collectors/registry.h"
#include "tests/collectors/fake_launch.h"

namespace flashcore::collectors {
namespace {

using testing::EmptyLaunch;
using testing::target_of;

// Whether a library of CUPTI's is mapped, with its name on standard error.
bool cupti_is_loaded() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("libcupti") == std::string::npos && line.find("libnvperf") == std::string::npos) continue;
    std::fprintf(stderr, "loaded: %s\n", line.c_str());
    return true;
  }
  return false;
}

// Everything that goes before and into a timed run, as far as this machine goes.
[[noreturn]] void list_read_and_time() {
  (void)list_devices();
  const auto device = use_device(0);
  (void)read_environment();
  EmptyLaunch launch;
  const auto target = target_of(launch, device ? std::optional(*device) : std::nullopt);
  int taken = 0;
  for (const CollectorEntry& entry : registry().entries()) {
    if (entry.place != Place::kTiming) continue;
    const auto collector = entry.make(CollectOptions{});
    (void)collector->prepare(0);
    (void)collector->collect(target, core::CancelToken(), {});
    ++taken;
  }
  // The collectors of the other places are made, but not asked.
  for (const CollectorEntry& entry : registry().entries()) (void)entry.make(CollectOptions{});
  std::exit(taken < 2 ? 2 : cupti_is_loaded() ? 1 : 0);
}

TEST(WithoutCuptiDeathTest, TheProcessThatTimesNeverLoadsIt) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(list_read_and_time(), ::testing::ExitedWithCode(0), "");
}

// That the test above can fail: whoever asks CUPTI has it loaded.
TEST(WithoutCuptiDeathTest, WhoeverPlansCountersHasIt) {
  if (!built_with_cuda()) GTEST_SKIP() << "this build has no CUDA toolkit";
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "CUPTI cannot be loaded beside the address sanitizer";
#endif
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        (void)supported_chips();
        std::exit(cupti_is_loaded() ? 1 : 0);
      },
      ::testing::ExitedWithCode(1), "loaded: .*(libcupti|libnvperf)");
}

TEST(Environment, LeavesTheVersionOfCuptiToWhoCounts) {
  EXPECT_EQ(read_environment().cupti, "");
}

}  // namespace
}  // namespace flashcore::collectors
