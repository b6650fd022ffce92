// A gate's result as JUnit XML, which CI systems show: a test suite for the file, a test case for every row.
//
// Broken is a failure, and so is what is missing unless its limit is optional, and with `strict` what is
// ambiguous; else both are skipped with their sentence. The class of a test case is the file without its
// ending and the limit, its name the runs. There is no duration: nothing was run.
//
// Owns: nothing. Threads: pure functions. Text is XML 1.0 in UTF-8 whatever the names hold: characters that
// XML does not have, and those that steer a terminal, are '?'.
#pragma once

#include <string>

#include "reports/gate_text.h"

namespace flashcore::reports {

std::string gate_junit(const GateView& view);

}  // namespace flashcore::reports
