#include "analysis/run_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

using ::testing::HasSubstr;

class RunAnalysisTest : public ::testing::Test {
 protected:
  RunAnalysis analysed(core::RunRecord run) { return analyse(std::move(run), catalogue_); }
  const MetricValue& metric(const RunAnalysis& analysis, const char* id) {
    const MetricValue* value = analysis.metric(id);
    EXPECT_NE(value, nullptr) << id;
    static const MetricValue kNone;
    return value != nullptr ? *value : kNone;
  }
  Catalogue catalogue_ = Catalogue::builtin().value();
};

TEST_F(RunAnalysisTest, MetricsOfARightRun) {
  core::RunRecord run = sample_run();
  add_counter(run, "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active", 12.5);
  add_counter(run, "sm__warps_active.avg.pct_of_peak_sustained_active", 20);
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum", 536870912);
  add_counter(run, "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp16.sum", 0);
  add_counter(run, "sm__ops_path_tensor_op_hgmma_src_fp16.sum", 536870912);
  const RunAnalysis a = analysed(run);
  ASSERT_TRUE(a.graph_ns);
  EXPECT_EQ(a.graph_ns->p50, 10000);
  EXPECT_EQ(a.launch_ns->p50, 30000);
  EXPECT_EQ(metric(a, "tensor_pipe_active").value, 12.5);
  EXPECT_EQ(metric(a, "tensor_pipe_active").provenance, "cupti, 4 passes, CUPTI 130000");
  EXPECT_EQ(metric(a, "tensor_f16_ops").value, 1073741824) << "mma and wgmma are both counted";
  EXPECT_EQ(metric(a, "tensor_work_ratio").value, 2);
  EXPECT_EQ(metric(a, "tensor_work_ratio").provenance, "cupti, 4 passes, CUPTI 130000 + model");
  EXPECT_EQ(metric(a, "occupancy_reached").value, 80);
  EXPECT_EQ(metric(a, "theoretical_occupancy").value, 25);
  EXPECT_EQ(metric(a, "theoretical_occupancy").provenance, "resources (driver+ptxas), limited by shared");
  EXPECT_EQ(metric(a, "waves").value, 1);
  EXPECT_NEAR(metric(a, "achieved_flops").value.value(), 53.6870912e12, 1);
  EXPECT_EQ(metric(a, "achieved_flops").provenance, "model + timing (graph p50 of 5)");
  EXPECT_NEAR(metric(a, "duration_cycles").value.value(), 19800, 1e-6);
  EXPECT_EQ(a.metrics.size(), catalogue_.metrics().size());
  EXPECT_EQ(a.metric("nonsense"), nullptr);
}

TEST_F(RunAnalysisTest, EveryMetricHasAValueOrAReason) {
  core::RunRecord odd = sample_run();
  odd.device->chip = "";
  odd.device->compute_major = 0;
  core::RunRecord old = sample_run();
  old.device->chip = "GV100";
  for (const core::RunRecord& run : {sample_run(), core::RunRecord{}, odd, old}) {
    for (const MetricValue& value : analysed(run).metrics) {
      EXPECT_EQ(value.value.has_value(), value.reason.empty()) << value.metric->id << " " << value.reason;
      EXPECT_EQ(value.value.has_value(), value.value && !value.provenance.empty()) << value.metric->id;
    }
  }
}

TEST_F(RunAnalysisTest, AWrongOrUncheckedRunHasNoTiming) {
  core::RunRecord wrong = sample_run();
  wrong.answer = core::Answer::kWrong;
  add_counter(wrong, "dram__bytes.sum", 5);
  core::RunRecord unchecked = sample_run();
  unchecked.answer = core::Answer::kUnchecked;
  const std::pair<core::RunRecord, const char*> cases[] = {{wrong, "the answer is wrong"},
                                                           {unchecked, "the answer was not checked"}};
  for (const auto& [run, why] : cases) {
    const RunAnalysis a = analysed(run);
    EXPECT_FALSE(a.graph_ns);
    EXPECT_FALSE(a.launch_ns);
    for (const char* id : {"duration", "launch_duration", "achieved_flops", "tensor_peak_fraction"}) {
      EXPECT_FALSE(metric(a, id).value) << id;
      EXPECT_THAT(metric(a, id).reason, HasSubstr(why)) << id;
    }
    EXPECT_TRUE(a.roofline.points.empty());
  }
  EXPECT_EQ(metric(analysed(wrong), "dram_bytes").value, 5) << "counters stay";
}

