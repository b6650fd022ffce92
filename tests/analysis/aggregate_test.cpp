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
                             "a__x.sum.pct_of_peak_sustained_elapsed", "a__x.sum.per_second"}) {
      add_counter(run, name, value[k], k);
    }
  }
  const auto counters = aggregate_counters(run);
  EXPECT_EQ(counters.at(kTime).value, 1000);
  EXPECT_EQ(counters.at("a__x.sum").value, 60);
  EXPECT_EQ(counters.at("a__x.max").value, 30);
  EXPECT_EQ(counters.at("a__x.min").value, 10);
  // (10 * 100 + 20 * 300 + 30 * 600) / 1000
  for (const char* name :
       {"a__x.avg", "a__x.ratio", "a__x.sum.pct_of_peak_sustained_elapsed", "a__x.sum.per_second"}) {
    EXPECT_EQ(counters.at(name).value, 25) << name;
    EXPECT_EQ(counters.at(name).kernels, 3);
  }
}

TEST(Aggregate, AMeanWithoutDurationsIsMissing) {
  core::RunRecord run;
  add_counter(run, "a__x.avg", 1, 0);
  add_counter(run, "a__x.avg", 3, 1);
  add_counter(run, "a__x.sum", 1, 0);
  add_counter(run, "a__x.sum", 3, 1);
  const auto counters = aggregate_counters(run);
  EXPECT_FALSE(counters.at("a__x.avg").value);
  EXPECT_NE(counters.at("a__x.avg").reason.find("gpu__time_duration.sum"), std::string::npos);
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
