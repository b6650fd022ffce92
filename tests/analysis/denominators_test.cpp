#include "analysis/denominators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/aggregate.h"
#include "analysis/catalogue.h"

namespace flashcore::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string first_weight(std::string_view counter) {
  const Denominator denominator = denominator_of(counter);
  EXPECT_EQ(denominator.how, Combine::kWeigh) << counter;
  return denominator.weights.empty() ? "none" : denominator.weights.front();
}

TEST(Denominators, CountsAddAndExtremesStay) {
  for (const char* name : {"dram__bytes.sum", "sm__warps_active.avg", "sm__cycles_elapsed.avg",
                           "gpu__time_duration.sum", "gpu__time_duration.avg", "launch__grid_size",
                           "lts__t_bytes.sum.peak_sustained_elapsed", "launch__thread_count"}) {
    EXPECT_EQ(denominator_of(name).how, Combine::kAdd) << name;
  }
  EXPECT_EQ(denominator_of("sm__cycles_active.max").how, Combine::kMost);
  EXPECT_EQ(denominator_of("sm__cycles_active.min").how, Combine::kLeast);
  EXPECT_EQ(denominator_of("launch__registers_per_thread").how, Combine::kMost);
  EXPECT_EQ(denominator_of("launch__occupancy_limit_registers").how, Combine::kLeast);
  for (const char* name : {"dram__bytes.sum.peak_sustained", "sm__inst_executed.avg.peak_sustained",
                           "smsp__inst_executed_per_warp.max_rate", "device__attribute_clock_rate"}) {
    EXPECT_EQ(denominator_of(name).how, Combine::kConstant) << name;
  }
}

// ncu's usual names, with what each is a share of.
TEST(Denominators, MeansAreWeighedByWhatTheyAreAShareOf) {
  const std::pair<const char*, const char*> table[] = {
      {"sm__warps_active.avg.pct_of_peak_sustained_active", "sm__cycles_active.sum"},
      {"sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active", "sm__cycles_active.sum"},
      {"sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed", "sm__cycles_elapsed.sum"},
      {"sm__throughput.avg.pct_of_peak_sustained_elapsed", "sm__cycles_elapsed.sum"},
      {"sm__inst_executed.avg.per_cycle_active", "sm__cycles_active.sum"},
      {"sm__inst_executed.avg.per_cycle_elapsed", "sm__cycles_elapsed.sum"},
      {"smsp__warps_eligible.avg.per_cycle_active", "smsp__cycles_active.sum"},
      {"smsp__issue_active.avg.pct_of_peak_sustained_active", "smsp__cycles_active.sum"},
      {"l1tex__throughput.avg.pct_of_peak_sustained_active", "l1tex__cycles_active.sum"},
      {"lts__throughput.avg.pct_of_peak_sustained_elapsed", "lts__cycles_elapsed.sum"},
      {"dram__throughput.avg.pct_of_peak_sustained_elapsed", "dram__cycles_elapsed.sum"},
      {"gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed", "dram__cycles_elapsed.sum"},
      {"gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed", "gpc__cycles_elapsed.sum"},
      {"dram__bytes.sum.per_second", "gpu__time_duration.sum"},
      {"sm__cycles_elapsed.avg.per_second", "gpu__time_duration.sum"},
      {"lts__t_bytes.sum.peak_sustained_elapsed.per_second", "gpu__time_duration.sum"},
      {"l1tex__t_sector_hit_rate.pct", "l1tex__t_sectors.sum"},
      {"lts__t_sector_hit_rate.pct", "lts__t_sectors.sum"},
      {"lts__t_sector_op_read_hit_rate.pct", "lts__t_sectors_op_read.sum"},
      {"l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct",
       "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"},
      {"idc__request_hit_rate.pct", "idc__requests.sum"},
      {"smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio", "smsp__issue_active.sum"},
      {"smsp__average_warp_latency_per_inst_issued.ratio", "smsp__inst_issued.sum"},
      {"smsp__average_warps_active_per_inst_executed.ratio", "smsp__inst_executed.sum"},
      {"smsp__average_inst_executed_per_warp.ratio", "smsp__warps_launched.sum"},
      {"smsp__warp_issue_stalled_barrier_per_warp_active.pct", "smsp__warps_active.sum"},
      {"smsp__thread_inst_executed_per_inst_executed.ratio", "smsp__inst_executed.sum"},
      {"smsp__thread_inst_executed_per_inst_executed.pct", "smsp__inst_executed.sum"},
      {"smsp__sass_average_branch_targets_threads_uniform.pct", "smsp__sass_branch_targets.sum"},
      {"smsp__average_warp_latency_issue_stalled_barrier.ratio", "smsp__warps_launched.sum"},
      {"l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio",
       "l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum"},
      {"lts__average_t_sectors_per_tag_request.ratio", "lts__t_tag_requests.sum"},
      {"sm__maximum_warps_per_active_cycle_pct", "sm__cycles_active.sum"},
      {"nv/cold/time/gpu/mean", "gpu__time_duration.sum"}};
  for (const auto& [counter, weight] : table) {
    EXPECT_EQ(first_weight(counter), weight) << counter;
    EXPECT_EQ(denominator_of(counter).weights.back(), kKernelDurationCounter) << counter;
  }
}

