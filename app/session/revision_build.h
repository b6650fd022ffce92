// A git revision of FlashCore as a program: checked out apart and built, once.
//
//   $XDG_CACHE_HOME/flashcore/builds/<sha>/src      the revision, a worktree of the repository
//   $XDG_CACHE_HOME/flashcore/builds/<sha>/<arch>   its build; flashcore-built in it says that it is whole
//   $XDG_CACHE_HOME/flashcore/builds/<sha>.lock     one build of a revision at a time
// A build that was interrupted goes on where it was; one that failed is removed.
//
// Owns: nothing beyond the call; what it starts ends with it. Threads: blocks the caller. Errors:
// kExternalTool where git, CMake or Ninja is missing or the revision does not build, with the compiler's last
// lines in `context`; kFile for the cache; kCancelled.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/cancel.h"
#include "core/result.h"

namespace flashcore::session {

struct RevisionBuild {
  std::filesystem::path repository;  // any folder of it
  std::string sha;                   // whole
  std::string architectures;         // CMAKE_CUDA_ARCHITECTURES, "90a-real"; empty: those of its own
  std::filesystem::path cache;       // empty: the folder above
};

// The program; `on_progress` is told what is being done about once a second.
core::Result<std::filesystem::path> built_program(const RevisionBuild& build, const core::CancelToken& cancel,
                                                  const std::function<void(const std::string&)>& on_progress);

// CMake's name for the code of a GPU alone: "86-real", "90a-real" from 9.0 on.
std::string architecture_of(int compute_major, int compute_minor);

}  // namespace flashcore::session
