// When a measurement looks at its verdicts, and what it sees there.
//
// Whoever looks after every round and stops when he likes what he sees calls more changes than the level
// says: each look is another chance. So the moments at which it may stop are fixed before the first turn,
// ever further apart (rounds 2, 3, 4, 6, 8, 11, 15, 20), and the level is shared among them: a false call
// somewhere is then at most as probable as the sum of all looks' chances (Bonferroni; nothing is assumed of
// how looks depend on one another). Where the number of rounds is given there is one look and it has the
// whole level. Between two looks verdicts are shown and decide nothing. docs/measure.md has the figures.
//
// Owns: plain values. Units: rounds of four turns; levels are probabilities. Threads: pure functions. Errors:
// those of analysis::compare_all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/run_analysis.h"
#include "analysis/verdict/comparison.h"
#include "app/session/measure_pair.h"

namespace flashcore::session {

struct LookPlan {
  std::vector<int> rounds;  // after which it may stop; the last one ends it
  double level = 0.01;      // of each look
  bool may_stop(int round) const;
};

inline constexpr double kWholeLevel = 0.01;
inline constexpr int kFirstLook = 2;  // four processes a side
inline constexpr int kMostRounds = 20;

LookPlan plan_looks(const MeasureRequest& request);

// Who is measured in the turns of a round, from 1: false is base. A B B A, then B A A B.
std::vector<bool> order_of_round(int round);

struct SideRuns {
  std::string word;
  std::vector<analysis::RunAnalysis> runs;
};

// All pairs as one family. One phase each: by problem; else by subject and problem.
core::Result<analysis::Comparisons> compare_sides(const SideRuns& base, const SideRuns& now,
                                                  bool one_phase_each, const LookPlan& plan, double smallest);

// No verdict is AMBIGUOUS.
bool all_stand(const analysis::Comparisons& comparisons);
// Half of every interval, of time and of cycles, is at most this wide.
bool all_narrow(const analysis::Comparisons& comparisons, double until);
// "FASTER by 2.1 % (1.6 to 2.6)"; of several pairs "3 FASTER, 1 AMBIGUOUS".
std::string standing_of(const analysis::Comparisons& comparisons);

}  // namespace flashcore::session
