#include "core/records.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "core/build_info.h"
#include "core/cancel.h"

namespace flashcore::core {
namespace {

TEST(Records, ARunIsRightOnlyWhenEveryCheckPassed) {
  RunRecord run;
  EXPECT_FALSE(run.correct());  // not checked is not right
  CorrectnessRecord good;
  good.passed = true;
  run.correctness = {good, good};
  EXPECT_TRUE(run.correct());
  run.correctness[1].passed = false;
  EXPECT_FALSE(run.correct());
}

TEST(Records, Names) {
  EXPECT_EQ(name_of(Origin::kLive), "live");
  EXPECT_EQ(name_of(Origin::kRecording), "recording");
  EXPECT_EQ(name_of(SampleKind::kLaunch), "launch");
  EXPECT_EQ(name_of(SampleKind::kGraph), "graph");
  EXPECT_EQ(name_of(Severity::kInfo), "info");
  EXPECT_EQ(name_of(Severity::kWarning), "warning");
  EXPECT_EQ(name_of(Severity::kError), "error");
}

TEST(Records, NowIsUtcWhateverTheZone) {
  const char* old = std::getenv("TZ");
  const std::string kept = old != nullptr ? old : "";
  ::setenv("TZ", "Pacific/Kiritimati", 1);  // 14 hours ahead
  ::tzset();
  const std::string now = utc_now();
  old != nullptr ? ::setenv("TZ", kept.c_str(), 1) : ::unsetenv("TZ");
  ::tzset();
  std::tm parts{};
  const char* const end = ::strptime(now.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  ASSERT_NE(end, nullptr) << now;
  EXPECT_EQ(*end, '\0') << now;
  EXPECT_EQ(now.size(), 20u);
  EXPECT_LE(std::abs(std::difftime(::timegm(&parts), std::time(nullptr))), 5.0);
}

TEST(BuildInfo, SaysWhatWasBuilt) {
  const BuildInfo& info = build_info();
  EXPECT_EQ(std::count(info.version.begin(), info.version.end(), '.'), 2);
  const bool hex = info.git_sha.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  EXPECT_TRUE(info.git_sha == "unknown" || (hex && info.git_sha.size() >= 40)) << info.git_sha;
  EXPECT_FALSE(info.compiler.empty());
}

TEST(CancelToken, IsAskedOnce) {
  CancelToken token;
  EXPECT_FALSE(token.requested());
  token.request();
  EXPECT_TRUE(token.requested());
}

}  // namespace
}  // namespace flashcore::core
