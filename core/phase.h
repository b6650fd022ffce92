// PhaseInfo: what a program may say about a phase without touching a GPU. kernels/phase.h has
// the descriptor with the launcher; this is the part that everybody speaks.
//
// Owns: nothing but views of static text. Threads: plain values.
#pragma once

#include <string_view>

namespace flashcore::core {

// A run is right when both hold for every seed and nothing is NaN or Inf. The seeds' project
// used 0.06 and 0.02; FlashAttention's tests ask for twice the error of the plain method.
struct Tolerance {
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
  Tolerance tolerance;
  bool hidden = false;  // test phases: reachable by name, not in "all" nor in lists
};

}  // namespace flashcore::core
