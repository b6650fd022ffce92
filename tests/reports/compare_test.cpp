// A comparison on a terminal and as Markdown: what it says of each verdict, that it keeps to the width, and
// that names from outside are text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "reports/compare_json.h"
#include "reports/compare_markdown.h"
#include "reports/compare_text.h"
#include "reports/text.h"
#include "tests/reports/fixture_compares.h"

namespace flashcore::reports {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const CompareView& view, int width = 120, bool colour = false) {
  return compare_text(view, {.colour = colour, .width = width});
}

TEST(CompareText, SaysOfOnePairHowMuchBetweenWhichBoundsAndWhatChanged) {
  const auto runs = fixtures::compared_runs(1);
  const std::string text = text_of(runs->view());
  EXPECT_THAT(text, HasSubstr("base  the 8 runs of baseline on mission"));
  EXPECT_THAT(text, HasSubstr("FASTER by 78.6 % (78.2 to 79.0), confirmed in cycles"));
  EXPECT_THAT(text, HasSubstr("99 % interval"));
  EXPECT_THAT(text, HasSubstr("-79.0 to -78.2 %"));
  EXPECT_THAT(text, HasSubstr("412.4 µs"));
  EXPECT_THAT(text, HasSubstr("8 runs, 800 samples"));
  EXPECT_THAT(text, HasSubstr("BETTER"));
  EXPECT_THAT(text, HasSubstr("exact"));
  EXPECT_THAT(text, HasSubstr("WORSE"));
  EXPECT_THAT(text, Not(HasSubstr("not counted"))) << "what did not change is asked for";
  CompareView all = runs->view();
  all.all_metrics = true;
  EXPECT_THAT(text_of(all), HasSubstr("now: not counted"));
  EXPECT_THAT(text_of(all), HasSubstr("SAME"));
}

TEST(CompareText, SaysWhatWouldDecideAndTheCommandThatTakesIt) {
  const auto runs = fixtures::compared_runs();
  const auto& pair = runs->result.all[2];
  EXPECT_EQ(
      what_decides(pair),
      "12 more runs of each side would decide; to take them: flashcore-profile compare --measure baseline "
      "wmma --shape medium");
  EXPECT_EQ(what_decides(runs->result.all[0]), "");
  EXPECT_THAT(text_of(runs->view(), 200), HasSubstr(what_decides(pair)));
}

TEST(CompareText, NamesCommitsWhereTheSidesAreBuildsAndNoCommandWhereThereIsNone) {
  const auto runs = fixtures::compared_runs(1);
  auto& pair = runs->result.all.front();
  auto& base = runs->base.front().run;
  base.subject.name = "wmma";
  base.environment.git_sha = std::string(40, 'a');
  EXPECT_EQ(measuring_command(pair),
            "flashcore-profile compare --measure aaaaaaaaaaaa 0123456789ab --phase wmma --shape mission");
  base.subject.name = "x; rm -rf /";
  EXPECT_EQ(measuring_command(pair), "") << "a name that a shell would read otherwise";
  base.subject.name = "baseline";
  base.environment.git_sha = runs->now.front().run.environment.git_sha;
  base.cache = runs->now.front().run.cache = core::CacheState::kCold;
  EXPECT_EQ(measuring_command(pair), "flashcore-profile --phase baseline,wmma --shape mission --cache cold");
  base.origin = core::Origin::kImport;
  EXPECT_EQ(measuring_command(pair), "");
}

TEST(CompareText, ShowsSeveralPairsAsATable) {
  const auto runs = fixtures::compared_runs();
  const std::string text = text_of(runs->view());
  EXPECT_THAT(text, HasSubstr("pair"));
  EXPECT_THAT(text, HasSubstr("1 SLOWER, 1 FASTER, 1 AMBIGUOUS, 1 SAME"));
  EXPECT_THAT(text, HasSubstr("confirmed"));
  EXPECT_THAT(text, HasSubstr("only now has fused on mission"));
  EXPECT_THAT(text, HasSubstr("note: of 2 builds the newest was taken"));
  EXPECT_THAT(text, HasSubstr("note: the drivers differ"));
  EXPECT_THAT(text, HasSubstr("time: 3 of 800 samples"));
}

TEST(CompareText, WritesPercentWithTheDigitsThatTheIntervalHas) {
  analysis::Judgement j;
  EXPECT_EQ(change_text(j), "");
  EXPECT_EQ(interval_text(j), "");
  j = fixtures::judgement_of(analysis::Verdict::kFaster, 100, -0.01234, 0.001);
  EXPECT_EQ(change_text(j), "-1.23 %");
  EXPECT_EQ(interval_text(j), "-1.33 to -1.13 %");
  j = fixtures::judgement_of(analysis::Verdict::kSame, 100, -0.00004, 0.01);
  EXPECT_EQ(change_text(j), "0.0 %") << "nothing has no sign";
}

