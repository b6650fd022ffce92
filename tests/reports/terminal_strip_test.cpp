#include "reports/terminal_strip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "reports/headline.h"
#include "reports/text.h"

namespace flashcore::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

analysis::SpeedBar bar(const std::string& title, std::optional<double> value, const std::string& note = {}) {
  analysis::SpeedBar out;
  out.id = out.title = title;
  out.share = {"metric_of_" + title, value, "", note, ""};
  return out;
}

analysis::SpeedOfLight eight() {
  analysis::SpeedOfLight speed;
  for (const char* title : {"Tensor", "Exp", "FP32", "Issue", "L1", "Shared", "L2", "DRAM"}) {
    speed.bars.push_back(bar(title, 12.5));
  }
  speed.bars[3].share.value = 63.2;
  speed.bars[3].binding = true;
  return speed;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(BlockBar, DrawsEighths) {
  EXPECT_EQ(block_bar(0, 4), "····");
  EXPECT_EQ(block_bar(100, 4), "████");
  EXPECT_EQ(block_bar(50, 4), "██··");
  EXPECT_EQ(block_bar(100.0 / 32, 4), "▏···");
  EXPECT_EQ(block_bar(100.0 * 9 / 32, 4), "█▏··");
  EXPECT_EQ(block_bar(99.9, 4), "████");
}

TEST(BlockBar, StaysInItsCells) {
  for (double percent : {-5.0, 0.1, 33.3, 100.0, 104.0, 1e9, std::numeric_limits<double>::quiet_NaN(),
                         std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(display_width(block_bar(percent, 11)), 11) << percent;
  }
}

TEST(SpeedStrip, MarksTheBindingUnitAndKeepsTheWidth) {
  for (int width : {60, 80, 120, 200}) {
    const std::string text = speed_strip(eight(), {false, width});
    EXPECT_THAT(text, HasSubstr("▸ Issue"));
    EXPECT_THAT(text, HasSubstr("63 %"));
    EXPECT_EQ(text.find("▸"), text.rfind("▸")) << "one alone binds";
    const auto lines = lines_of(text);
    EXPECT_LE(lines.size(), 4U);
    for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
  }
}

TEST(SpeedStrip, MissingUnitsKeepTheirPlaceAndSayWhyOnce) {
  analysis::SpeedOfLight speed = eight();
  const std::string refused = ": the driver refuses performance counters";
  speed.bars[1] = bar("Exp", std::nullopt, "counter sm__a.sum" + refused);
  speed.bars[6] = bar("L2", std::nullopt, "counter lts__b.sum" + refused);
  const std::string text = speed_strip(speed, {false, 60});
  EXPECT_THAT(text, testing::ContainsRegex("Exp +-\n"));
  EXPECT_THAT(text, HasSubstr("Exp, L2"));
  EXPECT_EQ(text.find("refuses"), text.rfind("refuses"));
  EXPECT_THAT(text, Not(HasSubstr("0.0 %")));
}

// An old run has two of eight: the higher of them is not the busiest of all.
TEST(SpeedStrip, NamesNoBusiestUnitOfWhichTooLittleIsKnown) {
  analysis::SpeedOfLight speed = eight();
  EXPECT_EQ(busiest_text(speed), "issue 63 %");
  for (std::size_t i : {0u, 1u}) speed.bars[i].share.value.reset();
  EXPECT_EQ(busiest_text(speed), "issue 63 %");
  speed.bars[2].share.value.reset();
  EXPECT_EQ(busiest_text(speed), "");
  EXPECT_THAT(speed_strip(speed, {false, 80}), Not(HasSubstr("▸")));
  EXPECT_THAT(speed_strip(speed, {false, 80}), HasSubstr("63 %"));
}

TEST(SpeedStrip, SaysOfWhichPassItIs) {
  analysis::SpeedOfLight speed = eight();
  EXPECT_THAT(speed_strip(speed, {false, 80}), Not(HasSubstr("pass")));
  speed.pass_note = "counter pass: 13.98 µs (timed: 10.79 µs)";
  EXPECT_THAT(speed_strip(speed, {false, 80}),
              HasSubstr("\n  of the counter pass: 13.98 µs (timed: 10.79 µs)\n"));
}

TEST(SpeedStrip, OfNothingTheReasonAlone) {
  analysis::SpeedOfLight speed;
  EXPECT_EQ(speed_strip(speed, {}), "");
  speed.bars.push_back(bar("L2", std::nullopt, "nobody counted"));
  speed.reason = "nobody counted";
  EXPECT_EQ(speed_strip(speed, {}), "  no speed of light: nobody counted\n");
}

TEST(SpeedStrip, CannotBeSteeredAndHasNoColourUnlessAsked) {
  analysis::SpeedOfLight speed = eight();
  speed.bars[0].title = "\x1b[2J" + std::string(500, 'x');
  for (int width : {60, 80, 120}) {
    const std::string text = speed_strip(speed, {false, width});
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    for (const std::string& line : lines_of(text)) EXPECT_LE(display_width(line), width) << line;
  }
  EXPECT_THAT(speed_strip(eight(), {true, 80}), HasSubstr("\x1b[1m▸ Issue"));
}

}  // namespace
}  // namespace flashcore::reports
