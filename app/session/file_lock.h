// FileLock: one holder at a time, over a file that is locked (flock). The lock goes with its process, however
// that ends; the file stays.
//
// Owns: the descriptor. Threads: one. Errors: kFile where the file cannot be made; kCancelled.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "core/cancel.h"
#include "core/child_launch.h"
#include "core/result.h"

namespace flashcore::session {

class FileLock {
 public:
  // Waits for whoever has it; `on_wait` is told once a second.
  static core::Result<FileLock> take(const std::filesystem::path& path, const core::CancelToken& cancel,
                                     const std::function<void(std::chrono::seconds so_far)>& on_wait = {});

 private:
  explicit FileLock(core::child::Descriptor file) : file_(std::move(file)) {}
  core::child::Descriptor file_;
};

// The lock of a GPU, for programs that time on it in turns: in $XDG_RUNTIME_DIR, or in /tmp. `gpu` is its
// UUID, or its ordinal where that is not known.
std::filesystem::path gpu_lock_path(const std::string& gpu);

}  // namespace flashcore::session
