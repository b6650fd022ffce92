#include "collectors/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "collectors/registry.h"
#include "tests/collectors/fake_launch.h"

namespace flashcore::collectors {
namespace {

using testing::counter_of;
using testing::diagnosed;
using testing::EmptyLaunch;
using ::testing::HasSubstr;
using testing::target_of;

TEST(Refusal, PermissionNamesTheModuleOptionAndTheContainerFlag) {
  const core::Error error = refusal_of(35, "start its profiler", "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES (35)");
  EXPECT_EQ(error.code, core::ErrorCode::kPermission);
  EXPECT_THAT(error.message, HasSubstr("administrators"));
  EXPECT_THAT(error.hint, HasSubstr("NVreg_RestrictProfilingToAdminUsers=0"));
  EXPECT_THAT(error.hint, HasSubstr("--cap-add=SYS_ADMIN"));
  EXPECT_THAT(error.context, HasSubstr("(35)"));
}

TEST(Refusal, EveryKindHasItsSentence) {
  struct Expected {
    int result;
    core::ErrorCode code;
    const char* message;
  };
  const Expected expected[] = {
      {33, core::ErrorCode::kPermission, "virtual GPU"},
      {40, core::ErrorCode::kPermission, "virtual GPU"},
      {26, core::ErrorCode::kPermission, "another profiler"},
      {36, core::ErrorCode::kPermission, "another profiler"},
      {39, core::ErrorCode::kPermission, "another profiler"},
      {41, core::ErrorCode::kPermission, "confidential"},
      {43, core::ErrorCode::kPermission, "MIG"},
      {45, core::ErrorCode::kPermission, "Windows Subsystem"},
      {42, core::ErrorCode::kPermission, "this device"},
      {14, core::ErrorCode::kExternalTool, "do not fit together"},
      {8, core::ErrorCode::kDevice, "out of memory"},
      {999, core::ErrorCode::kExternalTool, "could not start counting"},
  };
  for (const Expected& e : expected) {
    const core::Error error = refusal_of(e.result, "start counting", "detail");
    EXPECT_EQ(error.code, e.code) << e.result;
    EXPECT_THAT(error.message, HasSubstr(e.message)) << e.result;
    EXPECT_FALSE(error.hint.empty()) << e.result;
    EXPECT_EQ(error.context, "detail") << e.result;
  }
}

TEST(Refusal, ASimulatedOneSaysSo) {
  EXPECT_FALSE(simulated_refusal(nullptr));
  EXPECT_FALSE(simulated_refusal(""));
  for (const char* kind : {"permission", "virtual_gpu", "busy"}) {
    const auto error = simulated_refusal(kind);
    ASSERT_TRUE(error) << kind;
    EXPECT_EQ(error->code, core::ErrorCode::kPermission);
    EXPECT_THAT(error->message, HasSubstr("(simulated)"));
    EXPECT_THAT(error->context, HasSubstr(std::string("FLASHCORE_SIMULATE_REFUSAL=") + kind));
    EXPECT_FALSE(error->hint.empty());
  }
  const auto misspelt = simulated_refusal("permision");
  ASSERT_TRUE(misspelt);
  EXPECT_THAT(misspelt->hint, HasSubstr("permission, virtual_gpu or busy"));
}

// The whole collector, which refuses before it asks for a GPU.
class SimulatedRefusal : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_EQ(setenv("FLASHCORE_SIMULATE_REFUSAL", GetParam(), 1), 0); }
  void TearDown() override { unsetenv("FLASHCORE_SIMULATE_REFUSAL"); }
};

TEST_P(SimulatedRefusal, IsAMeasurementWithEveryCounterMissing) {
  CollectOptions options;
  options.counters = {"dram__bytes.sum", "sm__cycles_active.avg"};
  const auto collector = registry().find("cupti")->make(options);
  ASSERT_TRUE(collector->prepare(0));
  EmptyLaunch launch;
  int last_done = -1, last_total = -2;
  const auto taken = collector->collect(target_of(launch), core::CancelToken(), [&](int done, int total) {
    last_done = done;
    last_total = total;
  });
  ASSERT_TRUE(taken) << core::to_text(taken.error());
  EXPECT_EQ(last_done, last_total);
  EXPECT_EQ(launch.launches, 0);
  EXPECT_EQ(taken->collector, "cupti");
  EXPECT_EQ(taken->tool, "CUPTI");
  EXPECT_FALSE(taken->taken_at.empty());
  EXPECT_EQ(taken->status, core::MeasurementStatus::kRefused);
  EXPECT_THAT(taken->reason, HasSubstr("simulated"));
  EXPECT_FALSE(taken->passes);
  ASSERT_EQ(taken->diagnostics.size(), 1u);
  const core::DiagnosticRecord& said = taken->diagnostics[0];
  EXPECT_EQ(said.code, "counters_refused");
  EXPECT_EQ(said.severity, core::Severity::kWarning);
  EXPECT_EQ(said.source, "cupti");
  EXPECT_FALSE(said.hint.empty());
  EXPECT_THAT(said.message, HasSubstr(std::string("FLASHCORE_SIMULATE_REFUSAL=") + GetParam()));
  for (const std::string& name : options.counters) {
    const auto* counter = counter_of(*taken, name);
    ASSERT_NE(counter, nullptr) << name;
    EXPECT_FALSE(counter->value);
    EXPECT_EQ(counter->reason, taken->reason);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SimulatedRefusal, ::testing::Values("permission", "virtual_gpu", "busy"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(Refusal, MakesAMeasurementThatSaysWhy) {
  auto measurement = begin_measurement("ncu", "Nsight Compute", "2025.3.1.0");
  EXPECT_EQ(measurement.status, core::MeasurementStatus::kComplete);
  EXPECT_EQ(measurement.tool_version, "2025.3.1.0");
  EXPECT_EQ(measurement.taken_at.size(), std::string("2026-01-31T12:00:00Z").size());
  const core::Error why{core::ErrorCode::kExternalTool, "ncu is too old", "install a newer one", "2019.5"};
  refuse(measurement, why, "ncu_too_old", {"a.sum", "b.sum"});
  EXPECT_EQ(measurement.status, core::MeasurementStatus::kRefused);
  EXPECT_EQ(measurement.reason, "ncu is too old");
  ASSERT_NE(diagnosed(measurement, "ncu_too_old"), nullptr);
  EXPECT_EQ(diagnosed(measurement, "ncu_too_old")->message, "ncu is too old [2019.5]");
  EXPECT_EQ(diagnosed(measurement, "ncu_too_old")->hint, "install a newer one");
  EXPECT_EQ(diagnosed(measurement, "ncu_too_old")->source, "ncu");
  ASSERT_EQ(measurement.counters.size(), 2u);
  for (const core::CounterValue& counter : measurement.counters) {
    EXPECT_FALSE(counter.value);
    EXPECT_FALSE(counter.kernel);
    EXPECT_EQ(counter.reason, "ncu is too old");
  }
}

}  // namespace
}  // namespace flashcore::collectors
