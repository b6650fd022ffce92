// A gate's result as Markdown, for a pull request or a step's summary: the headline, what is not kept as a
// table with its sentences, and what is kept folded away.
//
// Owns: nothing. Threads: pure functions. Names from outside are text and never markup.
#pragma once

#include <string>

#include "reports/gate_text.h"

namespace flashcore::reports {

std::string gate_markdown(const GateView& view);

}  // namespace flashcore::reports