// No mean that the catalogue asks for is left to time where it has a denominator of its own.
TEST(Denominators, EveryCounterOfTheCatalogueHasItsOwn) {
  const Catalogue catalogue = Catalogue::builtin().value();
  int means = 0;
  for (const Metric& metric : catalogue.metrics()) {
    for (const MetricFormula& formula : metric.formulas) {
      for (const auto& [variable, counter] : formula.counters) {
        const Denominator denominator = denominator_of(counter);
        if (denominator.how != Combine::kWeigh) continue;
        ++means;
        if (counter.ends_with(".per_second")) continue;
        EXPECT_NE(denominator.weights.front(), kKernelDurationCounter) << counter;
      }
    }
  }
  EXPECT_GT(means, 5);
}

TEST(Denominators, WeightsAreAskedForOnce) {
  EXPECT_THAT(weights_for({"dram__bytes.sum", "sm__cycles_active.max"}), IsEmpty());
  EXPECT_THAT(weights_for({"sm__warps_active.avg.pct_of_peak_sustained_active",
                           "sm__pipe_fma_cycles_active.avg.pct_of_peak_sustained_active",
                           "sm__throughput.avg.pct_of_peak_sustained_elapsed"}),
              ElementsAre("sm__cycles_active.sum", "sm__cycles_elapsed.sum"));
  EXPECT_THAT(weights_for({"sm__warps_active.avg.pct_of_peak_sustained_active", "sm__cycles_active.avg"}),
              IsEmpty())
      << "an average over the SMs weighs as their sum does";
  EXPECT_THAT(weights_for({"dram__throughput.avg.pct_of_peak_sustained_elapsed"}),
              ElementsAre(kKernelDurationCounter))
      << "time at a clock that stays weighs as the unit's cycles do, and costs no pass";
  EXPECT_THAT(weights_for({"l1tex__throughput.avg.pct_of_peak_sustained_active", "sm__cycles_active.sum"}),
              ElementsAre("l1tex__cycles_active.sum"))
      << "the SM's cycles stand in only where L1's own cannot be had";
  EXPECT_THAT(weights_for({"smsp__issue_active.avg.pct_of_peak_sustained_elapsed",
                           "l1tex__data_bank_reads.avg.pct_of_peak_sustained_elapsed"}),
              ElementsAre("sm__cycles_elapsed.sum"))
      << "all of an SM runs at one clock";
}

TEST(Denominators, OddNamesHaveARule) {
  for (const char* name : {"", "__", "x", "a__", ".sum", "a__b_per_.ratio", "a__b_hit_rate.pct",
                           "smsp___per_x.ratio", "a__average__per_request.ratio"}) {
    const Denominator denominator = denominator_of(name);
    EXPECT_TRUE(denominator.how != Combine::kWeigh || !denominator.weights.empty()) << name;
  }
}

}  // namespace
}  // namespace flashcore::analysis
