// Plots of characters: what they show, and that nothing from outside gets out of line.
#include "reports/ascii_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include "reports/ascii_canvas.h"

namespace flashcore::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// What every plot keeps.
void expect_in_form(const std::string& plot, int width) {
  ASSERT_FALSE(plot.empty());
  EXPECT_EQ(plot.back(), '\n') << plot;
  for (const std::string& line : lines_of(plot)) {
    EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << "'" << line << "'";
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
  }
}

int count_of(const std::string& text, char c) {
  return static_cast<int>(std::count(text.begin(), text.end(), c));
}

// The column of the first `c` in the lines that hold an axis, -1 where there is none.
std::vector<int> rows_with(const std::string& plot, char c) {
  std::vector<int> rows;
  const auto lines = lines_of(plot);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto axis = lines[i].find_first_of("|+");
    if (axis != std::string::npos && lines[i].find(c, axis) != std::string::npos)
      rows.push_back(static_cast<int>(i));
  }
  return rows;
}

SeriesPlot stepped() {
  SeriesPlot plot{.title = "fused on mission", .y_title = "graph p50", .unit = "ns"};
  for (int i = 0; i < 20; ++i) plot.values.emplace_back(i < 12 ? 15000.0 + i % 3 : 16000.0 + i % 2);
  plot.levels = {{0, 12, 15001}, {12, 20, 16000.5}};
  plot.marks = {{12, 'A', "1a2b3c4: 6.7 % slower (6.1 to 7.2)"}};
  return plot;
}

TEST(AsciiSeries, ShowsPointsLevelsAndTheChangeBetweenThem) {
  const std::string plot = ascii_series(stepped(), {.width = 80});
  expect_in_form(plot, 80);
  EXPECT_THAT(plot, HasSubstr("fused on mission\n"));
  EXPECT_THAT(plot, HasSubstr("graph p50\n"));
  EXPECT_THAT(plot, HasSubstr("15.0 us"));
  EXPECT_THAT(plot, HasSubstr("16.0 us"));
  EXPECT_THAT(plot, HasSubstr("runs, oldest first"));
  EXPECT_THAT(plot, HasSubstr("  A  1a2b3c4: 6.7 % slower (6.1 to 7.2)\n"));
  // The letter stands above the bar, and the bar between the twelfth value and the thirteenth.
  const auto lines = lines_of(plot);
  const auto letters = lines[2].find('A');
  ASSERT_NE(letters, std::string::npos) << plot;
  EXPECT_EQ(lines[3][letters], '|');
  const std::string& upper = lines[3];
  EXPECT_GT(upper.find('o'), letters);
  EXPECT_EQ(upper.find('o', letters) == std::string::npos, false);
  const std::string& lower = lines[14];
  EXPECT_LT(lower.rfind('o'), letters) << plot;
}

TEST(AsciiSeries, MissingValuesAreGapsThatAreCounted) {
  SeriesPlot plot{.title = "", .y_title = "p50", .unit = "ns"};
  plot.values = {1000.0, std::nullopt, kNan, kInfinite, -kInfinite, 1e305, 1200.0};
  const std::string text = ascii_series(plot, {.width = 60});
  expect_in_form(text, 60);
  EXPECT_EQ(count_of(text, 'o') - count_of("runs, oldest first", 'o') -
                count_of("not drawn: 5 of 7 values, which are missing or no numbers", 'o'),
            2)
      << text;
  EXPECT_THAT(text, HasSubstr("not drawn: 5 of 7 values"));
}

TEST(AsciiSeries, NothingOnePointAndEqualValuesAreDrawnAsFarAsTheyGo) {
  EXPECT_EQ(ascii_series({}, {}), "  nothing to plot: no values\n");
  SeriesPlot plot{.title = "t", .unit = "ns"};
  plot.values = {kNan, std::nullopt};
  EXPECT_EQ(ascii_series(plot, {}), "t\n  nothing to plot: no value is known\n");
  plot.values = {5000.0};
  std::string one = ascii_series(plot, {.width = 60});
  expect_in_form(one, 60);
  EXPECT_EQ(rows_with(one, 'o').size(), 1U) << one;
  plot.values = {5000.0, 5000.0, 5000.0};
  one = ascii_series(plot, {.width = 60});
  expect_in_form(one, 60);
  EXPECT_EQ(rows_with(one, 'o').size(), 1U) << one;
  plot.values = {0.0, 0.0};
  expect_in_form(ascii_series(plot, {.width = 60}), 60);
}

