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
  const auto counters = aggregate_counters(run.counters);
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
  const auto counters = aggregate_counters(run.counters);
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
  const auto counters = aggregate_counters(run.counters);
  EXPECT_FALSE(counters.at("a__x.avg").value);
  EXPECT_NE(counters.at("a__x.avg").reason.find("gpu__time_duration.sum"), std::string::npos);
  EXPECT_EQ(counters.at("a__x.sum").value, 4);
}

TEST(Aggregate, MissingForOneKernelIsMissingForTheLaunch) {
  core::RunRecord run;
  add_counter(run, "a__x.sum", 1, 0);
  add_counter(run, "a__x.sum", 3, 1);
  run.counters.back().value.reset();
  run.counters.back().reason = "the chip does not know it";
  add_counter(run, "a__y.sum", 1, 0);
  const auto counters = aggregate_counters(run.counters);
  EXPECT_FALSE(counters.at("a__x.sum").value);
  EXPECT_EQ(counters.at("a__x.sum").reason, "kernel 1 of 2: the chip does not know it");
  EXPECT_FALSE(counters.at("a__y.sum").value) << "taken for one of two kernels";
}

TEST(Aggregate, NotANumberIsMissing) {
  core::RunRecord run;
  add_counter(run, "a__x.sum", std::numeric_limits<double>::quiet_NaN());
  add_counter(run, "a__y.sum", std::numeric_limits<double>::infinity());
  for (const auto& [name, counter] : aggregate_counters(run.counters)) {
    EXPECT_FALSE(counter.value) << name;
    EXPECT_NE(counter.reason.find("finite"), std::string::npos);
  }
}

}  // namespace
}  // namespace flashcore::analysis
