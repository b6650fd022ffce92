#include "core/nearest.h"

#include <gmock/gmock.h>

namespace flashcore::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kNames{"baseline", "wmma", "fused", "specialized", "tuned", "cublas"};

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_THAT(nearest_names("wmm", kNames), ElementsAre("wmma"));
  EXPECT_THAT(nearest_names("wmam", kNames), ElementsAre("wmma"));  // two letters swapped
  EXPECT_THAT(nearest_names("baselin", kNames), ElementsAre("baseline"));
  EXPECT_THAT(nearest_names("specialised", kNames), ElementsAre("specialized"));
  EXPECT_EQ(nearest_names("spec", kNames).at(0), "specialized");  // a beginning
  EXPECT_EQ(nearest_names("fuse", kNames).at(0), "fused");
}

TEST(Nearest, ClosestFirstAndNoMoreThanAsked) {
  const std::vector<std::string> names{"abxx", "abcx", "abcd", "abce"};
  EXPECT_THAT(nearest_names("abcd", names, 2), ElementsAre("abcd", "abcx"));
  EXPECT_THAT(nearest_names("abcd", names, 0), IsEmpty());
}

TEST(Nearest, OffersNothingFarAway) {
  EXPECT_THAT(nearest_names("zzzzzzzz", kNames), IsEmpty());
  EXPECT_THAT(nearest_names("", std::vector<std::string>{"abc"}), IsEmpty());
  EXPECT_THAT(nearest_names("wmma", std::vector<std::string>{}), IsEmpty());
  EXPECT_THAT(nearest_names(std::string(10000, 'w'), kNames), IsEmpty());
}

TEST(UnknownName, SaysWhatWasMeantAndWhatThereIs) {
  const Error e = unknown_name("phase", "wmm", kNames);
  EXPECT_EQ(e.code, ErrorCode::kUsage);
  EXPECT_EQ(e.message, "unknown phase 'wmm'; did you mean wmma?");
  EXPECT_THAT(e.hint, HasSubstr("cublas"));
}

TEST(UnknownName, WithoutANearOne) {
  const Error e = unknown_name("phase", "zzzzzzzzz", kNames);
  EXPECT_EQ(e.message, "unknown phase 'zzzzzzzzz'");
  EXPECT_THAT(e.hint, HasSubstr("baseline"));
  EXPECT_TRUE(unknown_name("phase", "x", std::vector<std::string>{}).hint.empty());
}

TEST(UnknownName, CutsAnEndlessName) {
  const Error e = unknown_name("phase", std::string(10000, 'x'), kNames);
  EXPECT_LT(e.message.size(), 200u);
  EXPECT_THAT(e.message, HasSubstr("10000 bytes"));
  // Cutting inside a character of several bytes would leave text that is no UTF-8.
  std::string accents = "x";
  for (int i = 0; i < 100; ++i) accents += "é";
  const Error cut = unknown_name("phase", accents, kNames);
  const std::size_t dots = cut.message.find("...");
  ASSERT_NE(dots, std::string::npos);
  EXPECT_EQ(cut.message.substr(dots - 2, 2), "é");
}

TEST(UnknownName, CutsTheNamesThatItOffers) {
  const std::vector<std::string> known{"wmma", std::string(100000, 'w'), "wmm" + std::string(150, 'a')};
  const Error e = unknown_name("phase", "wmm", known);
  EXPECT_LT(e.message.size() + e.hint.size(), 600u);
  EXPECT_THAT(e.hint, HasSubstr("(100000 bytes)"));
  EXPECT_THAT(e.message, HasSubstr("(153 bytes)"));
}

TEST(Shortened, KeepsWhatFitsAndCutsTheRest) {
  EXPECT_EQ(shortened("short"), "short");
  EXPECT_EQ(shortened(std::string(100, 'x'), 200), std::string(100, 'x'));
  EXPECT_EQ(shortened(std::string(100, 'x'), 3), "xxx... (100 bytes)");
}

}  // namespace
}  // namespace flashcore::core
