#include "reports/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "analysis/sheet.h"
#include "core/atomic_file.h"
#include "reports/page_data.h"
#include "tests/reports/fixture_changes.h"
#include "tests/reports/page_unpacked.h"

namespace flashcore::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

const analysis::Catalogue& catalogue() {
  static const analysis::Catalogue builtin = analysis::Catalogue::builtin().value();
  return builtin;
}

std::string report(std::vector<core::RunRecord> records, const HtmlOptions& options = {}) {
  return html_report(fixtures::analysed(std::move(records), catalogue()), catalogue(), options);
}

using Json = nlohmann::ordered_json;

// As one value, the runs in it.
Json page_data(const std::vector<analysis::RunAnalysis>& runs, const HtmlOptions& options = {}) {
  const Json packed = Json::parse(PageData(runs, catalogue(), options).packed());
  const Json whole = fixtures::PageUnpacker().read(packed);
  Json data = whole.at(0);
  data["runs"] = whole.at(1);
  return data;
}

std::string data_block(const std::string& html) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = html.find(open) + open.size();
  return html.substr(begin, html.find("</script>", begin) - begin);
}

TEST(HtmlReport, CarriesItsDataInOneBlockThatNoTextCanLeave) {
  const std::string html = report({fixtures::hostile_record()});
  const std::string block = data_block(html);
  EXPECT_THAT(block, Not(HasSubstr("<")));
  EXPECT_THAT(block, Not(HasSubstr("\xE2\x80\xA8")));
  const Json data = fixtures::PageUnpacker().read(Json::parse(block)).at(1);
  EXPECT_EQ(data[0]["phase"], fixtures::kScript);
  EXPECT_EQ(data[0]["tags"]["{{data}}"], "{{licences}} \x1b[2J\x07");
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
}

TEST(HtmlReport, EscapesItsTitle) {
  HtmlOptions options;
  options.title = "</title><script>alert(5)</script>";
  EXPECT_THAT(report({}, options), Not(HasSubstr("<script>alert(5)")));
}

TEST(HtmlReport, AllowsItsOwnScriptsOnlyAndFetchesNothing) {
  const std::string html = report({fixtures::record(fixtures::ladder()[0])});
  EXPECT_THAT(html, HasSubstr("default-src 'none'; script-src 'sha256-"));
  // What the browser reads before any script: the page's own markup. The browser test holds the rest.
  const std::string markup = html.substr(0, html.find("<script type=\"application/json\""));
  for (const char* fetching : {"<link", "<img", "<iframe", " src=", "@import", "url("}) {
    EXPECT_FALSE(markup.find(fetching) != std::string::npos) << fetching;
  }
}

TEST(HtmlReport, CarriesTheLicencesOfItsParts) {
  const std::string html = report({});
  if (!report_has_charts()) {
    EXPECT_THAT(html, Not(HasSubstr("Apache License")));
    GTEST_SKIP() << "this build carries no ECharts";
  }
  for (const char* text :
       {"Apache License", "This product includes software developed at", "d3", "zrender"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(PageData, SortsStallSharesAndCountsNoneTwice) {
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[0])}, catalogue());
  const auto data = page_data(runs);
  const auto& stalls = data["runs"][0]["view"]["stalls"];
  ASSERT_GT(stalls.size(), 5u);
  double sum = 0, before = 1e9;
  bool math_pipe = false;
  for (const auto& stall : stalls) {
    EXPECT_LE(stall["value"].get<double>(), before);
    before = stall["value"].get<double>();
    sum += before;
    math_pipe = math_pipe || stall["id"] == "stall_math_pipe_throttle_share";
    EXPECT_NE(stall["id"], "stall_long_scoreboard_pipe_l1tex_share");
  }
  EXPECT_NEAR(sum, 100, 0.5);
  EXPECT_TRUE(math_pipe);
}

TEST(PageData, KeepsTheSamplesOfAWrongAnswerOut) {
  const auto runs = fixtures::analysed({fixtures::wrong_record()}, catalogue());
  const auto data = page_data(runs);
  const auto& view = data["runs"][0]["view"];
  EXPECT_EQ(data["runs"][0]["answer"], "wrong");
  EXPECT_FALSE(view["shown"]);
  EXPECT_TRUE(view["samples"]["graph"]["us"].empty());
  EXPECT_TRUE(view["graph"].is_null());
  EXPECT_TRUE(view["main_point"].is_null());
}

TEST(PageData, GroupsByProblemAndNamesTheFastest) {
  const auto runs = fixtures::analysed(fixtures::usual_records(), catalogue());
  const auto data = page_data(runs);
  ASSERT_EQ(data["groups"].size(), 2u);
  EXPECT_EQ(data["groups"][0]["label"], "mission");
  EXPECT_EQ(data["runs"][data["groups"][0]["fastest"].get<int>()]["phase"], "fused");
  EXPECT_EQ(data["runs"][1]["view"]["speedup_base"], "baseline");
}