TEST(AsciiSeries, TicksOfCloseValuesDiffer) {
  SeriesPlot plot{.title = "", .unit = "ns"};
  plot.values = {15000.001, 15000.002, 15000.003};
  const std::string text = ascii_series(plot, {.width = 80});
  EXPECT_THAT(text, HasSubstr("15.0000020 us"));
  expect_in_form(text, 80);
}

TEST(AsciiSeries, HoldsExtremes) {
  SeriesPlot plot{.unit = "B"};
  for (const double value : {1e299, -1e299, 0.0, 5e-324, 1.0}) plot.values.emplace_back(value);
  expect_in_form(ascii_series(plot, {.width = 60}), 60);
  plot.values = {5e-324, 1e-323};
  expect_in_form(ascii_series(plot, {.width = 60}), 60);
  plot.values = {1.0, std::nextafter(1.0, 2.0)};
  expect_in_form(ascii_series(plot, {.width = 60}), 60);
  plot.values.assign(5000, 2.0);
  plot.marks.assign(300, {4999, 'Z', ""});
  plot.levels = {{0, 100000, 2}, {7, 3, 1}, {0, 2, kNan}};
  plot.height = 1'000'000;
  expect_in_form(ascii_series(plot, {.width = 0}), 60);
}

TEST(AsciiSeries, MarksOfOnePlaceAreToldApart) {
  SeriesPlot plot = stepped();
  plot.marks.push_back({12, 'B', "driver 575.57 -> 580.65"});
  const std::string text = ascii_series(plot, {.width = 80});
  EXPECT_THAT(text, HasSubstr("*"));
  EXPECT_THAT(text, HasSubstr("  B  driver 575.57 -> 580.65\n"));
}

TEST(AsciiSeries, NamesFromOutsideStayInLine) {
  SeriesPlot plot = stepped();
  plot.title = std::string(10000, 'x') + "\x1b[31m\n";
  plot.y_title = "graph \xE2\x80\xAE p50 \xff";
  plot.unit = "\x1b]0;µ漢字漢字漢字漢字漢字漢字漢字漢字";
  plot.x_labels.assign(20, "漢字\x1b[2J" + std::string(500, 'y'));
  plot.marks[0].letter = '\x1b';
  plot.marks[0].text = std::string(4000, 'z') + " é → µ";
  for (const int width : {-5, 60, 61, 80, 120, 100000})
    expect_in_form(ascii_series(plot, {.width = width}), std::clamp(width, 60, 200));
}

DistributionPlot two_sides(double shift) {
  std::mt19937 random(7);
  std::normal_distribution<double> noise(15000, 100);
  DistributionPlot plot{.title = "graph samples", .x_title = "time of a launch", .unit = "ns"};
  plot.sides = {{"base", {}}, {"now", {}}};
  for (int i = 0; i < 200; ++i) {
    plot.sides[0].values.push_back(noise(random));
    plot.sides[1].values.push_back(noise(random) * shift);
  }
  return plot;
}

TEST(AsciiDistributions, StandAboveOneAnotherOnOneAxis) {
  const std::string plot = ascii_distributions(two_sides(1.1), {.width = 80});
  expect_in_form(plot, 80);
  EXPECT_THAT(plot, HasSubstr("base: median 15.0"));
  EXPECT_THAT(plot, HasSubstr("now: median 16.5"));
  EXPECT_THAT(plot, HasSubstr("n 200"));
  EXPECT_THAT(plot, HasSubstr("time of a launch"));
  // The medians: base's box left of now's.
  std::vector<std::size_t> boxes;
  for (const std::string& line : lines_of(plot)) {
    if (line.find('[') != std::string::npos && line.find("height:") == std::string::npos)
      boxes.push_back(line.find('['));
  }
  ASSERT_EQ(boxes.size(), 2U) << plot;
  EXPECT_LT(boxes[0] + 20, boxes[1]) << plot;
}

