// The causes of a difference: what moved with the states that its time went to.
//
// Owns: plain values. Units: ns of one launch. Threads: pure functions. Errors: none; what nothing explains
// is the cause "unexplained".
#pragma once

#include <vector>

#include "analysis/why/counted_run.h"
#include "analysis/why/why.h"

namespace flashcore::analysis {

// The largest first; they add up to the difference.
std::vector<WhyCause> find_causes(const CountedRun& base, const CountedRun& now);

}  // namespace flashcore::analysis
