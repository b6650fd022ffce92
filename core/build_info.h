// BuildInfo: which sources this program was built from. Written by cmake/build_info.cmake at
// every build.
#pragma once

#include <string_view>

namespace flashcore::core {

struct BuildInfo {
  std::string_view version;       // the project's
  std::string_view git_sha;       // "unknown" outside a checkout
  bool kernels_dirty;             // kernels/ or cuda/ had changes that git_sha does not hold
  std::string_view compiler;      // host compiler and version
  std::string_view cuda_toolkit;  // nvcc's version; empty in a viewer
};

const BuildInfo& build_info() noexcept;

}  // namespace flashcore::core