TEST(CompareText, HoldsTheWidthAndKeepsControlCharactersFromTheTerminal) {
  const auto usual = fixtures::compared_runs();
  const auto single = fixtures::compared_runs(1);
  const auto hostile = fixtures::hostile_compared_runs();
  for (const auto* runs : {usual.get(), single.get(), hostile.get()}) {
    for (const int width : {60, 80, 100, 140}) {
      CompareView view = runs->view();
      view.all_metrics = true;
      view.ascii = true;
      std::istringstream lines(text_of(view, width));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(display_width(line), width) << line;
        EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
        EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos) << line;
        EXPECT_EQ(valid_utf8(line), line);
      }
    }
  }
  EXPECT_THAT(text_of(usual->view(), 100, true), HasSubstr("\x1b[31m"));
}

TEST(CompareText, WithAsciiShowsBothDistributionsOfOnePair) {
  const auto runs = fixtures::compared_runs(1);
  CompareView view = runs->view();
  EXPECT_THAT(text_of(view), Not(HasSubstr("graph samples")));
  view.ascii = true;
  EXPECT_THAT(text_of(view), HasSubstr("graph samples"));
}

TEST(CompareMarkdown, IsATableWithTheRestFoldedAway) {
  const auto runs = fixtures::compared_runs();
  const std::string text = compare_markdown(runs->view());
  EXPECT_THAT(text, HasSubstr("### ❌ 4 kernels: 1 SLOWER, 1 FASTER, 1 AMBIGUOUS, 1 SAME"));
  EXPECT_THAT(text, HasSubstr("| ❌ SLOWER |"));
  EXPECT_THAT(text, HasSubstr("| ✅ FASTER |"));
  EXPECT_THAT(text, HasSubstr("| ❔ AMBIGUOUS |"));
  EXPECT_THAT(text, HasSubstr("<details><summary>What changed</summary>\n\n"));
  EXPECT_THAT(text, HasSubstr(", exact | ❌ WORSE |"));
  EXPECT_THAT(text, HasSubstr("</details>"));
  const auto one = fixtures::compared_runs(1);
  EXPECT_THAT(compare_markdown(one->view()), HasSubstr("FASTER by 78.6"));
}

TEST(CompareMarkdown, HasNoMarkupAndNoFurtherCellsFromNames) {
  const auto runs = fixtures::hostile_compared_runs();
  const std::string text = compare_markdown(runs->view());
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  EXPECT_THAT(text, Not(HasSubstr("|**b**")));
  EXPECT_EQ(valid_utf8(text), text);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 65'536u) << "GitHub takes no more";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| ") || line.find("---") != std::string::npos) continue;
    std::size_t cells = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++cells;
    }
    EXPECT_THAT(cells, AnyOf(6u, 8u)) << line;
  }
}

TEST(CompareMarkdown, StaysShortEnoughForAComment) {
  auto runs = fixtures::compared_runs();
  const auto pairs = runs->result.all;
  while (runs->result.all.size() < 2000)
    runs->result.all.insert(runs->result.all.end(), pairs.begin(), pairs.end());
  const std::string text = compare_markdown(runs->view());
  EXPECT_LT(text.size(), 65'536u);
  EXPECT_THAT(text, HasSubstr("and 1940 more"));
}

TEST(CompareJson, CountsVerdictsAndKeepsNumbers) {
  const auto runs = fixtures::compared_runs();
  const auto json = comparison_json(runs->view());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["verdicts"]["slower"], 1);
  const auto& first = json["pairs"][0];
  EXPECT_EQ(first["verdict"], "faster");
  EXPECT_DOUBLE_EQ(first["time"]["base_us"].get<double>(), 412.4);
  EXPECT_DOUBLE_EQ(first["time"]["judgement"]["change_percent"].get<double>(), -78.6);
  EXPECT_EQ(first["base"]["runs"], nlohmann::ordered_json::array({10}));
  EXPECT_EQ(first["metrics"][3]["missing"], "now: not counted");
  EXPECT_EQ(first["metrics"][3]["judgement"], nullptr);
  EXPECT_EQ(first["what_decides"], nullptr);
  EXPECT_EQ(json["pairs"][2]["time"]["judgement"]["more_runs"], 12);
  runs->result.all[0].time.change = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(comparison_json(runs->view())["pairs"][0]["time"]["judgement"]["change_percent"], nullptr);
}

}  // namespace
}  // namespace flashcore::reports
