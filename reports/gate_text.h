// A gate's result as a table for a terminal.
//
// Owns: nothing. Threads: pure functions. Text from outside is made safe; every line ends in a newline.
#pragma once

#include <string>

#include "analysis/gate/gate.h"
#include "reports/terminal.h"

namespace flashcore::reports {

// What a gate is shown as, by whatever shows it.
struct GateView {
  const analysis::GateFile& file;
  const analysis::GateResult& result;
  std::string runs_sentence;  // "the 12 runs of session 4"
  bool strict = false;        // AMBIGUOUS fails
};

// "gates.toml on the 12 runs of session 4: 12 kept, 1 broken, 2 ambiguous, 0 missing"
std::string gate_headline(const GateView& view);

// "passed", "FAILED", "FAILED, for --strict counts what is ambiguous"
std::string gate_outcome(const GateView& view);

// The table, why each row that is not kept is not, and the headline.
std::string gate_text(const GateView& view, const TerminalStyle& style);

}  // namespace flashcore::reports
