// What a hostile catalogue may not do: end the program, steer a terminal, flood a message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/catalogue.h"
#include "analysis/toml_depth.h"
#include "tests/analysis/catalogue_texts.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

std::string repeated(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

// The parser recurses over each part of a key: 40,000 of them ended the program.
TEST(CatalogueText, DeepKeysAreRefusedWithFileAndLine) {
  const std::string deep = repeated("a.", 40000).append("a");
  for (const std::string& text :
       {deep + " = 1\n", "[" + deep + "]\n", "[[" + deep + "]]\n",
        "\"x\"" + repeated(" . 'y'", 40000) + " = 1\n", "x = { " + deep + " = 1 }\n"}) {
    const auto catalogue = Catalogue::from_text({{"deep.toml", "# one line\n" + text}});
    ASSERT_FALSE(catalogue);
    EXPECT_EQ(catalogue.error().code, core::ErrorCode::kUsage);
    EXPECT_THAT(catalogue.error().message, HasSubstr("deep.toml:2: a dotted key nests deeper than 16"));
    EXPECT_LT(catalogue.error().message.size(), 200u);
  }
  for (const char* bracket : {"[", "{ a = "}) {
    const auto catalogue = Catalogue::from_text({{"deep.toml", "x = " + repeated(bracket, 10000)}});
    ASSERT_FALSE(catalogue);
    EXPECT_THAT(catalogue.error().message, HasSubstr("deep.toml:1: a table or list nests deeper"));
  }
}

TEST(CatalogueText, DotsInStringsAndCommentsAreNoDepth) {
  const std::string dots(100, '.');
  for (const std::string& text :
       {"# " + dots + "\n", "a = \"" + dots + "\"\n", "a = '" + dots + "'\n", "a = \"\\\"" + dots + "\"\n",
        "a = \"\"\"\n" + dots + "\"" + dots + "\"\"\"\n", "a = '''" + dots + "''''\n",
        std::string(
            "a = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]\n")}) {
    EXPECT_TRUE(check_toml_depth("f", text)) << text;
  }
  EXPECT_FALSE(check_toml_depth("f", "a = \"x\"\n" + repeated("b.", 30) + "c = 1\n"));
  EXPECT_FALSE(check_toml_depth("f", "a = \"not closed\n" + repeated("b.", 30) + "c = 1\n"));
}

TEST(CatalogueText, AFormulaHasOneResult) {
  for (const char* formula : {"2 * n, 5", "n, 2 * n", "(n, 2 * n)"}) {
    const core::Error error = error_of(metric_text("m", formula));
    EXPECT_THAT(error.message, ::testing::ContainsRegex("^bad.toml:[0-9]+: .*cannot be evaluated"))
        << formula;
  }
  EXPECT_FALSE(evaluate_formula("a, 4", {{"a", 1}}));
}

TEST(CatalogueText, WhatIsEchoedIsCut) {
  const std::string huge(100000, 'x');
  for (const std::string& text :
       {metric_text(huge), metric_text("m", huge), metric_text("m", "2 * n", huge),
        replaced(metric_text(), "a__b.sum", huge), replaced(metric_text(), "\"higher\"", "\"" + huge + "\""),
        replaced(metric_text(), "\"quick\"", "\"" + huge + "\""),
        replaced(metric_text(), "unit =", huge + " ="),
        replaced(metric_text(), "[\"*\"]", "[\"@" + huge + "\"]"),
        replaced(metric_text(), "{ n = 2 }", "{ " + huge + " = 2 }"),
        replaced(metric_text(), "{ n = 2 }", "{ n = 2, " + huge + " = true }"),
        replaced(metric_text(), "counters.n", "counters." + huge),
        replaced(metric_text(), "\"T\"", "\"" + huge + "\""), "a = " + huge + "\n"}) {
    const core::Error error = error_of(text);
    EXPECT_LT((error.message + error.hint + error.context).size(), 3000u) << error.message.substr(0, 300);
    EXPECT_THAT(error.message, HasSubstr("bad.toml:"));
  }
}

// They are shown on terminals and in reports.
TEST(CatalogueText, ControlCharactersAreRefused) {
  for (const char* escape : {"\\u001b[2J", "\\u0007", "\\u009b31m", "\\u202e", "\\n", "\\u2028", "\\u200b"}) {
    for (const char* field : {"title = \"T", "unit = \"1"}) {
      const core::Error error = error_of(replaced(metric_text(), field, std::string(field) + escape));
      EXPECT_THAT(error.message, HasSubstr("holds control characters")) << escape;
      EXPECT_THAT(error.message, ::testing::ContainsRegex("^bad.toml:[0-9]+: "));
    }
  }
  const core::Error key = error_of(replaced(metric_text(), "unit =", "\"\\u001b[2Jkey\" ="));
  EXPECT_EQ(key.message.find('\x1b'), std::string::npos) << "an unknown key is told without its escapes";
  const auto lines =
      Catalogue::from_text({{"a.toml", kSection + replaced(metric_text(), "description = \"D\"",
                                                           "description = \"\"\"\nOne\ntwo.\"\"\"")}});
  ASSERT_TRUE(lines) << core::to_text(lines.error());
  EXPECT_EQ(lines->metrics().front().description, "One two.");
}

TEST(CatalogueText, NumbersAreFinite) {
  EXPECT_THAT(error_of(replaced(metric_text(), "example_result = 4", "example_result = inf")).message,
              HasSubstr("finite number"));
  EXPECT_THAT(error_of(replaced(metric_text(), "{ n = 2 }", "{ n = nan }")).message,
              HasSubstr("finite number"));
  const auto far = Catalogue::from_text({{"s.toml", replaced(kSection, "order = 1", "order = 1e300")}});
  ASSERT_FALSE(far);
  EXPECT_THAT(far.error().message, HasSubstr("s.toml:5: 'order' must be between"));
}

}  // namespace
}  // namespace flashcore::analysis