TEST_F(RunAnalysisTest, ReasonsForMissingCounters) {
  core::RunRecord run = sample_run();
  EXPECT_EQ(metric(analysed(run), "dram_bytes").reason, "no counters were collected in this run");

  core::DiagnosticRecord refused;
  refused.code = "counters_refused";
  refused.message = "the driver lets administrators alone read counters";
  run.diagnostics.push_back(refused);
  EXPECT_EQ(metric(analysed(run), "dram_bytes").reason,
            "counters were refused: the driver lets administrators alone read counters");

  add_counter(run, "dram__bytes.sum", std::nullopt);
  measured(run, "cupti").counters.back().reason = "another profiler holds them";
  EXPECT_EQ(metric(analysed(run), "dram_bytes").reason,
            "counter dram__bytes.sum: another profiler holds them");
  EXPECT_THAT(metric(analysed(run), "l1_bytes").reason, HasSubstr("belongs to the counter set 'standard'"));

  run.device->chip = "GA100";
  EXPECT_THAT(metric(analysed(run), "stall_gmma").reason, HasSubstr("GA100 has no counters for it"));
}

TEST_F(RunAnalysisTest, DivisionByZeroIsMissingAndNoZero) {
  core::RunRecord run = sample_run();
  add_counter(run, "lts__t_sectors_lookup_hit.sum", 0);
  add_counter(run, "lts__t_sectors.sum", 0);
  EXPECT_FALSE(metric(analysed(run), "l2_hit_rate").value);
  EXPECT_THAT(metric(analysed(run), "l2_hit_rate").reason, HasSubstr("divides by zero"));
}

// A run without counters whose collector says why.
TEST_F(RunAnalysisTest, AMeasurementThatFailedSaysWhyThereAreNoCounters) {
  core::RunRecord run = sample_run();
  measured(run, "cupti").status = core::MeasurementStatus::kFailed;
  measured(run, "cupti").reason = "its process died";
  EXPECT_EQ(metric(analysed(run), "dram_bytes").reason,
            "the measurement by cupti is failed: its process died");
}

TEST_F(RunAnalysisTest, KernelsOfALaunchAreAggregated) {
  core::RunRecord run = sample_run();
  run.kernels.resize(3);
  for (int k = 0; k < 3; ++k) {
    run.kernels[k].ordinal = k;
    add_counter(run, "gpu__time_duration.sum", 1000.0 * (k + 1), k);
    add_counter(run, "dram__bytes.sum", 600, k);
  }
  const RunAnalysis a = analysed(run);
  EXPECT_EQ(metric(a, "dram_bytes").value, 1800);
  EXPECT_EQ(metric(a, "counter_duration").value, 6000);
  EXPECT_EQ(metric(a, "dram_bandwidth").value, 1800 / 6e-6);
  ASSERT_EQ(a.kernels.size(), 3u);
  EXPECT_EQ(a.kernels[2].ns, 3000);
  EXPECT_EQ(a.kernels[2].share, 0.5);
  EXPECT_EQ(a.kernels[2].note, "cupti, 4 passes, CUPTI 130000");
}

TEST_F(RunAnalysisTest, TimesOfKernelsAreWholeOrHaveNoShare) {
  core::RunRecord run = sample_run();
  EXPECT_FALSE(analysed(run).kernels.at(0).ns);
  EXPECT_EQ(analysed(run).kernels.at(0).note, "gpu__time_duration.sum was not counted for this kernel");
  add_counter(run, "gpu__time_duration.sum", 9000);
  EXPECT_EQ(analysed(run).kernels.at(0).ns, 9000) << "one range for the launch is that of its only kernel";
  EXPECT_EQ(analysed(run).kernels.at(0).share, 1);
  run = sample_run();
  run.kernels.push_back({1, "second", {}, {}});
  add_counter(run, "gpu__time_duration.sum", 9000, 0);
  const RunAnalysis a = analysed(run);
  EXPECT_EQ(a.kernels.at(0).ns, 9000);
  EXPECT_FALSE(a.kernels[0].share) << "the other's time is not known";
  EXPECT_FALSE(a.kernels[1].ns);
}

