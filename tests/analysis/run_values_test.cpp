#include "analysis/run_values.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "analysis/run_analysis.h"
#include "tests/analysis/catalogue_texts.h"
#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

class RunValuesTest : public ::testing::Test {
 protected:
  Catalogue catalogue_ = Catalogue::builtin().value();
};

// Share of the peak and cycles follow the SMs, not NVML.
TEST_F(RunValuesTest, TheEffectiveClockDecidesShareOfThePeakAndCycles) {
  core::RunRecord run = sample_run();
  core::ClockRecord reading;
  reading.sm_mhz = 1980;
  measured(run, "timing").clocks.assign(3, reading);
  for (core::Sample& sample : measured(run, "timing").samples) sample.effective_clock_mhz = 1250;
  add_samples(run, core::SampleKind::kEmpty, 680, 3, 0);
  const RunAnalysis a = analyse(run, catalogue_);
  EXPECT_NEAR(a.metric("tensor_peak_fraction")->value.value(),
              100 * 536870912.0 / (10e-6 * 4096 * 132 * 1.25e9), 1e-9);
  EXPECT_DOUBLE_EQ(a.metric("duration_cycles")->value.value(), 12500);
  EXPECT_EQ(a.floor_ns, 680);
  EXPECT_EQ(a.graph_ns->n, 5) << "the floor is no sample of the run";
  const auto values = run_values(run);
  EXPECT_EQ(values.at("sm_clock_hz").value, 1.25e9);
  EXPECT_EQ(values.at("clock_is_nominal").value, 0);
  EXPECT_EQ(values.at("nominal_clock_hz").value, 1.98e9);
  EXPECT_EQ(values.at("sm_clock_max_hz").value, 1.98e9);
  EXPECT_EQ(values.at("empty_kernel_ns").value, 680);
  EXPECT_EQ(values.at("model_exps").value, 2097152);
  EXPECT_EQ(values.at("limit_ns").value, a.limit.ns);
  EXPECT_EQ(values.at("limit_share").value, a.limit.share);
  EXPECT_EQ(values.at("kernels").value, 1);
}

TEST_F(RunValuesTest, EveryRunVariableIsFilledOrSaysWhy) {
  for (const core::RunRecord& run : {sample_run(), imported_run(), core::RunRecord{}}) {
    const auto values = run_values(run);
    EXPECT_EQ(values.size(), run_variables().size());
    for (const RunVariable& variable : run_variables()) {
      ASSERT_TRUE(values.contains(variable.name)) << variable.name;
      const RunValue& value = values.find(variable.name)->second;
      EXPECT_EQ(value.value.has_value(), value.reason.empty()) << variable.name;
    }
  }
}

// A launch of three kernels: one alone is short, the sum of them is not.
class SeveralKernels : public RunValuesTest {
 protected:
  void SetUp() override {
    for (int k = 1; k < 3; ++k)
      run_.kernels.push_back({k, "more", core::Extent3{8, 8, 1}, core::Extent3{128, 1, 1}});
    auto& resources = measured(run_, "resources").resources;
    const core::ResourceRecord first = resources.front();
    resources.clear();
    for (const double theoretical : {0.1875, 1.0, 0.1875}) {
      resources.push_back(first);
      resources.back().kernel = static_cast<int>(resources.size()) - 1;
      resources.back().theoretical_occupancy = theoretical;
    }
    add("gpu__time_duration.sum", {5400, 4000, 4500});
    add("sm__warps_active.avg.pct_of_peak_sustained_active", {12, 80, 14});
    add("sm__cycles_active.sum", {700, 200, 100});
  }
  void add(const std::string& counter, const std::array<double, 3>& values) {
    for (std::size_t k = 0; k < 3; ++k) add_counter(run_, counter, values[k], static_cast<int>(k));
  }
  MetricValue value(const char* id) {
    for (MetricValue& one : catalogue_.evaluate(run_)) {
      if (one.metric->id == id) return one;
    }
    ADD_FAILURE() << id;
    return {};
  }
  core::RunRecord run_ = sample_run();
};

TEST_F(SeveralKernels, OccupancyIsReachedOfThatOverTheSameCycles) {
  const double theoretical = 0.7 * 18.75 + 0.2 * 100 + 0.1 * 18.75, achieved = 0.7 * 12 + 0.2 * 80 + 0.1 * 14;
  EXPECT_NEAR(value("theoretical_occupancy").value.value(), theoretical, 1e-9);
  EXPECT_NEAR(value("occupancy_reached").value.value(), 100 * achieved / theoretical, 1e-9) << "not 138 %";
  EXPECT_NE(value("theoretical_occupancy").provenance.find("weighted by sm__cycles_active.sum"),
            std::string::npos);
  EXPECT_NE(value("blocks_per_sm").reason.find("see the kernels"), std::string::npos);
  auto& counters = measured(run_, "cupti").counters;
  std::erase_if(counters, [](const auto& c) { return c.name == "sm__cycles_active.sum"; });
  EXPECT_NE(value("theoretical_occupancy").provenance.find("weighted by time"), std::string::npos);
  counters.clear();
  EXPECT_NE(value("theoretical_occupancy").reason.find("nothing was counted that weighs"), std::string::npos);
}

