#include "core/records.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "core/build_info.h"
#include "core/cancel.h"
#include "core/input_kind.h"

namespace flashcore::core {
namespace {

MeasurementRecord checks(std::initializer_list<bool> passed) {
  MeasurementRecord m;
  m.collector = "check";
  for (const bool good : passed) m.checks.emplace_back().passed = good;
  return m;
}

TEST(Records, ARunIsRightOnlyWhenEveryCheckPassedAndWrongForGood) {
  RunRecord run;
  EXPECT_EQ(run.answer, Answer::kUnchecked);  // not checked is not right
  add_measurement(run, {});
  EXPECT_EQ(run.answer, Answer::kUnchecked);
  add_measurement(run, checks({true, true}));
  EXPECT_EQ(run.answer, Answer::kRight);
  add_measurement(run, checks({true, false}));
  EXPECT_EQ(run.answer, Answer::kWrong);
  add_measurement(run, checks({true}));
  EXPECT_EQ(run.answer, Answer::kWrong);
  EXPECT_EQ(run.measured_by("check").size(), 3u);
  EXPECT_EQ(all_checks(run).size(), 5u);
}

TEST(Records, TimesOfAWrongOrUncheckedRunAreNoResult) {
  EXPECT_TRUE(times_are_results(Answer::kRight));
  EXPECT_TRUE(times_are_results(Answer::kDoesNotApply));
  EXPECT_FALSE(times_are_results(Answer::kWrong));
  EXPECT_FALSE(times_are_results(Answer::kUnchecked));
}

TEST(Records, KernelsOfMeasurementsJoin) {
  RunRecord run;
  MeasurementRecord first, second;
  first.kernels = {{1, "", std::nullopt, Extent3{32, 1, 1}}};
  second.kernels = {{0, "a", Extent3{}, std::nullopt}, {1, "b", Extent3{2, 3, 4}, Extent3{64, 1, 1}}};
  add_measurement(run, first);
  add_measurement(run, second);
  ASSERT_EQ(run.kernels.size(), 2u);
  EXPECT_EQ(run.kernels[0], second.kernels[0]);
  EXPECT_EQ(run.kernels[1], (KernelRecord{1, "b", Extent3{2, 3, 4}, Extent3{32, 1, 1}}));
}

template <typename Enum>
void every_name_comes_back() {
  for (const auto& [value, name] : kNames<Enum>) {
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(named<Enum>(name), value);
    EXPECT_EQ(named<Enum>(std::string(name) + "x"), std::nullopt);
  }
  EXPECT_EQ(named<Enum>(""), std::nullopt);
}

TEST(Records, NamesComeBackAndUnknownOnesAreNothing) {
  every_name_comes_back<Origin>();
  every_name_comes_back<SubjectKind>();
  every_name_comes_back<SampleKind>();
  every_name_comes_back<CacheState>();
  every_name_comes_back<InputKind>();
  every_name_comes_back<Severity>();
  every_name_comes_back<Answer>();
  every_name_comes_back<MeasurementStatus>();
  EXPECT_EQ(named<Origin>("recordinh"), std::nullopt);
}

TEST(Records, ClassesOfDevices) {
  DeviceRecord a, b;
  a.name = b.name = "NVIDIA H200";
  b.uuid = "GPU-2";
  EXPECT_TRUE(same_class(a, b));
  EXPECT_NE(a, b);
  b.sm_count = 1;
  EXPECT_FALSE(same_class(a, b));
  EXPECT_TRUE(same_class(std::nullopt, std::nullopt));
  EXPECT_FALSE(same_class(std::optional(a), std::nullopt));
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