TEST_F(RunAnalysisTest, ResourcesOfSeveralKernels) {
  core::RunRecord run = sample_run();
  core::ResourceRecord second = measured(run, "resources").resources.front();
  second.kernel = 1;
  second.registers = 40;
  run.kernels.push_back({1, "second", core::Extent3{2, 2, 1}, core::Extent3{128, 1, 1}});
  second.theoretical_occupancy = 1.0;
  second.spill_store_bytes.reset();
  measured(run, "resources").resources.push_back(second);
  const RunAnalysis a = analysed(run);
  EXPECT_EQ(metric(a, "kernels").value, 2);
  EXPECT_EQ(metric(a, "registers").value, 168);
  EXPECT_EQ(metric(a, "grid_blocks").value, 268);
  EXPECT_FALSE(metric(a, "theoretical_occupancy").value) << "nothing weighs the two";
  EXPECT_FALSE(metric(a, "blocks_per_sm").value) << "each has its own";
  EXPECT_FALSE(metric(a, "spill_bytes").value) << "unknown for one kernel is unknown for the launch";
  EXPECT_FALSE(metric(a, "spill_bytes").reason.empty());
}

TEST_F(RunAnalysisTest, BaseIsTheLowestRungThatHasATiming) {
  const auto run_of = [&](const char* id, int rung, double ns, bool reference = false) {
    core::RunRecord run = sample_run();
    run.subject.name = id;
    run.subject.ladder = core::LadderRecord{rung, reference};
    measured(run, "timing").samples.clear();
    add_samples(run, core::SampleKind::kGraph, ns, 3, 1980);
    return analysed(run);
  };
  std::vector<RunAnalysis> all{run_of("cublas", 0, 50, true), run_of("wmma", 2, 1000),
                               run_of("baseline", 1, 4000)};
  ASSERT_NE(base_of(all[1], all), nullptr);
  EXPECT_EQ(base_of(all[1], all)->run.subject.name, "baseline");
  EXPECT_EQ(base_of(all[0], all)->run.subject.name, "baseline") << "references are compared, and no base";
  EXPECT_EQ(speedup(all[1], all[2]), 4.0);
  EXPECT_EQ(speedup(all[2], all[2]), 1.0);

  core::RunRecord wrong = all[2].run;
  wrong.answer = core::Answer::kWrong;
  all[2] = analysed(wrong);
  EXPECT_EQ(base_of(all[1], all)->run.subject.name, "wmma");
  EXPECT_FALSE(speedup(all[1], all[2]));

  core::RunRecord other = all[1].run;
  other.problem = *core::parse_problem("mission,causal");
  const RunAnalysis causal = analysed(other);
  EXPECT_EQ(base_of(causal, all), nullptr) << "another problem";
  EXPECT_FALSE(speedup(causal, all[1]));
}

TEST_F(RunAnalysisTest, TheBaseOfTheSameSessionIsPreferred) {
  core::RunRecord old = sample_run();
  old.id = 1;
  core::RunRecord fresh = sample_run();
  fresh.id = 2;
  fresh.session_id = 2;
  std::vector<RunAnalysis> all{analysed(old), analysed(fresh)};
  EXPECT_EQ(base_of(all[1], all)->run.id, 2);
  EXPECT_EQ(base_of(all[0], all)->run.id, 1);
}

TEST_F(RunAnalysisTest, ThirtyRunsAreAnalysedQuickly) {
  core::RunRecord run = sample_run();
  for (const std::string& name : catalogue_.counters_for("GH100", CounterSet::kFull))
    add_counter(run, name, 1000);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(analysed(run).metrics.empty());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("30 runs take %.1f ms\n", took.count());
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(took.count(), 200);
#endif
}

TEST_F(RunAnalysisTest, AFullRunFillsEverySection) {
  core::RunRecord run = sample_run();
  measured(run, "resources").resources.front().stack_bytes = 0;
  measured(run, "resources").resources.front().binary_bytes = 24576;
  add_samples(run, core::SampleKind::kEmpty, 680, 3, 0);
  core::ClockRecord reading;
  reading.sm_mhz = 1980;
  measured(run, "timing").clocks.push_back(reading);
  for (const std::string& name : catalogue_.counters_for("GH100", CounterSet::kFull))
    add_counter(run, name, name == "gpu__time_duration.sum" ? 1e6 : 1000);
  for (const MetricValue& value : analysed(run).metrics) {
    if (value.metric->formula_for("GH100") == nullptr) continue;
    EXPECT_TRUE(value.value) << value.metric->id << ": " << value.reason;
  }
}

