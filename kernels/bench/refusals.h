// What is told where there is no device, or its memory does not hold what a check or a launch needs.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::kernels::bench {

// Left to the driver: the context, the module's code and the local memory of other kernels.
inline constexpr std::int64_t kReservedBytes = std::int64_t{64} << 20;

inline std::string mebibytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

// kUsage: the device refused `bytes` for `what`.
inline core::Error refused_memory(std::int64_t bytes, std::string_view what) {
  return core::Error{core::ErrorCode::kUsage,
                     fmt::format("the device refused {} for {}", mebibytes(bytes), what),
                     "take a smaller problem, or end other programs on the device",
                     {}};
}

inline core::Error no_toolkit() {
  return core::Error{core::ErrorCode::kNoDevice,
                     "this build has no CUDA toolkit, so no kernel can be launched",
                     "build on a machine with the CUDA toolkit, or look at a recording with --replay",
                     {}};
}

}  // namespace flashcore::kernels::bench
