// What differs between two runs beside their times: the launch, what the compiler allotted, the bytes that
// each level moved.
//
// Owns: plain values. Threads: pure functions. Errors: none; what one side lacks is no fact.
#pragma once

#include <string>
#include <vector>

#include "analysis/why/counted_run.h"

namespace flashcore::analysis {

// "registers 64 -> 32", "L2 bytes 14.6 MB -> 31.2 MB".
std::vector<std::string> changed_facts(const CountedRun& base, const CountedRun& now);

}  // namespace flashcore::analysis
