// Findings: what this machine offers, as the faces show it.
//
// Owns: its strings. Threads: plain values.
#pragma once

#include <string>
#include <vector>

namespace flashcore::session {

struct Finding {
  std::string id;  // "driver", "gpu", "toolkit", "cupti", "counters", "nvml", "ncu", "display", "recording"
  bool ok = false;
  std::string detail;  // version, name, or what went wrong
  std::string remedy;  // empty when ok
};

// All of them, in that order. May create a CUDA context. FLASHCORE_NCU_PATH names the ncu, as --ncu-path
// does.
std::vector<Finding> examine(int device);

}  // namespace flashcore::session
