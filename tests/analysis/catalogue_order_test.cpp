// Guards, the places of the speed of light, and the order of counters: what a catalogue's text may say of
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "analysis/catalogue.h"
#include "tests/analysis/catalogue_texts.h"

namespace flashcore::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string guard(const std::string& when, const std::string& reason = "too short") {
  return "[[metric.guard]]\nwhen = \"" + when + "\"\nreason = \"" + reason + "\"\n";
}
core::Result<Catalogue> loaded(const std::string& text) {
  return Catalogue::from_text({{"a.toml", kSection + text}});
}
std::string in_percent() {
  return replaced(metric_text("share"), "unit = \"1\"", "unit = \"%\"");
}

TEST(Guards, AreReadWithTheirMetric) {
  const auto catalogue = loaded(metric_text() + guard("value > 5") + guard("n < 1", "nothing counted"));
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  const Metric& metric = catalogue->metrics().front();
  ASSERT_EQ(metric.guards.size(), 2u);
  EXPECT_EQ(metric.guards[0].when, "value > 5");
  EXPECT_EQ(metric.guards[1].reason, "nothing counted");
}

TEST(Guards, ACounterMayServeAGuardAlone) {
  const std::string two =
      replaced(replaced(metric_text(), "counters.n", "counters.time = \"c__d.sum\"\ncounters.n"), "{ n = 2 }",
               "{ n = 2, time = 9 }");
  EXPECT_THAT(error_of(two).message, HasSubstr("does not use it"));
  const auto catalogue = loaded(two + guard("time < 5"));
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  EXPECT_THAT(catalogue->counters_for("GH100", CounterSet::kQuick), ::testing::Contains("c__d.sum"));
}

TEST(Guards, EveryRuleIsTold) {
  EXPECT_THAT(error_of(metric_text() + guard("value > x")).message,
              HasSubstr("the guard of 'm': unknown variable 'x'"));
  EXPECT_THAT(error_of(metric_text() + guard("value > 3")).message,
              HasSubstr("refuses the example's own value 4"));
  EXPECT_THAT(error_of(metric_text() + guard("value >")).message, HasSubstr("cannot be evaluated"));
  EXPECT_THAT(error_of(metric_text() + guard("value > kernels")).message,
              HasSubstr("the example has no value for 'kernels'"));
  EXPECT_THAT(error_of(metric_text() + "[[metric.guard]]\nwhen = \"value > 5\"\n").message,
              HasSubstr("'reason' is missing"));
  EXPECT_THAT(error_of(metric_text() + guard("value > 5") + "because = \"x\"\n").message,
              HasSubstr("because"));
  EXPECT_THAT(error_of(metric_text() + guard("value > 5", "\\u001b[2J")).message,
              HasSubstr("control characters"));
  EXPECT_THAT(error_of(replaced(replaced(replaced(metric_text(), "counters.n", "counters.value"), "2 * n",
                                         "2 * value"),
                                "{ n = 2 }", "{ value = 2 }"))
                  .message,
              HasSubstr("no free name"));
  EXPECT_THAT(error_of(metric_text() + guard("value > x")).message,
              ::testing::ContainsRegex("^bad.toml:2[0-9]: "));
}

const std::string kChart =
    "[[bar]]\nid = \"l1\"\ntitle = \"L1\"\nmetric = \"share\"\n"
    "[[node]]\nid = \"sm\"\ntitle = \"SM\"\n[[node]]\nid = \"l1\"\ntitle = \"L1\"\nhit_rate = \"share\"\n"
    "[[arrow]]\nfrom = \"l1\"\nto = \"sm\"\ntitle = \"loads\"\nbytes = \"moved\"\n";
std::string chart_metrics() {
  return in_percent() + replaced(metric_text("moved"), "unit = \"1\"", "unit = \"B\"");
}

TEST(SpeedOfLightText, BarsNodesAndArrowsAreRead) {
  const auto catalogue = loaded(chart_metrics() + kChart);
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  const SpeedOfLightSpec& spec = catalogue->speed_of_light();
  ASSERT_EQ(spec.bars.size(), 1u);
  EXPECT_EQ(spec.bars[0].metric, "share");
  ASSERT_EQ(spec.nodes.size(), 2u);
  EXPECT_EQ(spec.nodes[0].hit_rate, "") << "a node may have none";
  EXPECT_EQ(spec.nodes[1].hit_rate, "share");
  ASSERT_EQ(spec.arrows.size(), 1u);
  EXPECT_EQ(spec.arrows[0].bytes, "moved");
  EXPECT_EQ(spec.arrows[0].throughput, "");
}

