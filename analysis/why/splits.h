// The splits of a difference, each by one method, each adding up to it: docs/why.md has their equations.
//
// Owns: plain values. Units: ns of one launch. Threads: pure functions. Errors: none; a split without parts
// says what is missing.
#pragma once

#include <vector>

#include "analysis/why/counted_run.h"
#include "analysis/why/why.h"

namespace flashcore::analysis {

// t = c / f
WhySplit split_by_clock(const CountedRun& base, const CountedRun& now);
// t = sum of the kernels' shares of it
WhySplit split_by_kernels(const CountedRun& base, const CountedRun& now);
// t = sum over the states of a subpartition's cycles
WhySplit split_by_issue_states(const CountedRun& base, const CountedRun& now);
// t = instructions x time of one, the instructions by pipe and, where a memory is behind it, by memory
WhySplit split_by_instructions(const CountedRun& base, const CountedRun& now);
// t = bytes / rate, of the level nearest to its roof
WhySplit split_by_bytes(const CountedRun& base, const CountedRun& now);
// t = instructions x latency / (warps x busy cycles x clock)
WhySplit split_by_launch(const CountedRun& base, const CountedRun& now);

// Kinds of instructions that no two of them share; the last is what is in none. The counts add up to all.
struct InstructionKind {
  std::string id, title;
  double base = 0, now = 0;
};
std::vector<InstructionKind> instruction_kinds(const CountedRun& base, const CountedRun& now);

}  // namespace flashcore::analysis
