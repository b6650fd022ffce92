// The generated index of phases, with what the compiler allotted to each.
//
// Owns: static data only. Threads: any. Errors: find_phase offers the nearest names (kUsage).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "kernels/phase.h"

namespace flashcore::kernels {

// Registers, spills and sizes as ptxas reported them for one kernel and one target.
struct CompilerReport {
  std::string_view phase;
  std::string_view kernel;  // demangled, "attention_wmma<__half, 64>"
  std::string_view symbol;  // mangled
  int arch = 0;             // 80, 86, 89, 90
  int registers = 0;
  std::int64_t stack_bytes = 0;
  std::int64_t spill_store_bytes = 0;
  std::int64_t spill_load_bytes = 0;
  std::int64_t static_shared_bytes = 0;
  std::int64_t binary_bytes = 0;  // of the kernel's .text section
};

// All phases, by rung; references after the ladder; hidden (test) phases only on demand.
std::vector<const PhaseDescriptor*> phases(bool with_hidden = false);

core::Result<const PhaseDescriptor*> find_phase(std::string_view id);

// SHA-256 (hex) over lines "path sha256" of every file of the project that the compilers read for the phase:
// its own, the headers, the host sources that it links with and theirs (cmake/source_closure.cmake; the same
// with and without a CUDA toolkit). Empty for an unknown id. A recording is stale when its run's hash
// differs.
std::string_view phase_hash(std::string_view id) noexcept;
// The same over every file in kernels/ and cuda/.
std::string_view kernels_hash() noexcept;

// Empty without a CUDA toolkit.
std::span<const CompilerReport> compiler_reports() noexcept;

}  // namespace flashcore::kernels
