// A comparison as Markdown, for a pull request or a step's summary: the headline, the pairs as a table, and
// folded away the metrics that changed and the notes.
//
// Owns: nothing. Threads: pure functions. Names from outside are text and never markup.
#pragma once

#include <string>

#include "reports/compare_parts.h"

namespace flashcore::reports {

std::string compare_markdown(const CompareView& view);

}  // namespace flashcore::reports
