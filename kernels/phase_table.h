// What the build writes for the index: one entry a file in kernels/phases/. Read it through
// kernels/phase_index.h; this header is what the generated file and the index agree on.
//
// Owns: static data only. Threads: any. Errors: none.
#pragma once

#include <span>
#include <string_view>

#include "kernels/phase.h"

namespace flashcore::kernels {

struct PhaseEntry {
  const PhaseDescriptor* descriptor = nullptr;
  std::string_view hash;  // see phase_hash()
};

// By file name. Written by cmake/phase_index.cmake.
std::span<const PhaseEntry> phase_table() noexcept;

}  // namespace flashcore::kernels
