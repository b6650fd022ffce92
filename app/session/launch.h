// The use case "just launch": a phase on a problem, n times, with nothing watching. Other profilers
// (ncu, compute-sanitizer) are pointed at this. Its launches are inside the NVTX ranges PHASE/PROBLEM/launch.
//
// Owns: nothing. Errors: as profile(). Threads: blocks the caller until the last launch is done.
#pragma once

#include <string>

#include "core/cancel.h"
#include "core/problem.h"
#include "core/result.h"

namespace flashcore::session {

core::Status launch_only(const std::string& phase, const core::Problem& problem, int device, int count,
                         std::uint64_t seed, const core::CancelToken& cancel = {});

}  // namespace flashcore::session
