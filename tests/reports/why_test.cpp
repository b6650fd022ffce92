#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "reports/text.h"
#include "reports/why_json.h"
#include "reports/why_text.h"

namespace flashcore::reports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

analysis::Why slower_by_spills() {
  analysis::Why why;
  why.base_ns = 10000, why.now_ns = 14000, why.difference_ns = 4000;
  why.splits = {
      {"clock",
       "Cycles and clock",
       "time = cycles / clock",
       {{"clock", "Clock", 1.8e9, 1.8e9, "Hz", 0}, {"cycles", "Cycles", 18000, 25200, "cycles", 4000}},
       ""},
      {"bytes", "Bytes and rate", "", {}, "bytes of the base are not counted: flashcore-profile --set full"}};
  why.causes = {
      {"spills",
       "registers spill",
       3000,
       0.75,
       "3.00 µs of 4.00 µs: registers spill: spilled 0 -> 940",
       {"spill_bytes"}},
      {"instructions",
       "more instructions",
       1500,
       0.375,
       "1.50 µs of 4.00 µs: more instructions",
       {"instructions"}},
      {"clock", "the clock is higher", -600, -0.15, "-600 ns of 4.00 µs: the clock is higher", {}},
      {"unexplained", "nothing explains it", 100, 0.025, "100 ns of 4.00 µs: nothing explains it", {}}};
  why.changed = {"registers 142 -> 64"};
  return why;
}

WhyView view_of(const analysis::Why& why, std::optional<analysis::Verdict> verdict) {
  return {.why = why,
          .label = "wmma on mission -> planted\x1b[31m",
          .verdict = verdict,
          .verdict_sentence = "SLOWER by 40.0 %",
          .base_run = "run 1, wmma on mission",
          .now_run = "run 2, planted on mission",
          .base_id = 1,
          .now_id = 2};
}

TEST(WhyText, SaysTheThreeBiggestCausesAndShowsAllOfThem) {
  const analysis::Why why = slower_by_spills();
  const std::string text =
      why_text(view_of(why, analysis::Verdict::kSlower), {.colour = false, .width = 100});
  EXPECT_THAT(text, HasSubstr("SLOWER by 40.0 %"));
  EXPECT_THAT(text, HasSubstr("3.00 µs of 4.00 µs: registers spill"));
  EXPECT_THAT(text, Not(HasSubstr("100 ns of 4.00 µs")));  // the fourth is in the table alone
  EXPECT_THAT(text, HasSubstr("nothing explains it"));
  EXPECT_THAT(text, HasSubstr("75.0 %"));
  EXPECT_THAT(text, HasSubstr("-15.0 %"));
  EXPECT_THAT(text, HasSubstr("missing: bytes of the base"));
  EXPECT_THAT(text, HasSubstr("registers 142 -> 64"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("nothing to explain")));
}

TEST(WhyText, SaysFirstWhenThereIsNothingToExplain) {
  const analysis::Why why = slower_by_spills();
  // By the clock: the times differ, the kernel does not.
  EXPECT_THAT(why_sentences(why, analysis::Verdict::kSame).front(), HasSubstr("SAME kernel"));
  EXPECT_THAT(why_sentences(why, analysis::Verdict::kAmbiguous).front(), HasSubstr("AMBIGUOUS"));
  EXPECT_EQ(why_sentences(why, analysis::Verdict::kSame).size(), 1u);
  EXPECT_EQ(why_sentences(why, analysis::Verdict::kAmbiguous).size(), 4u);
  EXPECT_EQ(why_sentences(why, analysis::Verdict::kSlower).size(), 3u);
  analysis::Why noise = slower_by_spills();
  noise.difference_ns = 50;  // of 10 us
  EXPECT_EQ(why_sentences(noise, analysis::Verdict::kAmbiguous).size(), 1u);
  EXPECT_THAT(why_sentences(noise, analysis::Verdict::kSame).front(),
              HasSubstr("SAME: there is nothing to explain"));
  EXPECT_EQ(why_sentences(why, std::nullopt, 1).size(), 1u);
}

TEST(WhyText, SaysWhyNothingIsSplit) {
  analysis::Why why;
  why.missing = "the base has no graph time to split";
  EXPECT_THAT(why_sentences(why, analysis::Verdict::kSame), ElementsAre(why.missing));
  const std::string text = why_text(view_of(why, std::nullopt), {.colour = false, .width = 80});
  EXPECT_THAT(text, HasSubstr(why.missing));
  EXPECT_THAT(text, Not(HasSubstr("difference  ")));
}

TEST(WhyText, KeepsToTheWidth) {
  analysis::Why why = slower_by_spills();
  why.causes[0].sentence = std::string(10000, 'x');
  why.causes[0].title = std::string(10000, 'y');
  why.changed.push_back("kernel " + std::string(10000, 'z'));
  for (const int width : {60, 80, 140}) {
    const std::string text = why_text(view_of(why, std::nullopt), {.colour = false, .width = width}, true);
    std::size_t at = 0;
    for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
      EXPECT_LE(display_width(text.substr(at, end - at)), width) << text.substr(at, end - at);
    }
  }
}

TEST(WhyJson, HasPartsInMicrosecondsAndNullForWhatIsNone) {
  analysis::Why why = slower_by_spills();
  why.splits[0].parts[0].base = std::numeric_limits<double>::quiet_NaN();
  const auto json = nlohmann::json::parse(why_json({view_of(why, analysis::Verdict::kSlower)}, {"a note"}));
  EXPECT_EQ(json["schema"], 1);
  const auto& pair = json["pairs"][0];
  EXPECT_EQ(pair["verdict"], "slower");
  EXPECT_DOUBLE_EQ(pair["difference_us"].get<double>(), 4.0);
  EXPECT_DOUBLE_EQ(pair["causes"][0]["part_us"].get<double>(), 3.0);
  EXPECT_DOUBLE_EQ(pair["causes"][2]["share_percent"].get<double>(), -15.0);
  EXPECT_TRUE(pair["splits"][0]["parts"][0]["base"].is_null());
  EXPECT_TRUE(pair["splits"][0]["missing"].is_null());
  EXPECT_TRUE(pair["missing"].is_null());
  EXPECT_EQ(json["notes"][0], "a note");
}

TEST(WhyJson, OfAPairWithoutTimesHasNoDifference) {
  analysis::Why why;
  why.missing = "the base has no graph time to split";
  const auto json = nlohmann::json::parse(why_json({view_of(why, std::nullopt)}, {}));
  EXPECT_TRUE(json["pairs"][0]["difference_us"].is_null());
  EXPECT_TRUE(json["pairs"][0]["verdict"].is_null());
  EXPECT_EQ(json["pairs"][0]["missing"], why.missing);
}

}  // namespace
}  // namespace flashcore::reports
