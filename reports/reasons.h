// Why values are missing, so that those which share a cause are told together.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <string>

namespace flashcore::reports {

// The reason without the counter or the variable that each value names.
std::string cause_of(std::string reason);

}  // namespace flashcore::reports
