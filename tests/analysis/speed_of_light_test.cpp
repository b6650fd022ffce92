#include "analysis/speed_of_light.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

std::string metric(const std::string& id, const std::string& unit, const std::string& counter) {
  return "[[metric]]\nid = \"" + id + "\"\ntitle = \"T\"\nunit = \"" + unit +
         "\"\ndescription = \"D\"\ndirection = \"higher\"\nsection = \"s\"\nset = \"quick\"\n"
         "[[metric.formula]]\nchips = [\"*\"]\ncounters.n = \"" +
         counter + "\"\nformula = \"n\"\nexample = { n = 2 }\nexample_result = 2\n";
}

const std::string kChart =
    "[[section]]\nid = \"s\"\ntitle = \"S\"\ndescription = \"D\"\norder = 1\n" +
    metric("tensor", "%", "a__t.sum") + metric("exp", "%", "a__e.sum") + metric("hits", "%", "a__h.sum") +
    metric("moved", "B", "a__b.sum") + metric("rate", "B/s", "a__r.sum") +
    "[[bar]]\nid = \"tensor\"\ntitle = \"Tensor\"\nmetric = \"tensor\"\n"
    "[[bar]]\nid = \"exp\"\ntitle = \"Exp\"\nmetric = \"exp\"\n"
    "[[node]]\nid = \"sm\"\ntitle = \"SM\"\n"
    "[[node]]\nid = \"l1\"\ntitle = \"L1\"\nhit_rate = \"hits\"\n"
    "[[arrow]]\nfrom = \"l1\"\nto = \"sm\"\ntitle = \"loads\"\nbytes = \"moved\"\nthroughput = \"rate\"\n";

class SpeedOfLightTest : public ::testing::Test {
 protected:
  SpeedOfLight light(const core::RunRecord& run) {
    return speed_of_light(catalogue_, catalogue_.evaluate(run));
  }
  Catalogue catalogue_ = [] {
    auto catalogue = Catalogue::from_text({{"light.toml", kChart}});
    EXPECT_TRUE(catalogue) << (catalogue ? "" : catalogue.error().message);
    return std::move(catalogue).value();
  }();
};

TEST_F(SpeedOfLightTest, TheHighestBarBinds) {
  core::RunRecord run = sample_run();
  add_counter(run, "a__t.sum", 12);
  add_counter(run, "a__e.sum", 63.4);
  const SpeedOfLight l = light(run);
  ASSERT_EQ(l.bars.size(), 2u);
  EXPECT_EQ(l.bars[0].id, "tensor");
  EXPECT_EQ(l.bars[1].share.text, "63.4 %");
  EXPECT_EQ(l.bars[1].share.note, "cupti, 4 passes, CUPTI 130000");
  ASSERT_NE(l.binding(), nullptr);
  EXPECT_EQ(l.binding()->id, "exp");
  EXPECT_FALSE(l.bars[0].binding);
  EXPECT_TRUE(l.reason.empty());
}

// All wavefronts of shared memory are L1's too: its bar could never be the highest.
TEST(SpeedOfLightOfABuiltinRun, SharedMemoryIsMarkedWhereItIsMostOfL1) {
  const Catalogue catalogue = Catalogue::builtin().value();
  const auto marked = [&](double shared, double l1, double tensor) {
    core::RunRecord run = sample_run();
    const std::string peak = ".avg.pct_of_peak_sustained_elapsed";
    add_counter(run, "l1tex__data_pipe_lsu_wavefronts_mem_shared" + peak, shared);
    add_counter(run, "l1tex__data_pipe_lsu_wavefronts" + peak, l1);
    for (const char* other :
         {"l1tex__data_bank_reads", "l1tex__data_bank_writes", "l1tex__m_xbar2l1tex_read_sectors"})
      add_counter(run, other + peak, 1);
    add_counter(run, "sm__pipe_tensor_cycles_active" + peak, tensor);
    const SpeedOfLight light = speed_of_light(catalogue, catalogue.evaluate(run));
    EXPECT_EQ(
        std::count_if(light.bars.begin(), light.bars.end(), [](const SpeedBar& bar) { return bar.binding; }),
        1);
    return light.binding()->id + ": " + light.binding()->mark;
  };
  EXPECT_EQ(marked(66, 70, 10), "shared: most of L1, the highest: it binds");
  EXPECT_EQ(marked(36, 38, 10), "shared: most of L1, the highest");
  EXPECT_EQ(marked(20, 60, 10), "l1: the highest: it binds") << "a third of it";
  EXPECT_EQ(marked(40, 60, 50), "l1: the highest: it binds") << "the tensor pipe stands above the part";
  EXPECT_EQ(marked(66, 70, 80), "tensor: the highest: it binds");
}