TEST_F(RunAnalysisTest, AnImportShowsWhatItsToolCounted) {
  const RunAnalysis a = analysed(imported_run());
  ASSERT_TRUE(a.time);
  EXPECT_EQ(a.time->ns, 20000);
  EXPECT_EQ(a.time->source, "gpu__time_duration.sum, ncu");
  EXPECT_TRUE(a.time->counted);
  EXPECT_FALSE(a.graph_ns);
  EXPECT_EQ(metric(a, "dram_bytes").value, 4e6);
  EXPECT_EQ(metric(a, "dram_bytes").provenance, "ncu, Nsight Compute 2025.3");
  EXPECT_FALSE(metric(a, "model_flops").value) << "no model is no zero";
  EXPECT_EQ(metric(a, "model_flops").reason, "model_flops: the run carries no FLOP model");
  EXPECT_EQ(metric(a, "grid_blocks").value, 32);
  EXPECT_EQ(run_label(a.run), "ampere_sgemm_128x64_nn");
}

TEST_F(RunAnalysisTest, ATimedRunHasItsGraphMedianInTheHeadline) {
  core::RunRecord run = sample_run();
  add_counter(run, "gpu__time_duration.sum", 77777);
  const RunAnalysis a = analysed(run);
  ASSERT_TRUE(a.time);
  EXPECT_EQ(a.time->ns, 10000);
  EXPECT_EQ(a.time->source, "graph p50 of 5");
  EXPECT_FALSE(a.time->counted);
  EXPECT_EQ(run_label(run), "wmma on mission");
  run.cache = core::CacheState::kCold;
  EXPECT_EQ(run_label(run), "wmma on mission, cold caches");
  run.answer = core::Answer::kUnchecked;
  EXPECT_FALSE(analysed(run).time);
}

TEST_F(RunAnalysisTest, RunsAreComparedOnOneProblemAndOneClassOfDevice) {
  const core::RunRecord a = sample_run();
  core::RunRecord other_card = a;
  other_card.device->uuid = "GPU-2";
  EXPECT_TRUE(comparable(a, other_card)) << "another card of the same class";
  EXPECT_TRUE(speedup(analysed(a), analysed(other_card)));
  core::RunRecord other_class = a;
  other_class.device->sm_count = 114;
  EXPECT_FALSE(comparable(a, other_class));
  core::RunRecord unknown = a;
  unknown.device.reset();
  EXPECT_FALSE(comparable(a, unknown));
  core::RunRecord cold = a;
  cold.cache = core::CacheState::kCold;
  EXPECT_FALSE(comparable(a, cold));
  EXPECT_FALSE(speedup(analysed(a), analysed(cold)));
  EXPECT_EQ(base_of(analysed(cold), {analysed(a)}), nullptr);
  EXPECT_TRUE(comparable(cold, cold));
  core::RunRecord unsaid = a;
  unsaid.cache.reset();
  EXPECT_FALSE(comparable(a, unsaid));
  core::RunRecord nothing = a;
  nothing.problem.reset();
  EXPECT_FALSE(comparable(nothing, nothing)) << "two runs that do not say what they computed";
  EXPECT_FALSE(speedup(analysed(nothing), analysed(nothing)));
  EXPECT_EQ(base_of(analysed(nothing), {analysed(nothing)}), nullptr);
}

// Where only the compute capability is known the formulas of that architecture are taken.
TEST_F(RunAnalysisTest, AnUnnamedChipIsReadByItsComputeCapability) {
  core::RunRecord run = imported_run();
  run.device->chip.clear();
  EXPECT_EQ(metric(analysed(run), "flops_fp32").value, 1e9);
  run.device.reset();
  const RunAnalysis unknown = analysed(run);
  EXPECT_FALSE(metric(unknown, "flops_fp32").value);
  EXPECT_EQ(metric(unknown, "flops_fp32").reason, "the run does not say which device it ran on");
  EXPECT_EQ(metric(analysed(run), "dram_bytes").value, 4e6) << "one formula for all chips";
}

}  // namespace
}  // namespace flashcore::analysis