TEST(PageData, CarriesEverySheetOfEveryRunThatItDoesNotDraw) {
  auto records = fixtures::usual_records();
  records.push_back(fixtures::imported_records()[0]);
  records.push_back(core::RunRecord{});
  const auto runs = fixtures::analysed(records, catalogue());
  const auto data = page_data(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& sheets = data["runs"][i]["view"]["sheets"];
    for (const analysis::Sheet& sheet : analysis::sheets_of(runs[i], catalogue())) {
      const bool apart = sheet.id == "metrics" || sheet.id == "speed_of_light";
      ASSERT_EQ(sheets.contains(sheet.id), !apart) << sheet.id;
      if (apart) continue;
      ASSERT_EQ(sheets[sheet.id]["sections"].size(), sheet.sections.size());
      ASSERT_EQ(sheets[sheet.id]["sections"][0]["rows"].size(), sheet.sections[0].rows.size());
      if (sheet.sections[0].rows.empty()) continue;
      const auto& row = sheets[sheet.id]["sections"][0]["rows"].back();
      EXPECT_EQ(row["id"], sheet.sections[0].rows.back().id);
      EXPECT_EQ(row["value"], sheet.sections[0].rows.back().value);
      EXPECT_EQ(row["note"], sheet.sections[0].rows.back().note);
    }
  }
}

// What runs share is said once: the eighth run costs far less than the first.
TEST(PageData, GrowsLittleWithEachRun) {
  const auto size = [](const std::vector<core::RunRecord>& records) {
    const auto runs = fixtures::analysed(records, catalogue());
    return PageData(runs, catalogue(), {}).packed().size();
  };
  const auto records = fixtures::usual_records();
  const std::size_t empty = size({}), one = size({records[0]}), eight = size(records);
  EXPECT_LT((eight - one) / 7, 9'000u);
  EXPECT_LT(eight - empty, 8 * (one - empty));
}

TEST(PageData, NamesWhereMetricsComeFromOrWhyTheyAreMissing) {
  const auto runs = fixtures::analysed({fixtures::record(fixtures::ladder()[1])}, catalogue());
  const auto data = page_data(runs);
  const auto& metrics = data["runs"][0]["metrics"];
  ASSERT_EQ(metrics["texts"].size(), runs[0].metrics.size());
  for (const auto& value : runs[0].metrics) {
    const std::string& id = value.metric->id;
    EXPECT_EQ(metrics["texts"][id].is_null(), !value.value.has_value()) << id;
    EXPECT_EQ(metrics["notes"][id], value.value ? value.provenance : value.reason);
  }
}

TEST(PageData, KeepsColdCachesApartAndNamesTheLimit) {
  const auto runs = fixtures::analysed(
      {fixtures::record(fixtures::ladder()[1]), fixtures::cold(fixtures::record(fixtures::ladder()[1]))},
      catalogue());
  const auto data = page_data(runs);
  ASSERT_EQ(data["groups"].size(), 2u);
  EXPECT_EQ(data["groups"][0]["label"], "mission");
  EXPECT_EQ(data["groups"][1]["label"], "mission, cold caches");
  EXPECT_EQ(data["groups"][1]["cache"], "cold");
  EXPECT_THAT(data["groups"][0]["limit"].get<std::string>(), testing::StartsWith("limit 566 ns by products"));
  EXPECT_EQ(data["runs"][0]["view"]["limit"]["share"], "0.64 %");
  EXPECT_EQ(data["runs"][0]["view"]["busiest"], "issue 35 %");
  EXPECT_EQ(data["runs"][1]["view"]["in_cache"], false);
}

TEST(PageData, ImportsAreAGroupOfTheirOwnByDevice) {
  auto records = fixtures::imported_records();
  records.push_back(fixtures::record(fixtures::ladder()[0]));
  const auto runs = fixtures::analysed(records, catalogue());
  const auto data = page_data(runs);
  ASSERT_EQ(data["groups"].size(), 3u);
  EXPECT_TRUE(data["groups"][0]["imports"]);
  EXPECT_EQ(data["groups"][0]["runs"].size(), 2u);
  EXPECT_TRUE(data["groups"][0]["fastest"].is_null());
  EXPECT_EQ(data["groups"][1]["device"], "") << "nvbench's device is not known";
  EXPECT_EQ(data["runs"][2]["view"]["label"], "copy_kernel on nvbench:elements=1024,type=F32");
  EXPECT_EQ(data["runs"][2]["view"]["time"], "12.3 µs");
  EXPECT_FALSE(data["groups"][2]["imports"]);
  EXPECT_EQ(data["imports"]["runs"], 3);
}

TEST(WriteHtmlReport, SaysWhyAndLeavesNothingWhereItCannotWrite) {
  const std::filesystem::path path = "/proc/no such folder/report.html";
  const auto written = write_html_report(path, {}, catalogue());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, core::ErrorCode::kFile);
  EXPECT_FALSE(written.error().hint.empty());
}

}  // namespace
}  // namespace flashcore::reports
