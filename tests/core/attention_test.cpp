// Attention problems: the named shapes, every way to write one, and every way to ask for something that is
// none.
#include "core/attention.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace flashcore::core {
namespace {

using ::testing::HasSubstr;

TEST(Attention, NamedShapesAreTheSeeds) {
  struct Row {
    const char* name;
    std::int64_t b, h, s, d;
  };
  const Row rows[] = {{"tiny", 1, 1, 32, 64},     {"small", 1, 2, 64, 64},        {"medium", 1, 4, 128, 64},
                      {"mission", 1, 8, 512, 64}, {"multi_batch", 4, 8, 256, 64}, {"large", 1, 8, 1024, 64},
                      {"long", 4, 16, 4096, 64},  {"long128", 4, 16, 4096, 128}};
  ASSERT_EQ(named_shapes().size(), std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(named_shapes()[i].name, rows[i].name);
    const auto p = parse_attention(rows[i].name);
    ASSERT_TRUE(p) << to_text(p.error());
    EXPECT_EQ(*p, (AttentionProblem{rows[i].b, rows[i].h, rows[i].h, rows[i].s, rows[i].s, rows[i].d, "f16",
                                    false}));
    EXPECT_EQ(problem_label(*p), rows[i].name);
    EXPECT_TRUE(validate(*p));
  }
}

TEST(Attention, NumbersGiveTheSameAsNames) {
  EXPECT_EQ(parse_attention("1,8,512,64").value(), parse_attention("mission").value());
  EXPECT_EQ(parse_attention("1,8,512,512,64").value(), parse_attention("mission").value());
  const AttentionProblem p = parse_attention("2,4,100,200,128").value();
  EXPECT_EQ(p, (AttentionProblem{2, 4, 4, 100, 200, 128, "f16", false}));
  EXPECT_EQ(problem_label(p), "2,4,100,200,128");
  EXPECT_EQ(parse_attention(problem_label(p)).value(), p);
  EXPECT_EQ(problem_label(parse_attention("3,4,100,64").value()), "3,4,100,64");
}

struct Bad {
  const char* text;
  const char* says;
};

class BadShape : public ::testing::TestWithParam<Bad> {};

TEST_P(BadShape, IsRefusedWithItsRule) {
  const auto p = parse_attention(GetParam().text);
  ASSERT_FALSE(p) << GetParam().text;
  EXPECT_EQ(p.error().code, ErrorCode::kUsage);
  EXPECT_EQ(exit_code(p.error().code), 2);
  EXPECT_THAT(p.error().message, HasSubstr(GetParam().says));
  EXPECT_FALSE(p.error().hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadShape,
    ::testing::Values(
        Bad{"1,8,512", "3 numbers"}, Bad{"1,8,512,64,64,64", "6 numbers"}, Bad{"8", "1 number"},
        Bad{"1,8,512,0", "d = 0"}, Bad{"1,8,0,64", "sq = 0"}, Bad{"1,8,512,0,64", "sk = 0"},
        Bad{"0,8,512,64", "b = 0"}, Bad{"1,0,512,64", "h = 0"}, Bad{"-1,8,512,64", "b = -1"},
        Bad{"1,8,-512,64", "sq = -512"}, Bad{"1,8,512,-64", "d = -64"},
        Bad{"-9223372036854775808,8,512,64", "at least 1"},
        Bad{"9223372036854775807,8,512,64", "at most 16777216"},
        Bad{"9223372036854775808,8,512,64", "64-bit"}, Bad{"1,99999999999999999999999999,512,64", "64-bit"},
        Bad{"16777217,1,1,64", "at most 16777216"}, Bad{"16777216,16777216,16777216,128", "past the memory"},
        Bad{"1024,1024,16385,64", "past the memory"}, Bad{"1,1024,1,16777216,128", "past the memory"},
        Bad{"1,8,512,64,", "not a whole number"}, Bad{",1,8,512", "unknown shape"},
        Bad{"1,,512,64", "not a whole number"}, Bad{"1,8,512,sixty", "not a whole number"},
        Bad{"1,8,5.5,64", "not a whole number"}, Bad{"+1,8,512,64", "not a whole number"},
        Bad{"0x1,8,512,64", "not a whole number"}, Bad{"1e3,8,512,64", "not a whole number"},
        Bad{"1;8;512;64", "not a whole number"}, Bad{",", "unknown shape"}, Bad{"", "unknown shape"},
        Bad{"misson", "did you mean mission?"}, Bad{"MISSION", "unknown shape"},
        Bad{"long129", "did you mean long128"}, Bad{"<script>alert(1)</script>", "shape '<script>"}),
    [](const auto& info) { return "Row" + std::to_string(info.index); });

TEST(Attention, AnEndlessShapeGetsAShortAnswer) {
  for (const std::string& text : {std::string(10000, 'x'), std::string(10000, '1'), std::string(10000, ','),
                                  std::string(10000, 'x') + ",1,2,3"}) {
    const auto p = parse_attention(text);
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().code, ErrorCode::kUsage);
    EXPECT_LT(p.error().message.size(), 500u);
  }
}

TEST(Attention, TheLargestThatIsAllowed) {
  // 2^24 rows of 64: 2^30 elements; the limit of 2^40 is reached by 2^10 heads of them.
  const auto p = parse_attention("1,1024,16777216,64");
  ASSERT_TRUE(p) << to_text(p.error());
  EXPECT_EQ(p->q_elements(), kMaxTensorElements);
  EXPECT_EQ(tensor_bytes(*p), 8 * kMaxTensorElements);  // four tensors of two-byte elements
}

TEST(Attention, ValidateHoldsWhatParsingCannotSay) {
  AttentionProblem p = parse_attention("mission").value();
  p.kv_heads = 3;
  EXPECT_THAT(validate(p).error().message, HasSubstr("hkv = 3 does not divide h = 8"));
  p.kv_heads = 16;
  EXPECT_FALSE(validate(p));
  p.kv_heads = 0;
  EXPECT_FALSE(validate(p));
  p.kv_heads = 2;
  EXPECT_TRUE(validate(p));
  p.dtype = "f33";
  EXPECT_THAT(validate(p).error().message, HasSubstr("f33"));
}

TEST(Attention, GroupedHeadsAreInTheLabel) {
  AttentionProblem p = parse_attention("mission").value();
  p.kv_heads = 2;
  EXPECT_EQ(problem_label(p), "mission,hkv=2");
  EXPECT_EQ(p.q_elements(), 8 * 512 * 64);
  EXPECT_EQ(p.kv_elements(), 2 * 512 * 64);
  EXPECT_EQ(tensor_bytes(p), 2 * (2 * 8 + 2 * 2) * 512 * 64);
  EXPECT_EQ(canonical_text(p), "b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=f16,mask=full");
}

TEST(Attention, TheSameProblemInManyWords) {
  const auto wanted = parse_attention("b=1,h=8,hkv=2,sq=512,sk=512,d=64,dtype=bf16,mask=causal").value();
  for (const char* text : {"mission,hkv=2,bf16,causal", "1,8,512,64,hkv=2,dtype=bf16,mask=causal",
                           "1,8,512,512,64,causal,bf16,hkv=2"}) {
    EXPECT_EQ(parse_attention(text).value(), wanted) << text;
  }
}

// Every combination of a few values of each axis.
std::vector<AttentionProblem> grid() {
  std::vector<AttentionProblem> all;
  for (const std::int64_t batch : {1, 4}) {
    for (const std::int64_t heads : {1, 8}) {
      for (const std::int64_t kv : {1, 2, 8}) {
        for (const std::int64_t sq : {1, 64, 512}) {
          for (const std::int64_t sk : {1, 512}) {
            for (const std::int64_t d : {1, 64, 128}) {
              for (const auto dtype : known_dtypes()) {
                for (const bool causal : {false, true}) {
                  const AttentionProblem p{batch, heads, kv, sq, sk, d, std::string(dtype), causal};
                  if (validate(p)) all.push_back(p);
                }
              }
            }
          }
        }
      }
    }
  }
  for (const NamedShape& shape : named_shapes()) all.push_back(parse_attention(shape.name).value());
  return all;
}

TEST(Attention, EveryTextComesBackAndNoTwoProblemsShareOne) {
  std::map<std::string, AttentionProblem> labels, texts;
  for (const AttentionProblem& p : grid()) {
    for (const auto& [text, known] :
         {std::pair(problem_label(p), &labels), std::pair(canonical_text(p), &texts)}) {
      const auto back = parse_attention(text);
      ASSERT_TRUE(back) << text << ": " << to_text(back.error());
      EXPECT_EQ(*back, p) << text;
      const auto [at, is_new] = known->emplace(text, p);
      EXPECT_EQ(at->second, p) << text << " stands for two problems";
    }
    const auto typed = attention_of(to_problem(p));
    ASSERT_TRUE(typed);
    EXPECT_EQ(*typed, p);
  }
}

TEST(Attention, AGenericProblemThatIsNoneIsRefused) {
  EXPECT_EQ(attention_of({"gemm", {{"m", "1"}}}).error().code, ErrorCode::kUsage);
  auto missing = to_problem(parse_attention("mission").value());
  missing.axes.erase(missing.axes.begin() + 3);  // sq
  EXPECT_FALSE(attention_of(missing));
  auto wrong = to_problem(parse_attention("mission").value());
  wrong.axes[0].value = "0";
  EXPECT_FALSE(attention_of(wrong));
}

}  // namespace
}  // namespace flashcore::core
