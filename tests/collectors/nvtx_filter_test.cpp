#include "collectors/nvtx_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace flashcore::collectors {
namespace {

TEST(NvtxFilter, APartThatIsLeftOutLetsEverythingThrough) {
  for (const char* filter : {"", "wmma", "wmma/", "wmma/mission", "wmma/mission/count", "//count", "/mission",
                             "wmma//count", "///"}) {
    EXPECT_TRUE(nvtx_matches(filter, "wmma/mission/count")) << filter;
  }
}

TEST(NvtxFilter, APartThatIsNamedMustBeTheSame) {
  for (const char* filter : {"wmm", "wmmas", "WMMA", "baseline", "wmma/mission,causal", "wmma/missio",
                             "wmma/mission/check", "//check", "/long", "mission"}) {
    EXPECT_FALSE(nvtx_matches(filter, "wmma/mission/count")) << filter;
  }
}

TEST(NvtxFilter, AStarIsAnyTextWithinAPart) {
  for (const char* filter :
       {"*", "w*", "*a", "w*a", "*mm*", "**", "wmma*", "*/*/*", "*/mission,c*", "*/*,*/c*t", "*/*s*s*,*"}) {
    EXPECT_TRUE(nvtx_matches(filter, "wmma/mission,causal/count")) << filter;
  }
  for (const char* filter : {"w*b", "*x*", "*/long*", "w*/count", "*/*/check", "*/*s*s*s*s*"}) {
    EXPECT_FALSE(nvtx_matches(filter, "wmma/mission,causal/count")) << filter;
  }
}

TEST(NvtxFilter, APathThatEndsEarlyLacksWhatIsNamed) {
  EXPECT_TRUE(nvtx_matches("wmma", "wmma"));
  EXPECT_TRUE(nvtx_matches("wmma/*/*", "wmma"));
  EXPECT_FALSE(nvtx_matches("wmma/mission", "wmma"));
  EXPECT_FALSE(nvtx_matches("w*", ""));
  EXPECT_TRUE(nvtx_matches("", ""));
  EXPECT_FALSE(nvtx_matches("wmma/mission/count/more", "wmma/mission/count"));
}

// What a plain search over all ways to place the stars would not end on.
TEST(NvtxFilter, ManyStarsAreQuick) {
  std::string filter;
  for (int i = 0; i < 2000; ++i) filter += "*a";
  EXPECT_FALSE(nvtx_matches(filter + "b", std::string(20000, 'a')));
  EXPECT_TRUE(nvtx_matches(filter, std::string(20000, 'a')));
}

}  // namespace
}  // namespace flashcore::collectors
