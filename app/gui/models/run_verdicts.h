// SessionVerdicts: what the runs of a session are against a base of comparison, for the tree and the head
// line.
//
// Owns: plain values, copied between threads. Threads: any. Errors: none; what cannot be compared says why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/verdict/verdict.h"
#include "core/records.h"

namespace flashcore::gui {

// A session, or one run of it where `run` is not 0.
struct ComparisonBase {
  core::RowId session = 0, run = 0;  // session 0: there is none
};

struct RunVerdict {
  core::RowId run = 0;
  analysis::Verdict verdict = analysis::Verdict::kAmbiguous;
  std::optional<double> change;  // relative, of the time
  std::string sentence;
};

struct SessionVerdicts {
  core::RowId session = 0;
  std::vector<RunVerdict> runs;  // by number; those that have no partner are not among them
  std::string reason;            // why there are none
};

}  // namespace flashcore::gui
