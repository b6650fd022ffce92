#include "collectors/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "collectors/cupti.h"
#include "tests/collectors/recording_sink.h"

namespace flashcore::collectors {
namespace {

using testing::EmptyLaunch;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RecordingSink;

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
    EXPECT_THAT(refusal_diagnostic(*error).message,
                HasSubstr(std::string("FLASHCORE_SIMULATE_REFUSAL=") + kind));
    EXPECT_FALSE(error->hint.empty());
  }
  const auto misspelt = simulated_refusal("permision");
  ASSERT_TRUE(misspelt);
  EXPECT_THAT(misspelt->hint, HasSubstr("permission, virtual_gpu or busy"));
}

// The whole collector, which refuses before it asks for a GPU.
TEST(Refusal, LeavesTheRunWellWithMissingCountersAndOneDiagnostic) {
  ASSERT_EQ(setenv("FLASHCORE_SIMULATE_REFUSAL", "permission", 1), 0);
  CuptiCollector collector({"dram__bytes.sum", "sm__cycles_active.avg"});
  EmptyLaunch launch;
  RecordingSink sink;
  int last_done = -1, last_total = -2;
  const auto status = collector.collect(launch, sink, core::CancelToken(), [&](int done, int total) {
    last_done = done;
    last_total = total;
  });
  unsetenv("FLASHCORE_SIMULATE_REFUSAL");
  ASSERT_TRUE(status) << core::to_text(status.error());
  ASSERT_TRUE(collector.refusal());
  EXPECT_EQ(collector.refusal()->code, core::ErrorCode::kPermission);
  ASSERT_EQ(sink.diagnostics.size(), 1u);
  EXPECT_EQ(sink.diagnostics[0].code, "counters_refused");
  EXPECT_EQ(sink.diagnostics[0].severity, core::Severity::kWarning);
  for (const char* name : {"dram__bytes.sum", "sm__cycles_active.avg"}) {
    const auto* counter = sink.find(name);
    ASSERT_NE(counter, nullptr) << name;
    EXPECT_FALSE(counter->value);
    EXPECT_THAT(counter->reason, HasSubstr("simulated"));
    EXPECT_EQ(counter->collector, "cupti");
  }
}

}  // namespace
}  // namespace flashcore::collectors
