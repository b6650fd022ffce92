// What collectors say about a machine; most of it about one without a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <set>

#include "collectors/chips.h"
#include "collectors/clock_review.h"
#include "collectors/cupti.h"
#include "collectors/device.h"
#include "collectors/doctor.h"
#include "collectors/dynamic_library.h"
#include "collectors/external_tool.h"
#include "collectors/nvml.h"
#include "collectors/timing.h"
#include "core/build_info.h"
#include "tests/collectors/recording_sink.h"

namespace flashcore::collectors {
namespace {

using ::testing::ElementsAre;
using testing::EmptyLaunch;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RecordingSink;

TEST(Device, WithoutAGpuSaysWhatToDo) {
  const auto devices = list_devices();
  if (devices) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(devices.error().code, core::ErrorCode::kNoDevice);
  EXPECT_FALSE(devices.error().message.empty());
  EXPECT_FALSE(devices.error().hint.empty());
  const auto used = use_device(0);
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code, core::ErrorCode::kNoDevice);
}

TEST(Device, AnOrdinalThatDoesNotExistNamesThoseThatDo) {
  const auto devices = list_devices();
  if (!devices) GTEST_SKIP() << devices.error().message;
  for (const int ordinal : {-1, 4096}) {
    const auto used = use_device(ordinal);
    ASSERT_FALSE(used);
    EXPECT_EQ(used.error().code, core::ErrorCode::kNoDevice);
    EXPECT_THAT(used.error().message, HasSubstr("does not exist"));
    EXPECT_THAT(used.error().message, HasSubstr(devices->front().name));
  }
}

TEST(Device, AChipIsAssumedFromTheComputeCapability) {
  EXPECT_EQ(assumed_chip(8, 0), "GA100");
  EXPECT_EQ(assumed_chip(8, 6), "GA102");
  EXPECT_EQ(assumed_chip(8, 9), "AD102");
  EXPECT_EQ(assumed_chip(9, 0), "GH100");
  EXPECT_EQ(assumed_chip(10, 0), "GB100");
  EXPECT_EQ(assumed_chip(12, 0), "GB202");
  EXPECT_EQ(assumed_chip(3, 5), "");
}

TEST(Timing, WithoutAGpuIsAnErrorAndNotAZero) {
  if (list_devices()) GTEST_SKIP() << "this machine has a GPU";
  EmptyLaunch launch;
  RecordingSink sink;
  const auto status = TimingCollector({}).collect(launch, sink, core::CancelToken(), {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, core::ErrorCode::kNoDevice);
  EXPECT_FALSE(status.error().hint.empty());
  EXPECT_THAT(sink.samples, IsEmpty());
}

TEST(Cupti, WithoutAGpuIsARefusal) {
  if (list_devices()) GTEST_SKIP() << "this machine has a GPU";
  EmptyLaunch launch;
  RecordingSink sink;
  CuptiCollector collector({"dram__bytes.sum"});
  EXPECT_FALSE(collector.refusal());
  ASSERT_TRUE(collector.collect(launch, sink, core::CancelToken(), {}));
  ASSERT_TRUE(collector.refusal());
  ASSERT_NE(sink.diagnosed("counters_refused"), nullptr);
  const auto* counter = sink.find("dram__bytes.sum");
  ASSERT_NE(counter, nullptr);
  EXPECT_FALSE(counter->value);
  EXPECT_FALSE(counter->reason.empty());
}

TEST(Environment, NamesTheMachineButNotItsHost) {
  const auto environment = read_environment();
  EXPECT_EQ(environment.program_version, core::build_info().version);
  EXPECT_EQ(environment.git_sha, core::build_info().git_sha);
  EXPECT_EQ(environment.cuda_toolkit.empty(), !built_with_cuda());
  EXPECT_THAT(environment.operating_system, HasSubstr("Linux"));
  EXPECT_THAT(environment.cpu, HasSubstr("threads"));
  std::array<char, 256> host{};
  ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
  const std::string name = host.data();
  if (name.size() < 4) GTEST_SKIP() << "the host's name is too short to look for";
  EXPECT_THAT(environment.operating_system, Not(HasSubstr(name)));
  EXPECT_THAT(environment.cpu, Not(HasSubstr(name)));
}

TEST(Doctor, FindsEachThingOnceAndWhatIsMissingHasARemedy) {
  const auto findings = examine_machine(0);
  std::vector<std::string> ids;
  for (const Finding& finding : findings) {
    ids.push_back(finding.id);
    EXPECT_FALSE(finding.detail.empty()) << finding.id;
    EXPECT_EQ(finding.ok, finding.remedy.empty()) << finding.id << ": " << finding.detail;
  }
  EXPECT_THAT(ids, ElementsAre("driver", "gpu", "toolkit", "cupti", "counters", "nvml", "ncu"));
}

TEST(ClockReview, SpeaksOfSamplesOffTheMedianOnly) {
  std::vector<core::Sample> samples;
  for (int i = 0; i < 20; ++i) samples.push_back({core::SampleKind::kGraph, i, 10, 1000, 1980.0, 1980.0});
  EXPECT_FALSE(review_clocks(samples));
  samples[3].sm_clock_before_mhz = samples[3].sm_clock_after_mhz = 1980 * 0.96;  // within 5%
  EXPECT_FALSE(review_clocks(samples));
  samples[4].sm_clock_before_mhz = samples[4].sm_clock_after_mhz = 1700.0;
  samples[5].sm_clock_before_mhz = samples[5].sm_clock_after_mhz = 1750.0;
  const auto drift = review_clocks(samples);
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->code, "clock_drift");
  EXPECT_THAT(drift->message, HasSubstr("2 of 20 graph samples"));
  EXPECT_THAT(drift->message, HasSubstr("1980 MHz"));
  EXPECT_FALSE(drift->hint.empty());
}

TEST(ClockReview, UnknownClocksAreNoDrift) {
  const std::vector<core::Sample> samples(5);
  EXPECT_FALSE(review_clocks(samples));
  EXPECT_FALSE(review_clocks({}));
}

TEST(ClockReview, SettingsAndRestAreNoThrottling) {
  EXPECT_FALSE(review_reasons(0));
  EXPECT_FALSE(review_reasons(0x1 | 0x2 | 0x10 | 0x100));
  const auto throttling = review_reasons(0x1 | 0x4 | 0x40);
  ASSERT_TRUE(throttling);
  EXPECT_EQ(throttling->code, "throttling");
  EXPECT_THAT(throttling->message, HasSubstr("power cap, hardware thermal slowdown"));
}

TEST(Nvml, IsThereOrSaysWhyNot) {
  const Nvml& nvml = Nvml::instance();
  EXPECT_EQ(nvml.available(), nvml.why().empty());
  if (!nvml.available()) {
    EXPECT_EQ(nvml.driver_version(), "");
    EXPECT_FALSE(nvml.device("0000:00:00.0"));
  }
}

TEST(DynamicLibrary, OpensTheFirstThatExistsAndElseSaysWhy) {
  const auto none = DynamicLibrary::open({"libflashcore-no-such-library.so.1"});
  EXPECT_FALSE(none);
  EXPECT_THAT(none.why(), HasSubstr("libflashcore-no-such-library.so.1"));
  const auto math = DynamicLibrary::open({"libflashcore-no-such-library.so.1", "libm.so.6"});
  ASSERT_TRUE(math);
  EXPECT_EQ(math.name(), "libm.so.6");
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(math.find("cos", cosine));
  EXPECT_EQ(cosine(0.0), 1.0);
  EXPECT_FALSE(math.find("no_such_function", cosine));
  EXPECT_EQ(cosine, nullptr);
}

TEST(ExternalTool, IsFoundOnPathAndAskedForItsVersion) {
  EXPECT_TRUE(find_on_path("no-such-program-of-flashcore").empty());
  const auto shell = find_on_path("env");
  ASSERT_FALSE(shell.empty());
  EXPECT_THAT(version_output(shell), HasSubstr("coreutils"));
  EXPECT_EQ(version_output("/no/such/program"), "");
  EXPECT_EQ(version_number("NVIDIA (R) Nsight Compute Command Line Profiler\nVersion 2025.3.1.0 (build 1)"),
            "2025.3.1.0");
  EXPECT_EQ(version_number("nothing here"), "");
}

}  // namespace
}  // namespace flashcore::collectors
