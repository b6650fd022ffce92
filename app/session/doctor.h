// The use case "doctor": what this machine offers and what to do about what is missing.
//
// Owns: nothing. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "collectors/doctor.h"

namespace flashcore::session {

// driver, gpu, toolkit, cupti, counters, nvml, ncu, display, recording.
std::vector<collectors::Finding> examine(int device);

}  // namespace flashcore::session
