// Shapes: the named ones, and every way to ask for something that is none.
#include "core/problem.h"

#include <gmock/gmock.h>

namespace flashcore::core {
namespace {

using ::testing::HasSubstr;

TEST(Problem, NamedShapesAreTheSeeds) {
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
    const auto p = parse_shape(rows[i].name);
    ASSERT_TRUE(p) << to_text(p.error());
    EXPECT_EQ(*p, (Problem{rows[i].b, rows[i].h, rows[i].h, rows[i].s, rows[i].s, rows[i].d, "f16", false}));
    EXPECT_EQ(shape_name(*p), rows[i].name);
    EXPECT_TRUE(validate(*p));
  }
}

TEST(Problem, NumbersGiveTheSameAsNames) {
  EXPECT_EQ(parse_shape("1,8,512,64").value(), parse_shape("mission").value());
  EXPECT_EQ(parse_shape("1,8,512,512,64").value(), parse_shape("mission").value());
  const Problem p = parse_shape("2,4,100,200,128").value();
  EXPECT_EQ(p, (Problem{2, 4, 4, 100, 200, 128, "f16", false}));
  EXPECT_EQ(shape_name(p), "2,4,100,200,128");
  EXPECT_EQ(parse_shape(shape_name(p)).value(), p);
  EXPECT_EQ(shape_name(parse_shape("3,4,100,64").value()), "3,4,100,64");
}

struct Bad {
  const char* text;
  const char* says;
};

class BadShape : public ::testing::TestWithParam<Bad> {};

TEST_P(BadShape, IsRefusedWithItsRule) {
  const auto p = parse_shape(GetParam().text);
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
        Bad{"1,8,512,80", "D = 80"}, Bad{"1,8,512,0", "D = 0"}, Bad{"1,8,0,64", "Sq = 0"},
        Bad{"1,8,512,0,64", "Sk = 0"}, Bad{"0,8,512,64", "B = 0"}, Bad{"1,0,512,64", "H = 0"},
        Bad{"-1,8,512,64", "B = -1"}, Bad{"1,8,-512,64", "Sq = -512"}, Bad{"1,8,512,-64", "D = -64"},
        Bad{"-9223372036854775808,8,512,64", "at least 1"},
        Bad{"9223372036854775807,8,512,64", "at most 16777216"},
        Bad{"9223372036854775808,8,512,64", "64-bit"}, Bad{"1,99999999999999999999999999,512,64", "64-bit"},
        Bad{"16777217,1,1,64", "at most 16777216"}, Bad{"16777216,16777216,16777216,128", "past the memory"},
        Bad{"1024,1024,16385,64", "past the memory"}, Bad{"1,1024,1,16777216,128", "past the memory"},
        Bad{"1,8,512,64,", "not a whole number"}, Bad{",1,8,512", "not a whole number"},
        Bad{"1,,512,64", "not a whole number"}, Bad{"1,8,512,sixty", "not a whole number"},
        Bad{"1,8,5.5,64", "not a whole number"}, Bad{"1, 8, 512, 64", "not a whole number"},
        Bad{"+1,8,512,64", "not a whole number"}, Bad{"0x1,8,512,64", "not a whole number"},
        Bad{"1e3,8,512,64", "not a whole number"}, Bad{"1;8;512;64", "not a whole number"},
        Bad{",", "not a whole number"}, Bad{"", "unknown shape"}, Bad{"misson", "did you mean mission?"},
        Bad{"MISSION", "unknown shape"}, Bad{"long129", "did you mean long128"},
        Bad{"<script>alert(1)</script>", "shape '<script>"}),
    [](const auto& info) { return "Row" + std::to_string(info.index); });

TEST(Problem, AnEndlessShapeGetsAShortAnswer) {
  for (const std::string& text : {std::string(10000, 'x'), std::string(10000, '1'), std::string(10000, ','),
                                  std::string(10000, 'x') + ",1,2,3"}) {
    const auto p = parse_shape(text);
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().code, ErrorCode::kUsage);
    EXPECT_LT(p.error().message.size(), 500u);
  }
}

TEST(Problem, TheLargestThatIsAllowed) {
  // 2^24 rows of 64: 2^30 elements; the limit of 2^40 is reached by 2^10 heads of them.
  const auto p = parse_shape("1,1024,16777216,64");
  ASSERT_TRUE(p) << to_text(p.error());
  EXPECT_EQ(p->q_elements(), kMaxTensorElements);
  EXPECT_EQ(tensor_bytes(*p), 8 * kMaxTensorElements);  // four tensors of two-byte elements
}

TEST(Problem, ValidateHoldsWhatParsingCannotSay) {
  Problem p = parse_shape("mission").value();
  p.kv_heads = 3;
  EXPECT_THAT(validate(p).error().message, HasSubstr("Hkv = 3 does not divide H = 8"));
  p.kv_heads = 16;
  EXPECT_FALSE(validate(p));
  p.kv_heads = 0;
  EXPECT_FALSE(validate(p));
  p.kv_heads = 2;
  EXPECT_TRUE(validate(p));
  p.dtype = "f32";
  EXPECT_THAT(validate(p).error().message, HasSubstr("dtype 'f32'"));
}

TEST(Problem, GroupedHeadsAreNotANamedShape) {
  Problem p = parse_shape("mission").value();
  p.kv_heads = 2;
  EXPECT_NE(shape_name(p), "mission");
  EXPECT_THAT(shape_name(p), HasSubstr("2"));
  EXPECT_EQ(p.q_elements(), 8 * 512 * 64);
  EXPECT_EQ(p.kv_elements(), 2 * 512 * 64);
  EXPECT_EQ(tensor_bytes(p), 2 * (2 * 8 + 2 * 2) * 512 * 64);
}

TEST(Problem, TheLabelMentionsTheMask) {
  Problem p = parse_shape("mission").value();
  EXPECT_EQ(problem_label(p), "mission");
  p.causal = true;
  EXPECT_EQ(problem_label(p), "mission, causal");
  EXPECT_EQ(shape_name(p), "mission");
}

}  // namespace
}  // namespace flashcore::core