TEST(SpeedOfLightText, EveryRuleIsTold) {
  const auto message = [](const std::string& from, const std::string& to) {
    return error_of(chart_metrics() + replaced(kChart, from, to)).message;
  };
  EXPECT_THAT(message("metric = \"share\"", "metric = \"shares\""), HasSubstr("unknown metric 'shares'"));
  EXPECT_THAT(message("metric = \"share\"", "metric = \"moved\""),
              HasSubstr("is in 'B', and in this place stands '%'"));
  EXPECT_THAT(message("bytes = \"moved\"", "throughput = \"moved\""),
              HasSubstr("in this place stands 'B/s'"));
  EXPECT_THAT(message("to = \"sm\"", "to = \"smm\""), HasSubstr("unknown node 'smm'"));
  EXPECT_THAT(message("id = \"sm\"", "id = \"l1\""),
              HasSubstr("the node 'l1' is already defined in bad.toml:"));
  EXPECT_THAT(message("title = \"loads\"", "titel = \"loads\""), HasSubstr("titel"));
  EXPECT_THAT(message("id = \"l1\"", "id = \"L1\""), HasSubstr("lower case"));
}

TEST(SpeedOfLight, BarsOfTheBuiltinCatalogueAreOfOneKind) {
  const Catalogue catalogue = Catalogue::builtin().value();
  std::vector<std::string> ids;
  for (const BarSpec& bar : catalogue.speed_of_light().bars) {
    ids.push_back(bar.id);
    EXPECT_LE(bar.title.size(), 6u) << "as short as a strip needs";
    const Metric* metric = catalogue.find(bar.metric);
    ASSERT_NE(metric, nullptr) << bar.metric;
    EXPECT_LE(metric->set, CounterSet::kStandard) << bar.metric;
    for (const char* chip : {"GA100", "GA102", "AD104", "GH100", "GB100", "GB202"}) {
      const MetricFormula* formula = metric->formula_for(chip);
      ASSERT_NE(formula, nullptr) << bar.metric << " on " << chip;
      for (const auto& [variable, counter] : formula->counters) {
        EXPECT_THAT(counter, ::testing::EndsWith(".pct_of_peak_sustained_elapsed")) << bar.metric;
      }
    }
  }
  EXPECT_THAT(ids, ElementsAre("tensor", "exp", "fp32", "issue", "l1", "shared", "l2", "dram"));
}

TEST(SpeedOfLight, ArrowsOfTheBuiltinCatalogueHaveBytesAndThroughput) {
  const Catalogue catalogue = Catalogue::builtin().value();
  std::set<std::string> pairs;
  for (const ArrowSpec& arrow : catalogue.speed_of_light().arrows) {
    pairs.insert(arrow.from + ">" + arrow.to);
    EXPECT_NE(catalogue.find(arrow.bytes), nullptr) << arrow.title;
    EXPECT_NE(catalogue.find(arrow.throughput), nullptr) << arrow.title;
  }
  EXPECT_THAT(pairs, ElementsAre("dram>l2", "l1>l2", "l1>sm", "l2>dram", "l2>l1", "l2>shared", "shared>sm",
                                 "sm>l1", "sm>shared"));
}

std::string order(const std::string& counters, const std::string& set = "quick",
                  const std::string& chips = "\"GH100\"") {
  return "[[order]]\nchips = [" + chips + "]\nset = \"" + set + "\"\ncounters = \"\"\"\n" + counters +
         "\"\"\"\n";
}
std::string of_counter(const std::string& id, const std::string& counter, const std::string& set = "quick") {
  return replaced(replaced(metric_text(id), "a__b.sum", counter), "\"quick\"", "\"" + set + "\"");
}

