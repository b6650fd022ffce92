#include "analysis/aggregate.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/analysis/sample_run.h"

namespace flashcore::analysis {
namespace {

const std::string kTime(kKernelDurationCounter);

TEST(Aggregate, OneRangeForTheLaunchIsTakenAsItIs) {
  core::RunRecord run;
  add_counter(run, "dram__bytes.sum", 100);
  const auto counters = aggregate_counters(run);
  ASSERT_TRUE(counters.contains("dram__bytes.sum"));
  EXPECT_EQ(counters.at("dram__bytes.sum").value, 100);
  EXPECT_EQ(counters.at("dram__bytes.sum").kernels, 1);
  EXPECT_EQ(counters.at("dram__bytes.sum").passes, 4);
}

TEST(Aggregate, RulesFollowTheEndOfTheName) {
  core::RunRecord run;
  const double time[] = {100, 300, 600};
  const double value[] = {10, 20, 30};
  for (int k = 0; k < 3; ++k) {
    add_counter(run, kTime, time[k], k);
    for (const char* name : {"a__x.sum", "a__x.max", "a__x.min", "a__x.avg", "a__x.ratio",
                             "a__x.sum.per_second", "a__x.sum.peak_sustained"}) {
      add_counter(run, name, value[k], k);
    }
    add_counter(run, "a__y.sum.peak_sustained", 128, k);
  }
  const auto counters = aggregate_counters(run);
  EXPECT_EQ(counters.at(kTime).value, 1000);
  EXPECT_EQ(counters.at("a__x.sum").value, 60);
  EXPECT_EQ(counters.at("a__x.avg").value, 60) << "an average over units of a count adds up";
  EXPECT_EQ(counters.at("a__x.max").value, 30);
  EXPECT_EQ(counters.at("a__x.min").value, 10);
  EXPECT_EQ(counters.at("a__y.sum.peak_sustained").value, 128);
  EXPECT_TRUE(counters.at("a__y.sum.peak_sustained").weighted_by.empty());
  // (10 * 100 + 20 * 300 + 30 * 600) / 1000
  for (const char* name : {"a__x.ratio", "a__x.sum.per_second", "a__x.sum.peak_sustained"}) {
    EXPECT_EQ(counters.at(name).value, 25) << name;
    EXPECT_EQ(counters.at(name).kernels, 3);
    EXPECT_EQ(counter_provenance(counters.at(name)),
              "cupti, 4 passes, CUPTI 130000, 3 kernels aggregated, weighted by time");
  }
}

struct PerKernel {
  const char* counter;
  double values[3];
};

// One launch of `cublas` on mission, kernel by kernel, as CUPTI counted it on an H200: a product, the
// softmax, a product.
core::RunRecord cublas_on_mission(std::initializer_list<PerKernel> more) {
  core::RunRecord run;
  const std::initializer_list<PerKernel> always{
      {"gpu__time_duration.sum", {5152, 10688, 4576}},
      {"sm__warps_active.avg.pct_of_peak_sustained_active",
       {10.5569381739986, 86.0070402534735, 13.8865139078887}},
      {"sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active",
       {8.76412187606984, 0, 16.5614280997082}},
      {"sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed",
       {5.04000566016261, 0, 6.70544708437469}},
      {"l1tex__throughput.avg.pct_of_peak_sustained_active",
       {37.4556016775077, 44.9524704076185, 21.4095902996323}},
      {"sm__warps_active.sum", {5052304, 125058530, 3956470}}};
  for (const auto& counters : {always, more}) {
    for (const PerKernel& counter : counters) {
      for (int k = 0; k < 3; ++k) add_counter(run, counter.counter, counter.values[k], k);
    }
  }
  return run;
}
const PerKernel kActive{"sm__cycles_active.sum", {747776, 2271953, 445179}};
const PerKernel kElapsed{"sm__cycles_elapsed.sum", {1300316, 2750140, 1099524}};
const PerKernel kClock{"sm__cycles_elapsed.avg.per_second",
                       {1912049454.16902, 1949325780.25767, 1820307533.37572}};

// By time this launch had an occupancy of 50.8 % and 5.9 % of tensor activity, for its products keep most SMs
// idle most of their time.
TEST(Aggregate, SharesOfActiveCyclesAreWeighedByThem) {
  const auto counters = aggregate_counters(cublas_on_mission({kActive, kElapsed}));
  const LaunchCounter& occupancy = counters.at("sm__warps_active.avg.pct_of_peak_sustained_active");
  EXPECT_NEAR(occupancy.value.value(), 60.46, 0.01);
  // The same from the counts: warps over 64 a cycle.
  EXPECT_NEAR(occupancy.value.value(),
              100 * counters.at("sm__warps_active.sum").value.value() /
                  (64 * counters.at("sm__cycles_active.sum").value.value()),
              0.01);
  EXPECT_EQ(occupancy.weighted_by, "sm__cycles_active.sum");
  EXPECT_EQ(counter_provenance(occupancy),
            "cupti, 4 passes, CUPTI 130000, 3 kernels aggregated, weighted by sm__cycles_active.sum");
  // 131072 tensor cycles of 3464908 active ones.
  const LaunchCounter& tensor = counters.at("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active");
  EXPECT_NEAR(tensor.value.value(), 100.0 * 139264 / 3464908, 0.001);
  EXPECT_NEAR(counters.at("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed").value.value(),
              100.0 * 139264 / 5149980, 0.001);
}

TEST(Aggregate, ElapsedCyclesFollowFromTheClockWhereTheyWereNotCounted) {
  const auto counters = aggregate_counters(cublas_on_mission({kActive, kClock}));
  const LaunchCounter& tensor =
      counters.at("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed");
  EXPECT_EQ(tensor.weighted_by, "sm__cycles_elapsed.avg");
  EXPECT_NEAR(tensor.value.value(), 100.0 * 139264 / 5149980, 0.02);
}

TEST(Aggregate, AnotherClockStandsInAndTimeIsTheLastResort) {
  auto counters = aggregate_counters(cublas_on_mission({kActive}));
  EXPECT_EQ(counters.at("l1tex__throughput.avg.pct_of_peak_sustained_active").weighted_by,
            "sm__cycles_active.sum")
      << "L1 is a part of the SM";
  counters = aggregate_counters(cublas_on_mission({}));
  const LaunchCounter& occupancy = counters.at("sm__warps_active.avg.pct_of_peak_sustained_active");
  EXPECT_NEAR(occupancy.value.value(), 50.80, 0.01);
  EXPECT_EQ(counter_provenance(occupancy),
            "cupti, 4 passes, CUPTI 130000, 3 kernels aggregated, weighted by time");
}

TEST(Aggregate, AWeightThatAKernelLacksIsNoWeight) {
  core::RunRecord run = cublas_on_mission({});
  add_counter(run, "sm__cycles_active.sum", 747776, 0);
  add_counter(run, "sm__cycles_active.sum", std::nullopt, 1);
  add_counter(run, "sm__cycles_active.sum", 445179, 2);
  const auto counters = aggregate_counters(run);
  EXPECT_NEAR(counters.at("sm__warps_active.avg.pct_of_peak_sustained_active").value.value(), 50.80, 0.01);
}

TEST(Aggregate, WeightsOfNothingLeaveNothing) {
  core::RunRecord run;
  for (int k = 0; k < 2; ++k) {
    add_counter(run, "l1tex__t_sector_hit_rate.pct", 0, k);
    add_counter(run, "l1tex__t_sectors.sum", 0, k);
  }
  const auto counters = aggregate_counters(run);
  EXPECT_FALSE(counters.at("l1tex__t_sector_hit_rate.pct").value) << "no sector was looked up: no rate";
  EXPECT_NE(counters.at("l1tex__t_sector_hit_rate.pct").reason.find("l1tex__t_sectors.sum is 0"),
            std::string::npos);
}

TEST(Aggregate, AMeanWithoutDurationsIsMissing) {
  core::RunRecord run;
  add_counter(run, "a__x.ratio", 1, 0);
  add_counter(run, "a__x.ratio", 3, 1);
  add_counter(run, "a__x.sum", 1, 0);
  add_counter(run, "a__x.sum", 3, 1);
  const auto counters = aggregate_counters(run);
  EXPECT_FALSE(counters.at("a__x.ratio").value);
  EXPECT_NE(counters.at("a__x.ratio").reason.find("gpu__time_duration.sum"), std::string::npos);
  EXPECT_EQ(counters.at("a__x.sum").value, 4);
}

TEST(Aggregate, MissingForOneKernelIsMissingForTheLaunch) {
  core::RunRecord run;
  add_counter(run, "a__x.sum", 1, 0);
  add_counter(run, "a__x.sum", 3, 1);
  measured(run, "cupti").counters.back().value.reset();
  measured(run, "cupti").counters.back().reason = "the chip does not know it";
  add_counter(run, "a__y.sum", 1, 0);
  const auto counters = aggregate_counters(run);
  EXPECT_FALSE(counters.at("a__x.sum").value);
  EXPECT_EQ(counters.at("a__x.sum").reason, "kernel 1 of 2: the chip does not know it");
  EXPECT_FALSE(counters.at("a__y.sum").value) << "taken for one of two kernels";
}

TEST(Aggregate, NotANumberIsMissing) {
  core::RunRecord run;
  add_counter(run, "a__x.sum", std::numeric_limits<double>::quiet_NaN());
  add_counter(run, "a__y.sum", std::numeric_limits<double>::infinity());
  for (const auto& [name, counter] : aggregate_counters(run)) {
    EXPECT_FALSE(counter.value) << name;
    EXPECT_NE(counter.reason.find("finite"), std::string::npos);
  }
}

// ncu's own sets keep rates; the work is in them.
TEST(Aggregate, SumsAreDerivedFromRatesWhereTheyWereNotKept) {
  core::RunRecord run;
  add_counter(run, kTime, 2000, 0, "ncu");
  add_counter(run, "dram__bytes.sum.per_second", 3e12, 0, "ncu");
  add_counter(run, "smsp__x.sum.per_cycle_elapsed", 100, 0, "ncu");
  add_counter(run, "smsp__cycles_elapsed.avg.per_second", 1.5e9, 0, "ncu");
  add_counter(run, "lts__t.sum.per_cycle_elapsed", 100, 0, "ncu");
  const auto counters = aggregate_counters(run);
  EXPECT_DOUBLE_EQ(counters.at("dram__bytes.sum").value.value(), 6e6);
  EXPECT_EQ(counter_provenance(counters.at("dram__bytes.sum")),
            "ncu, Nsight Compute 2025.3, from dram__bytes.sum.per_second");
  EXPECT_DOUBLE_EQ(counters.at("smsp__x.sum").value.value(), 3e5);  // 100 a cycle, 3000 cycles
  EXPECT_FALSE(counters.contains("lts__t.sum")) << "the clock of its unit is not known";
}

TEST(Aggregate, WhatWasCountedGoesBeforeWhatIsDerived) {
  core::RunRecord run;
  add_counter(run, kTime, 2000, 0, "cupti");
  add_counter(run, "dram__bytes.sum.per_second", 3e12, 0, "cupti");
  add_counter(run, "dram__bytes.sum", 5e6, 0, "ncu");
  const auto counters = aggregate_counters(run);
  EXPECT_DOUBLE_EQ(counters.at("dram__bytes.sum").value.value(), 5e6);
  ASSERT_EQ(counters.at("dram__bytes.sum").others.size(), 1u);
  EXPECT_DOUBLE_EQ(counters.at("dram__bytes.sum").others[0].value.value(), 6e6);
}

TEST(Aggregate, DramBytesAreReadsAndWrites) {
  core::RunRecord run;
  add_counter(run, "dram__bytes_read.sum", 3);
  EXPECT_FALSE(aggregate_counters(run).contains("dram__bytes.sum"));
  add_counter(run, "dram__bytes_write.sum", 4);
  EXPECT_EQ(aggregate_counters(run).at("dram__bytes.sum").value, 7);
}

// Formulas ask for parts that older runs and ncu hold otherwise.
TEST(Aggregate, APartIsTheRestWhereNothingIsLost) {
  const std::string all = "sm__ops_path_tensor_op_hmma_src_fp16.sum";
  const std::string f32 = "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum";
  const std::string f16 = "sm__ops_path_tensor_op_hmma_src_fp16_dst_fp16.sum";
  core::RunRecord run;
  add_counter(run, all, 100);
  EXPECT_FALSE(aggregate_counters(run).contains(f16));
  add_counter(run, f32, 60);
  EXPECT_EQ(aggregate_counters(run).at(f16).value, 40);
  EXPECT_EQ(aggregate_counters(run).at(f16).derived_from, all + " and " + f32);
  measured(run, "cupti").counters.back().value = 101;
  EXPECT_FALSE(aggregate_counters(run).contains(f16)) << "less than nothing is no count";

  core::RunRecord traffic;
  add_counter(traffic, "dram__bytes.sum", 100);
  add_counter(traffic, "dram__bytes_read.sum", 60);
  EXPECT_FALSE(aggregate_counters(traffic).contains("dram__bytes_write.sum"))
      << "two passes see different traffic";
  add_counter(traffic, "lts__t_sectors_lookup_hit.sum", 9);
  add_counter(traffic, "lts__t_sectors_lookup_miss.sum", 1);
  EXPECT_EQ(aggregate_counters(traffic).at("lts__t_sectors.sum").value, 10);
}

core::MeasurementRecord counted(const std::string& collector, std::optional<double> value,
                                core::MeasurementStatus status = core::MeasurementStatus::kComplete) {
  core::MeasurementRecord m;
  m.collector = collector;
  m.tool = collector == "cupti" ? "CUPTI" : "Nsight Compute";
  m.tool_version = "1";
  m.status = status;
  m.counters.push_back({"dram__bytes.sum", std::nullopt, value, value ? "" : "why not"});
  return m;
}

double winner(std::vector<core::MeasurementRecord> measurements) {
  core::RunRecord run;
  run.measurements = std::move(measurements);
  const auto counters = aggregate_counters(run);
  EXPECT_EQ(counters.at("dram__bytes.sum").others.size(), run.measurements.size() - 1);
  return counters.at("dram__bytes.sum").value.value_or(-1);
}

TEST(SeveralMeasurements, TheRulesSayWhichWins) {
  using enum core::MeasurementStatus;
  EXPECT_EQ(winner({counted("ncu", 1), counted("cupti", 2)}), 2) << "cupti before ncu";
  EXPECT_EQ(winner({counted("cupti", 2), counted("ncu", 1)}), 2);
  EXPECT_EQ(winner({counted("ncu", 1), counted("other", 2)}), 1) << "ncu before others";
  EXPECT_EQ(winner({counted("cupti", 1), counted("cupti", 2)}), 2) << "the later one";
  EXPECT_EQ(winner({counted("cupti", 1, kPartial), counted("ncu", 2)}), 2) << "complete before partial";
  EXPECT_EQ(winner({counted("cupti", 1, kStopped), counted("cupti", 2, kPartial)}), 2);
  EXPECT_EQ(winner({counted("cupti", std::nullopt), counted("ncu", 2, kPartial)}), 2)
      << "a value before none";
}

TEST(SeveralMeasurements, TheOthersStayBesideTheWinner) {
  core::RunRecord run;
  run.measurements = {counted("ncu", 5), counted("cupti", 4), counted("cupti", std::nullopt)};
  run.measurements[1].passes = 3;
  const auto counters = aggregate_counters(run);
  const LaunchCounter& counter = counters.at("dram__bytes.sum");
  EXPECT_EQ(counter_provenance(counter), "cupti, 3 passes, CUPTI 1");
  EXPECT_EQ(counter.measurement, 1u);
  ASSERT_EQ(counter.others.size(), 2u);
  EXPECT_EQ(counter.others[0].value, 5);
  EXPECT_EQ(counter_provenance(counter.others[0]), "ncu, Nsight Compute 1");
  EXPECT_EQ(counter.others[1].reason, "why not");
}

// Two kernels, one of them in each measurement: neither tells of the launch.
TEST(SeveralMeasurements, KernelsOfTwoAreNotMixed) {
  core::RunRecord run;
  run.kernels = {{0, "a", {}, {}}, {1, "b", {}, {}}};
  for (int kernel : {0, 1}) {
    core::MeasurementRecord m = counted("cupti", 7);
    m.counters[0].kernel = kernel;
    run.measurements.push_back(m);
  }
  const auto counters = aggregate_counters(run);
  EXPECT_FALSE(counters.at("dram__bytes.sum").value);
  EXPECT_EQ(counters.at("dram__bytes.sum").reason, "it was taken for 1 of the launch's 2 kernels");
}

}  // namespace
}  // namespace flashcore::analysis
