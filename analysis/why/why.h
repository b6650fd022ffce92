// Why: the difference of two runs' times, split over what moved.
//
// Each split takes the whole difference apart by one method and adds up to it exactly; a split that lacks
// counters says which. The causes are ranked over all splits: the time of issue states is given to what moved
// with them (spilled registers, uncoalesced loads, bank conflicts, fewer blocks, more instructions, bytes of
// a level, the clock, ...) and what nothing explains stays named as such, so that the causes add up to the
// whole too. docs/why.md tells every method with its equation.
//
// Owns: plain values. Units: ns of one launch, positive where `now` takes longer. Threads: pure functions.
// Errors: none; what is missing says why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::analysis {

struct WhyPart {
  std::string id;  // "long_scoreboard", "clock", "kernel 1"
  std::string title;
  std::optional<double> base, now;  // of the thing itself, in `unit`
  std::string unit;
  double ns = 0;  // its part of the difference
};

struct WhySplit {
  std::string id;  // "clock", "kernels", "issue_states", "instructions", "bytes", "launch"
  std::string title;
  std::string method;          // one sentence
  std::vector<WhyPart> parts;  // their ns add up to the difference
  std::string missing;         // why there are no parts
};

struct WhyCause {
  std::string id;  // "spills", "clock", "uncoalesced", "bank_conflicts", "blocks", "unexplained", ...
  std::string title;
  double ns = 0;
  double share = 0;                  // of the difference, signed; the shares add up to 1
  std::string sentence;              // with its evidence: numbers of both sides
  std::vector<std::string> metrics;  // ids of the catalogue that it rests on
};

struct Why {
  std::optional<double> base_ns, now_ns;  // graph p50
  double difference_ns = 0;
  std::vector<WhySplit> splits;
  std::vector<WhyCause> causes;  // the largest first; they add up to the difference
  std::vector<std::string>
      changed;          // facts that moved: "registers 64 -> 32", "occupancy limited by shared -> registers"
  std::string missing;  // why there is nothing to split
};

Why why(const RunAnalysis& base, const RunAnalysis& now);

}  // namespace flashcore::analysis