TEST(SpeedOfLightOfABuiltinRun, WarpgroupProductsAndTmaHaveTheirArrows) {
  const Catalogue catalogue = Catalogue::builtin().value();
  core::RunRecord run = sample_run();
  const auto arrow = [&](const char* from, const char* to) -> std::optional<MemoryArrow> {
    for (const MemoryArrow& one : speed_of_light(catalogue, catalogue.evaluate(run)).arrows) {
      if (one.from == from && one.to == to) return one;
    }
    return std::nullopt;
  };
  add_counter(run, "gpu__time_duration.sum", 10000);
  add_counter(run, "smsp__sass_data_bytes_mem_shared_op_ld.sum", 7170);
  add_counter(run, "smsp__sass_data_bytes_mem_shared_op_ldsm.sum", 0);
  EXPECT_FALSE(arrow("shared", "sm")->bytes.value) << "what wgmma reads is missing";
  add_counter(run, "smsp__sass_data_bytes_mem_shared_op_gmma.sum", 17.3e6);
  EXPECT_EQ(arrow("shared", "sm")->bytes.text, "17.3 MB");
  EXPECT_EQ(arrow("shared", "sm")->throughput.text, "1.73 TB/s");
  EXPECT_FALSE(arrow("l2", "shared")) << "no dashed arrow for what the set does not hold";
  add_counter(run, "l1tex__m_xbar2l1tex_read_bytes_pipe_tma.sum", 4e6);
  EXPECT_EQ(arrow("l2", "shared")->bytes.text, "4.00 MB");
  run.device->chip = "GA100";
  run.device->compute_major = 8;
  EXPECT_FALSE(arrow("l2", "shared"));
  EXPECT_EQ(arrow("shared", "sm")->bytes.text, "7.17 kB");
}

TEST(SpeedOfLightOfABuiltinRun, SaysWhatTheCounterPassTook) {
  const Catalogue catalogue = Catalogue::builtin().value();
  core::RunRecord run = sample_run();
  const auto note = [&] { return speed_of_light(catalogue, catalogue.evaluate(run)).pass_note; };
  EXPECT_EQ(note(), "");
  add_counter(run, "gpu__time_duration.sum", 13984);
  EXPECT_EQ(note(), "counter pass: 13.98 µs (timed: 10.00 µs)");
  run.answer = core::Answer::kWrong;
  EXPECT_EQ(note(), "counter pass: 13.98 µs");
}

TEST_F(SpeedOfLightTest, WhatIsMissingStaysInItsPlaceAndBindsNothing) {
  core::RunRecord run = sample_run();
  add_counter(run, "a__t.sum", 12);
  const SpeedOfLight l = light(run);
  ASSERT_EQ(l.bars.size(), 2u);
  EXPECT_FALSE(l.bars[1].share.value);
  EXPECT_EQ(l.bars[1].share.text, "missing");
  EXPECT_NE(l.bars[1].share.note.find("a__e.sum was not collected"), std::string::npos);
  EXPECT_EQ(l.binding()->id, "tensor");
}

TEST_F(SpeedOfLightTest, TheChartHasItsNodesAndArrows) {
  core::RunRecord run = sample_run();
  add_counter(run, "a__h.sum", 88);
  add_counter(run, "a__b.sum", 4.19e6);
  const SpeedOfLight l = light(run);
  ASSERT_EQ(l.nodes.size(), 2u);
  EXPECT_TRUE(l.node("sm")->hit_rate.metric.empty()) << "a node of this kind has none";
  EXPECT_EQ(l.node("l1")->hit_rate.text, "88 %");
  EXPECT_EQ(l.node("dram"), nullptr);
  ASSERT_EQ(l.arrows.size(), 1u);
  EXPECT_EQ(l.arrows[0].bytes.text, "4.19 MB");
  EXPECT_EQ(l.arrows[0].throughput.text, "missing");
  EXPECT_EQ(l.binding(), nullptr);
  EXPECT_TRUE(l.reason.empty()) << "something is known";
}

TEST_F(SpeedOfLightTest, WithoutCountersThereIsAReason) {
  EXPECT_EQ(light(sample_run()).reason, "no counters were collected in this run");
  const Catalogue empty = Catalogue::from_text({}).value();
  EXPECT_FALSE(speed_of_light(empty, empty.evaluate(sample_run())).reason.empty());
}

}  // namespace
}  // namespace flashcore::analysis