TEST_F(SeveralKernels, OneShortKernelSpoilsTheClock) {
  add("sm__cycles_elapsed.avg.per_second", {1.8e9, 1.9e9, 1.7e9});
  EXPECT_EQ(run_values(run_).at("shortest_kernel_ns").value, 4000);
  EXPECT_EQ(value("counter_duration").value, 13900);
  EXPECT_FALSE(value("counter_sm_clock").value);
  EXPECT_NE(value("counter_sm_clock").reason.find("less than 10 us"), std::string::npos);
}

// The largest of means is not the mean of the largest: 24.36 against 25.88 of a real launch of cublas.
TEST_F(SeveralKernels, ExtremesAreTakenKernelByKernel) {
  const std::string peak = ".avg.pct_of_peak_sustained_elapsed";
  add("lts__t_tag_requests" + peak, {30, 5, 2});
  add("lts__t_sectors" + peak, {10, 29, 4});
  add("lts__d_sectors" + peak, {1, 1, 13});
  add("lts__xbar2lts_cycles_active" + peak, {0, 0, 0});
  add("lts__lts2xbar_cycles_active_realtime" + peak, {2, 2, 2});
  const MetricValue busiest = value("l2_throughput");
  EXPECT_NEAR(busiest.value.value(), (30 * 5400.0 + 29 * 4000 + 13 * 4500) / 13900, 1e-9);
  EXPECT_TRUE(busiest.provenance.ends_with(", kernel by kernel")) << busiest.provenance;
}

TEST_F(SeveralKernels, ExtremesOfCountsAddUp) {
  const MetricFormula* formula = catalogue_.find("tensor_mma_instructions")->formula_for("GH100");
  ASSERT_EQ(formula->counters.size(), 3u) << formula->formula;
  add(formula->counters.at("hmma"), {100, 40, 7});
  add(formula->counters.at("gmma"), {90, 60, 0});
  add(formula->counters.at("hfma2"), {0, 0, 2});
  EXPECT_EQ(value("tensor_mma_instructions").value, 10 + 0 + 5) << "not max(147 - 152, 0)";
  // One value of the launch as a whole stays what it is.
  measured(run_, "cupti").counters.clear();
  for (const auto& [name, counter] : formula->counters) add_counter(run_, counter, name == "hmma" ? 9 : 2);
  EXPECT_EQ(value("tensor_mma_instructions").value, 5);
}

// A clock that no chip has (a kernel under 10 us between two stamps of a counter) is no value.
TEST_F(RunValuesTest, AGuardLeavesOutWhatMeansNothing) {
  const auto with_guard = [](const std::string& when) {
    const std::string guarded = replaced(
        metric_text(), "[[metric.formula]]",
        "[[metric.guard]]\nwhen = \"" + when + "\"\nreason = \"it means nothing\"\n[[metric.formula]]");
    return replaced(guarded, "{ n = 2 }", "{ n = 2, kernels = 1, sm_clock_max_hz = 2e12 }");
  };
  const auto value = [&](const std::string& when, const core::RunRecord& run) {
    using Pair = std::pair<std::optional<double>, std::string>;
    const auto catalogue = Catalogue::from_text({{"m.toml", kSection + with_guard(when)}});
    if (!catalogue) return Pair(std::nullopt, catalogue.error().message);
    const MetricValue of_run = catalogue->evaluate(run).front();
    return Pair(of_run.value, of_run.reason);
  };
  core::RunRecord run = sample_run();
  add_counter(run, "a__b.sum", 50);
  using Pair = std::pair<std::optional<double>, std::string>;
  EXPECT_EQ(value("value > 99", run), Pair(std::nullopt, "it means nothing"));
  EXPECT_EQ(value("value > 100", run), Pair(100, ""));
  EXPECT_EQ(value("n >= 50", run), Pair(std::nullopt, "it means nothing")) << "a counter of the metric";
  core::RunRecord many = run;
  many.kernels.push_back({1, "second", {}, {}});
  add_counter(many, "a__b.sum", 25, 0);
  EXPECT_EQ(value("kernels > 1.5", many).second, "it means nothing") << "a variable of the run";
  EXPECT_EQ(value("kernels > 1.5", run), Pair(100, ""));
  run.device.reset();
  EXPECT_EQ(value("value > sm_clock_max_hz - 1e12", run), Pair(100, ""))
      << "what is unknown cannot be passed";
}

}  // namespace
}  // namespace flashcore::analysis
