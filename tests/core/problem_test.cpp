// Problems of any workload: one canonical text each, which comes back.
#include "core/problem.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace flashcore::core {
namespace {

using ::testing::HasSubstr;

TEST(Problem, ItsAxesByName) {
  const Problem p{"gemm", {{"m", "128"}, {"layout", "tn"}}};
  ASSERT_NE(p.axis("layout"), nullptr);
  EXPECT_EQ(*p.axis("layout"), "tn");
  EXPECT_EQ(p.axis("n"), nullptr);
}

TEST(Problem, WholeNumbers) {
  EXPECT_EQ(whole_number("-12"), -12);
  for (const char* text : {"", "1.5", "1 ", " 1", "+1", "0x1", "1e3", "9223372036854775808"}) {
    EXPECT_EQ(whole_number(text), std::nullopt) << text;
  }
}

TEST(Problem, CanonicalTexts) {
  EXPECT_EQ(canonical_text({"gemm", {{"m", "128"}, {"n", "64"}}}), "gemm:m=128,n=64");
  EXPECT_EQ(canonical_text(parse_problem("mission,causal").value()),
            "b=1,h=8,hkv=8,sq=512,sk=512,d=64,dtype=f16,mask=causal");
  EXPECT_EQ(problem_label(parse_problem("mission,causal").value()), "mission,causal");
  EXPECT_EQ(problem_label({"gemm", {{"m", "1"}}}), "gemm:m=1");
}

TEST(Problem, AnyTextInAnAxisComesBackAndNoTwoProblemsShareOne) {
  std::minstd_rand random(7);
  const std::string letters = "ab01,=:% \n\tX\x7f\xc3";
  const auto word = [&](std::size_t least) {
    std::string text;
    for (std::size_t n = least + random() % 4; text.size() < n;) text += letters[random() % letters.size()];
    return text;
  };
  std::map<std::string, Problem> known;
  for (int i = 0; i < 5000; ++i) {
    Problem p{"load", {}};
    for (std::size_t axes = random() % 4; p.axes.size() < axes;) {
      const std::string name = word(1);
      if (p.axis(name) == nullptr) p.axes.push_back({name, word(0)});
    }
    const std::string text = canonical_text(p);
    const auto back = parse_problem(text);
    ASSERT_TRUE(back) << text << ": " << to_text(back.error());
    ASSERT_EQ(*back, p) << text;
    const auto [at, is_new] = known.emplace(text, p);
    ASSERT_EQ(at->second, p) << text << " stands for two problems";
  }
}

TEST(Problem, WhatIsNoProblemIsRefused) {
  for (const char* text :
       {"gemm:m", "gemm:=1", "gemm:m=1,m=2", "gemm:m=%2", "gemm:m=%zz", ":m=1", "misson"}) {
    const auto p = parse_problem(text);
    ASSERT_FALSE(p) << text;
    EXPECT_EQ(p.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(p.error().hint.empty());
    EXPECT_LT(p.error().message.size(), 300u);
  }
  const auto endless = parse_problem("gemm:" + std::string(100'000, 'x'));
  ASSERT_FALSE(endless);
  EXPECT_LT(endless.error().message.size(), 500u);
  EXPECT_THAT(endless.error().message, HasSubstr("axis=value"));
}

}  // namespace
}  // namespace flashcore::core
