// What the machine offers a profiler: driver, GPU, CUPTI, counter permission, NVML, ncu. Each is
// found out by trying, and told with its remedy.
//
// Owns: nothing. Threads: any; may create a CUDA context.
#pragma once

#include <string>
#include <vector>

namespace flashcore::collectors {

struct Finding {
  std::string id;  // "driver", "gpu", "toolkit", "cupti", "counters", "nvml", "ncu"
  bool ok = false;
  std::string detail;  // version, name, or what went wrong
  std::string remedy;  // empty when ok
};

std::vector<Finding> examine_machine(int device);

}  // namespace flashcore::collectors
