// Warm-up: launches until the effective clock has settled, not a number of launches alone. A GPU that was
// idle needs milliseconds to reach its clock, and one that works hard needs longer to find the clock at which
// it keeps its power limit.
//
// Owns: nothing. Units: ms, MHz. Threads: one. Errors: those of `take`.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/result.h"

namespace flashcore::collectors {

struct WarmUpRules {
  int in_a_row = 3;        // clocks that must agree (collectors/clock_review.h: steady)
  int least_launches = 0;  // however soon they do
  double most_ms = 150;    // given up after, but not before least_launches
};

struct WarmedUp {
  std::vector<std::optional<double>> clocks;  // in the order taken
  int launches = 0;
  bool settled = false;
  double ms = 0;
};

// Some more launches, and the clocks at which they ran; at least one clock, which may be unknown.
struct WarmUpStep {
  std::vector<std::optional<double>> clocks;
  int launches = 0;
};

core::Result<WarmedUp> warm_up(const WarmUpRules& rules,
                               const std::function<core::Result<WarmUpStep>()>& take,
                               const std::function<double()>& now_ms);

}  // namespace flashcore::collectors
