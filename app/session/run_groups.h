// Which runs are on the device at the same time: consecutive ones, as many as its memory holds. What subjects
// of one problem share (inputs, reference) counts once.
//
// Owns: nothing. Units: bytes of device memory. Threads: pure functions. Errors: none; a run that is larger
// than the limit is a group of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "app/session/run_plan.h"

namespace flashcore::session {

struct GroupLimits {
  std::int64_t bytes = 0;
  std::size_t runs = 0;      // 0: as many as there are
  bool one_problem = false;  // a group is of one problem
};

// Device memory that these runs take when they are prepared together.
std::int64_t bytes_together(std::span<const PlannedRun* const> runs);

// Indices into `runs`, all of them in order.
std::vector<std::vector<std::size_t>> group_runs(std::span<const PlannedRun* const> runs,
                                                 const GroupLimits& limits);

}  // namespace flashcore::session
