#include "reports/gate_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/markdown.h"
#include "tests/reports/fixture_gates.h"

namespace flashcore::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(GateText, SaysEachStateAndWhyAndEndsWithTheCounts) {
  const auto gate = tests::usual_gate();
  const std::string text = gate_text(gate.view(), {.colour = false, .width = 160});
  EXPECT_THAT(text,
              AllOf(HasSubstr("kept"), HasSubstr("BROKEN"), HasSubstr("AMBIGUOUS"), HasSubstr("MISSING")));
  EXPECT_THAT(text, HasSubstr("registers, fused on mission: Registers of a thread is 142 registers"));
  EXPECT_THAT(text, HasSubstr("Why: two blocks an SM"));
  EXPECT_THAT(text, HasSubstr("The limit is optional, so this fails nothing."));
  EXPECT_THAT(text, HasSubstr("note: wmma on mission: 1 run(s) of other builds"));
  EXPECT_TRUE(text.ends_with(
      "\ngates.toml on the 3 runs of session 4: 1 kept, 1 broken, 1 ambiguous, 2 missing; FAILED\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(GateText, StrictSaysThatItIsTheReason) {
  tests::GateFixture gate;
  gate.file.name = "gates.toml";
  gate.file.limits.push_back(tests::gate_limit("registers", ""));
  gate.add_row(0, analysis::GateState::kAmbiguous, "wmma on mission", "1 %", "AMBIGUOUS");
  EXPECT_EQ(gate_outcome(gate.view(false)), "passed");
  EXPECT_EQ(gate_outcome(gate.view(true)), "FAILED, for --strict counts what is ambiguous");
}

TEST(GateText, HostileNamesAreSafeAndLinesKeepTheirWidth) {
  const auto gate = tests::hostile_gate();
  for (const int width : {20, 60, 100}) {
    const std::string text = gate_text(gate.view(), {.colour = false, .width = width});
    for (const char c : text)
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    EXPECT_THAT(text, Not(HasSubstr("\xE2\x80\xAE")));
  }
}

// A limit on everything that everything keeps is one line; one that breaks stands by itself.
TEST(GateText, ManyKeptRowsOfALimitAreOneLine) {
  tests::GateFixture gate;
  gate.file.name = "gates.toml";
  gate.file.limits.push_back(tests::gate_limit("registers", ""));
  for (int i = 0; i < 20; ++i) {
    const auto state = i == 10 ? analysis::GateState::kBroken : analysis::GateState::kKept;
    gate.add_row(0, state, "phase" + std::to_string(i), "1 registers", "it is");
  }
  const std::string text = gate_text(gate.view(), {.colour = false, .width = 160});
  EXPECT_THAT(text, AllOf(HasSubstr("10 series"), HasSubstr("9 series"), HasSubstr("phase10"),
                          Not(HasSubstr("phase3"))));
  EXPECT_THAT(text, HasSubstr("19 kept, 1 broken"));
}

TEST(Markdown, TextIsNoMarkup) {
  EXPECT_EQ(markdown_text("plain text, 1.5 % (a-b)"), "plain text, 1.5 % (a-b)");
  EXPECT_EQ(markdown_text("a|b`c`*d*_e_"), "a\\|b\\`c\\`\\*d\\*\\_e\\_");
  EXPECT_EQ(markdown_text("<b>&amp;"), "&lt;b&gt;&amp;amp;");
  EXPECT_EQ(markdown_text("a\nb\\|"), "a?b\\\\\\|");
  EXPECT_EQ(markdown_text("https://x.test @me"), "https&#58;//x.test @&#8203;me");
}

}  // namespace
}  // namespace flashcore::reports