TEST(AsciiDistributions, FarValuesAreCountedAndTold) {
  DistributionPlot plot = two_sides(1.0);
  plot.sides[1].values.push_back(90000);
  plot.sides[1].values.push_back(120000);
  plot.sides[0].values.push_back(1000);
  const std::string text = ascii_distributions(plot, {.width = 80});
  expect_in_form(text, 80);
  EXPECT_THAT(text, HasSubstr("> 2 past the end of the axis, as far as 120 us"));
  EXPECT_THAT(text, HasSubstr("< 1 before the end of the axis, at 1.00 us"));
  EXPECT_THAT(text, HasSubstr("n 202"));
  EXPECT_THAT(text, Not(HasSubstr("80.0 us")));
}

TEST(AsciiDistributions, EmptyEqualAndStrangeSides) {
  EXPECT_EQ(ascii_distributions({}, {}), "  nothing to plot: no values\n");
  DistributionPlot plot{.title = "t", .x_title = "", .unit = "ns"};
  plot.sides = {{"base", {}}, {"now", {kNan, kInfinite}}};
  EXPECT_EQ(ascii_distributions(plot, {}), "t\n  nothing to plot: no values\n");
  plot.sides[0].values = {7};
  std::string text = ascii_distributions(plot, {.width = 60});
  expect_in_form(text, 60);
  EXPECT_THAT(text, HasSubstr("now: no values, 2 no numbers"));
  EXPECT_THAT(text, HasSubstr("base: median 7 ns, n 1"));
  plot.sides[0].values.assign(50, 7);
  plot.sides[1].values.assign(50, 7);
  plot.sides[0].name = std::string(10000, 'n') + "\n\x1b[0m漢";
  text = ascii_distributions(plot, {.width = 60});
  expect_in_form(text, 60);
  EXPECT_THAT(text, HasSubstr("median 7 ns, n 50"));
}

TEST(AsciiBars, GoRightAndLeftOfZero) {
  BarPlot plot{.title = "what moved", .x_title = "time", .unit = "ns"};
  plot.bars = {{"more spills", 4000, "", ""}, {"less waiting", -1000, "", ""}, {"same", 0, "", ""}};
  const std::string text = ascii_bars(plot, {.width = 80});
  expect_in_form(text, 80);
  const auto lines = lines_of(text);
  const auto zero = lines[3].find('|');
  ASSERT_NE(zero, std::string::npos) << text;
  EXPECT_EQ(lines[1][zero], '|');
  EXPECT_EQ(lines[1][zero + 1], '#');
  EXPECT_EQ(lines[1][zero - 1], ' ');
  EXPECT_EQ(lines[2][zero - 1], '#');
  EXPECT_EQ(lines[2][zero + 1], ' ');
  EXPECT_EQ(count_of(lines[3], '#'), 0);
  const int right = count_of(lines[1], '#'), left = count_of(lines[2], '#');
  EXPECT_NEAR(static_cast<double>(right) / left, 4, 0.5) << text;
  EXPECT_THAT(lines[1], HasSubstr("4.00 us"));
}

TEST(AsciiBars, MissingOnesKeepTheirPlaceAndSayWhy) {
  BarPlot plot{.title = "", .x_title = "", .unit = "%"};
  plot.bars = {{"dram", 50, "", ""},
               {"l2", std::nullopt, "", "not counted"},
               {"l1", kNan, "", ""},
               {"over", 150, "", ""}};
  plot.most = 100;
  const std::string text = ascii_bars(plot, {.width = 60});
  expect_in_form(text, 60);
  EXPECT_THAT(text, HasSubstr("missing, not counted: l2\n"));
  EXPECT_THAT(text, HasSubstr("missing, not a number: l1\n"));
  EXPECT_THAT(lines_of(text)[1], HasSubstr("missing"));
  EXPECT_EQ(count_of(lines_of(text)[1], '#'), 0) << text;
  EXPECT_THAT(lines_of(text)[3], HasSubstr("#>   150 %"));
  EXPECT_THAT(text, HasSubstr("100 %"));
  EXPECT_EQ(ascii_bars({}, {}), "  nothing to plot: no bars\n");
  plot.bars = {{"\x1b[31m漢字" + std::string(9999, 'q'), 0, std::string(999, 'w') + "\n", ""}};
  plot.most = std::nullopt;
  expect_in_form(ascii_bars(plot, {.width = 60}), 60);
}