TEST(CounterOrders, GiveTheOrderAndLeaveNothingOut) {
  const auto catalogue =
      loaded(of_counter("a", "a__a.sum") + of_counter("b", "b__b.sum") + of_counter("c", "c__c.sum") +
             order("c__c.sum\ngone__long_ago.sum\na__a.sum"));
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  EXPECT_THAT(catalogue->counters_for("GH100", CounterSet::kQuick),
              ElementsAre("c__c.sum", "a__a.sum", "b__b.sum", "gpu__time_duration.sum"));
  EXPECT_THAT(catalogue->counters_for("GA100", CounterSet::kQuick),
              ElementsAre("a__a.sum", "b__b.sum", "c__c.sum", "gpu__time_duration.sum"));
}

TEST(CounterOrders, ALargerSetFollowsTheSmaller) {
  const auto catalogue = loaded(of_counter("a", "a__a.sum") + of_counter("b", "b__b.sum", "standard") +
                                of_counter("c", "c__c.sum", "full") +
                                order("b__b.sum\na__a.sum", "standard") + order("c__c.sum", "full"));
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  EXPECT_THAT(catalogue->counters_for("GH100", CounterSet::kFull),
              ElementsAre("b__b.sum", "a__a.sum", "c__c.sum", "gpu__time_duration.sum"));
  EXPECT_THAT(catalogue->counters_for("GH100", CounterSet::kStandard),
              ElementsAre("b__b.sum", "a__a.sum", "gpu__time_duration.sum"));
  EXPECT_THAT(catalogue->counters_for("GH100", CounterSet::kQuick),
              ElementsAre("a__a.sum", "gpu__time_duration.sum"));
}

TEST(CounterOrders, EveryRuleIsTold) {
  EXPECT_THAT(error_of(order("a__a.sum") + order("a__b.sum")).message,
              HasSubstr("already defined in bad.toml:6"));
  EXPECT_THAT(error_of(order("a__a.sum") + order("a__b.sum", "quick", "\"GA100\", \"GH100\"")).message,
              HasSubstr("the order of 'quick' for the chip 'GH100' is already defined in bad.toml:6"));
  EXPECT_THAT(error_of(order("a__a.sum nothing")).message, HasSubstr("'nothing' is no name of a counter"));
  EXPECT_THAT(error_of(order("")).message, HasSubstr("'counters' must name at least one"));
  EXPECT_THAT(
      error_of(replaced(order("a__a.sum"), "counters = \"\"\"\na__a.sum\"\"\"", "counters = 3")).message,
      HasSubstr("'counters' must be a text"));
  EXPECT_THAT(error_of(order("a__a.sum", "quik")).message, HasSubstr("quick"));
  EXPECT_THAT(error_of(order("a__a.sum", "quick", "\"@nosuch\"")).message,
              HasSubstr("chip family '@nosuch'"));
}

// What a folder adds comes behind, so that it does not spoil the passes of the rest.
TEST(CounterOrders, AFoldersCountersComeBehind) {
  const auto folder =
      std::filesystem::temp_directory_path() /
      ("flashcore_order_" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "mine.toml")
      << replaced(of_counter("mine", "aa__first_by_name.sum"), "section = \"s\"", "section = \"memory\"");
  const auto catalogue = Catalogue::with_folder(folder);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(catalogue) << core::to_text(catalogue.error());
  const auto own = Catalogue::builtin()->counters_for("GH100", CounterSet::kStandard);
  auto with = catalogue->counters_for("GH100", CounterSet::kStandard);
  EXPECT_EQ(with.back(), "aa__first_by_name.sum");
  with.pop_back();
  EXPECT_EQ(with, own);
}

TEST(CounterOrders, OfTheBuiltinCatalogueNameEveryCounterOfTheStandardSet) {
  const Catalogue catalogue = Catalogue::builtin().value();
  for (const char* chip : {"GH100", "GA100", "GA102", "GA107", "AD102", "AD104", "GB100", "GB202"}) {
    const auto names = catalogue.counters_for(chip, CounterSet::kStandard);
    EXPECT_FALSE(std::is_sorted(names.begin(), names.end())) << chip << " has no order";
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "each once";
    // L2 and DRAM first: their passes are the dear ones.
    EXPECT_THAT(names.front(),
                ::testing::AnyOf(::testing::StartsWith("lts__"), ::testing::StartsWith("dram__")));
  }
}

}  // namespace
}  // namespace flashcore::analysis
