// Kernels of a run with their resources. Several measurements may tell of one kernel (the compiler's report
// and the driver, then ncu): each field is that of the first that knows it, in the order of the measurements
// by collector: resources, then cupti, ncu and others (analysis/aggregate.h); all sources stay beside it.
//
// Owns: plain values; points into the run, which must outlive it. Threads: pure functions.
#pragma once

#include <vector>

#include "core/records.h"

namespace flashcore::analysis {

struct KernelResources {
  core::KernelRecord kernel;
  core::ResourceRecord resources;  // joined; provenance names all that went in: "driver+ptxas + ncu"
  std::vector<const core::ResourceRecord*> sources;  // best first; empty where nobody told
};

// By ordinal; every kernel that the run or one of its measurements names.
std::vector<KernelResources> kernel_resources(const core::RunRecord& run);

}  // namespace flashcore::analysis
