// PhaseInfo: what a program may say about a phase without touching a GPU. kernels/phase.h has
// the descriptor with the launcher; this is the part that everybody speaks.
//
// Owns: nothing but views of static text. Threads: plain values.
#pragma once

#include <string_view>

namespace flashcore::core {

// The limits of the project that this one grew from, shown beside the check's own as theirs. They decide
// nothing: at 32,768 keys an output of zeros keeps them.
struct HistoricLimits {
  double max_error = 0.06;
  double mean_error = 0.02;
};

struct PhaseInfo {
  std::string_view id;         // "wmma": lower case, digits, '_' ; unique
  std::string_view title;      // "Tensor cores through WMMA"
  std::string_view idea;       // one sentence
  std::string_view builds_on;  // id of the rung below; empty for the first and for references
  int rung = 0;                // place on the ladder; references follow
  bool reference = false;      // a library's kernel, for comparison
  int min_compute = 80;        // 10 * major + minor
  std::string_view problems;   // what it serves, as a person reads it
  bool hidden = false;         // test phases: reachable by name, not in "all" nor in lists
};

}  // namespace flashcore::core
