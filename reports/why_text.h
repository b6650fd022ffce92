// Why a pair of runs differs, as sentences and as tables for a terminal. Other views (compare, the report)
// take the sentences from here, so that all say the same.
//
// Owns: nothing; a view points to what it shows. Units: as analysis/why/why.h has them. Threads: pure
// functions. why_text() makes text from outside safe; why_sentences() gives it as it is, for the form that
// shows it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/verdict/verdict.h"
#include "analysis/why/why.h"
#include "reports/terminal.h"

namespace flashcore::reports {

struct WhyView {
  const analysis::Why& why;
  std::string label;                         // "wmma on mission -> fused on mission"
  std::optional<analysis::Verdict> verdict;  // nothing: nobody judged the pair
  std::string verdict_sentence;              // "SLOWER by 90.1 % (89.9 to 90.3), confirmed in cycles"
  std::string base_run, now_run;             // "run 12, wmma on mission": the runs that stand for their sides
  std::int64_t base_id = 0, now_id = 0;
};

// The verdict's warning where there is one ("SAME: there is nothing to explain ..."), then the biggest
// causes; of a pair that is the SAME, or may be and differs by less than 1 %, no causes.
std::vector<std::string> why_sentences(const analysis::Why& why, std::optional<analysis::Verdict> verdict,
                                       std::size_t causes = 3);

// Verdict, sentences, all causes and every split as tables with bars, and what changed. No line is wider than
// the style says, from 60 cells on. `ascii`: bars of '#'.
std::string why_text(const WhyView& view, const TerminalStyle& style, bool ascii = false);

}  // namespace flashcore::reports
