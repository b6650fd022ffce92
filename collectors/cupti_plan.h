// Planning counters without a GPU: which names a chip knows and how many passes they take, from
// CUPTI's host API (works with neither driver nor GPU).
//
// Owns: nothing. Threads: one at a time. Errors: kExternalTool where libcupti is not found or fails,
// kUsage for an unknown chip.
//
//   auto plan = plan_counters("GH100", names);  // plan->passes, plan->unknown
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace flashcore::collectors {

struct CounterPlan {
  std::size_t passes = 0;
  std::vector<std::string> known;
  std::vector<std::string> unknown;
};

core::Result<std::vector<std::string>> supported_chips();
core::Result<CounterPlan> plan_counters(std::string_view chip, std::span<const std::string> names);

}  // namespace flashcore::collectors
