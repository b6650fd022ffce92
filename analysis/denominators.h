// What a counter is a share of: by it, the values of several kernels become one of the launch.
//
//   ".sum" and ".avg" of a count add up (an average over units of a sum is a sum); ".max" and ".min" take the
//   extreme; ".per_second" is weighted by time; "..._active" (pct_of_peak_sustained_active, per_cycle_active)
//   by the unit's active cycles, "..._elapsed" by its elapsed cycles; ".ratio" and "_hit_rate.pct" by their
//   own denominator ("..._per_issue_active.ratio": issues, "l1tex__t_sector_hit_rate": sectors).
//
// Owns: nothing. Threads: pure functions. Errors: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flashcore::analysis {

enum class Combine {
  kAdd,
  kMost,
  kLeast,
  kWeigh,    // the mean, weighted by the first of `weights` that every kernel has
  kConstant  // of the chip (peak_sustained): equal for all, else the mean by time
};

struct Denominator {
  Combine how = Combine::kAdd;
  // Counters that can stand for the denominator, exact first; the last resort is the kernels' time, which
  // differs from elapsed cycles by nothing but the clock of the unit.
  std::vector<std::string> weights;
};

Denominator denominator_of(std::string_view counter);

// What has to be counted beside `counters` so that each of them can be combined exactly.
std::vector<std::string> weights_for(const std::vector<std::string>& counters);

}  // namespace flashcore::analysis