analysis::Roofline example_roofline() {
  analysis::Roofline roofline;
  roofline.ceilings = {{"tensor_f16", "Tensor FP16", false, true, 989e12, ""},
                       {"fp32", "FP32", false, false, 67e12, ""},
                       {"mufu", "Special functions", false, true, 4e12, ""},
                       {"dram", "DRAM", true, true, 4.8e12, ""},
                       {"l2", "L2, counted peak", true, false, 10e12, ""}};
  analysis::RooflinePoint point;
  point.memory = "dram";
  point.intensity = 100;
  point.performance = 300e12;
  point.attainable_fraction = 0.625;
  roofline.points = {point};
  return roofline;
}

TEST(AsciiRoofline, DrawsCeilingsAndPoints) {
  const auto roofline = example_roofline();
  RooflinePlot plot{.title = "fused on mission"};
  plot.runs = {{"fused", &roofline}};
  const std::string text = ascii_roofline(plot, {.width = 80});
  expect_in_form(text, 80);
  EXPECT_THAT(text, HasSubstr("1  Tensor FP16: 989 TFLOP/s"));
  EXPECT_THAT(text, HasSubstr("2  FP32: 67.0 TFLOP/s (drawn as dots: not what limits)"));
  EXPECT_THAT(text, HasSubstr("3  DRAM: 4.80 TB/s"));
  EXPECT_THAT(text,
              HasSubstr("A  fused, dram: 300 TFLOP/s at 100 FLOP/B, 62.5 % of what is attainable there"));
  EXPECT_THAT(text, Not(HasSubstr("Special functions")));
  EXPECT_THAT(text, HasSubstr("intensity, FLOPs a byte (log)"));
  // The point lies below the compute ceiling, and on the right side of the DRAM roof: under it.
  const auto rows = rows_with(text, '-');
  const auto points = rows_with(text, 'A');
  ASSERT_FALSE(rows.empty());
  ASSERT_FALSE(points.empty());
  EXPECT_GT(points.front(), rows.front()) << text;
  const std::string at = lines_of(text)[static_cast<std::size_t>(points.front())];
  EXPECT_LT(at.find('/', at.find_first_of("|+")), at.find('A')) << text;
}

TEST(AsciiRoofline, WithoutCeilingsPointsOrAnything) {
  EXPECT_EQ(ascii_roofline({}, {}), "  nothing to plot: no ceilings and no points\n");
  analysis::Roofline roofline;
  roofline.reason = "no device is known";
  RooflinePlot plot{.title = ""};
  plot.runs = {{"a", &roofline}, {"b", nullptr}};
  EXPECT_EQ(ascii_roofline(plot, {}),
            "  nothing to plot: no ceilings and no points\n  a: no device is known\n");
  auto points_only = example_roofline();
  points_only.ceilings.clear();
  plot.runs = {{"漢字\x1b[0m", &points_only}};
  expect_in_form(ascii_roofline(plot, {.width = 60}), 60);
  auto strange = example_roofline();
  for (const double value : {0.0, -1.0, kNan, kInfinite, 1e-310}) {
    for (auto& ceiling : strange.ceilings) ceiling.value = value;
    for (auto& point : strange.points) point.performance = value;
    plot.runs = {{"s", &strange}};
    expect_in_form(ascii_roofline(plot, {.width = 60}), 60);
  }
  auto ceilings_only = example_roofline();
  ceilings_only.points.clear();
  plot.runs = {{"", &ceilings_only}};
  expect_in_form(ascii_roofline(plot, {.width = 60}), 60);
}

TEST(AsciiText, IsPlain) {
  EXPECT_EQ(ascii_text("12.3 µs … é → 漢字\x1b\x7f\xff"), "12.3 us .. e -> ?????");
  EXPECT_EQ(ascii_text(""), "");
  EXPECT_EQ(ascii_cut("abcdefgh", 5), "abc..");
  EXPECT_EQ(ascii_cut("abcdefgh", 2), "ab");
  EXPECT_EQ(ascii_cut("abcdefgh", -1), "");
  EXPECT_EQ(ascii_fit("ab", 4), "ab  ");
  EXPECT_EQ(ascii_fit("ab", 4, true), "  ab");
}

}  // namespace
}  // namespace flashcore::reports
