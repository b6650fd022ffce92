// Plans of own kernels for GPUs that are not there. Planning asks the driver for one thing, leave to use more
// shared memory than 48 KB; the tests of kernels/ are linked with that call answered (--wrap,
// plan_without_gpu.cpp) as a GPU of these traits would.
//
// Owns: nothing. Threads: one.
#pragma once

#include <vector>

#include "kernels/phase_index.h"

namespace flashcore::kernels::testing {

// An H200, and an L4, whose blocks have the least shared memory of all that are compiled for.
inline constexpr DeviceTraits kH200{0, 90, 132, 227 << 10, 228 << 10, std::int64_t{50} << 20};
inline constexpr DeviceTraits kL4{0, 89, 58, 99 << 10, 100 << 10, std::int64_t{48} << 20};

// Those that can be planned here: a library's plan needs the library and a device. None in a viewer.
inline std::vector<const PhaseDescriptor*> own_phases() {
  std::vector<const PhaseDescriptor*> own;
  for (const PhaseDescriptor* phase : phases(true)) {
    if (phase->plan != nullptr && !phase->info.reference) own.push_back(phase);
  }
  return own;
}

}  // namespace flashcore::kernels::testing
