// In which order several subjects are timed, so that what changes slowly (the GPU gets warmer, a neighbour
// starts) falls on all of them alike: A B C C B A, half of the samples of each subject at each visit. A drift
// that is linear in time then leaves no difference between their means.
//
// Owns: nothing. Threads: pure functions. Errors: none.
#pragma once

#include <vector>

namespace flashcore::collectors {

struct Turn {
  int subject = 0;
  int first = 0;  // index of its first sample among the subject's own
  int count = 0;  // samples taken in this turn
  bool operator==(const Turn&) const = default;
};

// One subject has one turn with all its samples. samples[i] belongs to subject i; turns without any are left
// out. Of an odd number the first visit has one more.
std::vector<Turn> plan_turns(const std::vector<int>& samples);

}  // namespace flashcore::collectors
