// Rows of one limit on one series, for each kind of limit. check_gates() finds the series and the bases.
//
// Owns: nothing. Units: of the metric; changes are relative. Threads: pure functions. Errors: none; what
// cannot be judged is a row that says why.
#pragma once

#include "analysis/gate/gate.h"
#include "analysis/gate/series.h"

namespace flashcore::analysis {

// The row of a limit on a series, not judged yet; `series` may be null: what the limit asked for matched
// nothing.
GateRow row_of(const GateLimit& limit, const RunSeries* series);

// What the limit allows: "at most 120 registers", "at most 2 % worse than main", "at least 2x wmma".
std::string allowed_text(const GateLimit& limit);

GateRow judge_value(const GateLimit& limit, const RunSeries& series);
GateRow judge_answer(const GateLimit& limit, const RunSeries& series);

// `comparison` is of the base with the series, or the reason why there is none.
GateRow judge_change(const GateLimit& limit, const RunSeries& series,
                     const core::Result<Comparison>& comparison);
GateRow judge_speedup(const GateLimit& limit, const RunSeries& series,
                      const core::Result<Comparison>& comparison);

}  // namespace flashcore::analysis
