// CountedRun: one side of a difference, as the splits read it: its time, clock, counters, and where the
// cycles of its SM subpartitions went.
//
// Every cycle of every subpartition while the launch ran is in one state: it issued an instruction; it held
// warps and none of them could issue; it held no warp. Which reason the second kind had is known of warps
// only, not of cycles: its cycles are shared out by how many warps stood at each reason ("Warp State" in
// Nsight Compute's documentation), without "selected" and "not selected", for no such warp exists in a cycle
// without an issue.
//
// Owns: plain values; points to the run, which must outlive it. Units: in the names. Threads: pure functions.
// Errors: none; what was not counted, or is no number, is missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/aggregate.h"
#include "analysis/clock.h"
#include "analysis/run_analysis.h"

namespace flashcore::analysis {

struct IssueState {
  std::string id;     // "issued", "long_scoreboard", ..., "no_warp"
  std::string title;  // "Long scoreboard"
  double share = 0;   // of all cycles of all subpartitions, 0 to 1
};

struct IssueStates {
  std::vector<IssueState> states;  // the shares add up to 1; "no_warp" is the last
  double busy = 1;                 // 1 - the share of "no_warp"

  double share(std::string_view id) const;  // 0 where there is no such state
};

class CountedRun {
 public:
  explicit CountedRun(const RunAnalysis& run);

  const RunAnalysis& run() const { return *run_; }
  double ns() const { return ns_; }  // graph p50; 0 where there is none
  const std::optional<RunClock>& clock() const { return clock_; }
  const std::optional<IssueStates>& states() const { return states_; }
  bool has_counters() const { return !counters_.empty(); }

  // The catalogue's value; nothing where it is missing, negative or no number.
  std::optional<double> metric(std::string_view id) const;
  // The sum of several metrics, over that of others; nothing where one is missing or the divisor is zero.
  std::optional<double> sum(const std::vector<std::string_view>& ids) const;
  std::optional<double> ratio(const std::vector<std::string_view>& over,
                              const std::vector<std::string_view>& under) const;

 private:
  std::optional<double> counter(std::string_view name) const;
  std::optional<IssueStates> read_states() const;

  const RunAnalysis* run_;
  double ns_ = 0;
  std::optional<RunClock> clock_;
  LaunchCounters counters_;
  std::optional<IssueStates> states_;
};

// "flashcore-profile --phase wmma --shape mission --set full": what would count it.
std::string counting_command(const core::RunRecord& run);

}  // namespace flashcore::analysis
