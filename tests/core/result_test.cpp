#include "core/result.h"

#include <gtest/gtest.h>

#include <set>

namespace flashcore::core {
namespace {

constexpr ErrorCode kAll[] = {ErrorCode::kGateFailed, ErrorCode::kUsage,  ErrorCode::kNoDevice,
                              ErrorCode::kPermission, ErrorCode::kDevice, ErrorCode::kWrongAnswer,
                              ErrorCode::kDatabase,   ErrorCode::kFile,   ErrorCode::kExternalTool,
                              ErrorCode::kCancelled};

TEST(Result, ExitCodes) {
  const int expected[] = {1, 2, 3, 3, 3, 4, 5, 5, 6, 130};
  for (std::size_t i = 0; i < std::size(kAll); ++i) EXPECT_EQ(exit_code(kAll[i]), expected[i]);
}

TEST(Result, NamesAreUniqueAndStable) {
  std::set<std::string_view> names;
  for (const ErrorCode code : kAll) names.insert(name_of(code));
  EXPECT_EQ(names.size(), std::size(kAll));
  EXPECT_EQ(name_of(ErrorCode::kNoDevice), "no_device");
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(Result, TextLeavesEmptyPartsOut) {
  EXPECT_EQ(to_text({ErrorCode::kFile, "m", "", ""}), "m");
  EXPECT_EQ(to_text({ErrorCode::kFile, "m", "h", ""}), "m\n  hint: h");
  EXPECT_EQ(to_text({ErrorCode::kFile, "m", "", "d"}), "m\n  detail: d");
  EXPECT_EQ(to_text({ErrorCode::kFile, "m", "h", "d"}), "m\n  hint: h\n  detail: d");
}

TEST(Result, FailFillsAnyResult) {
  const Result<int> number = fail(ErrorCode::kUsage, "m", "h", "c");
  const Status status = fail(number.error());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "m");
  EXPECT_EQ(status.error().hint, "h");
  EXPECT_EQ(status.error().context, "c");
}

}  // namespace
}  // namespace flashcore::core
