// CurrentDevice: makes a device the calling thread's current one and gives the one before back.
//
// Owns: nothing but the ordinal of the device before. Threads: used by the thread that made it. Errors:
// kNoDevice and kDevice with the driver's text.
//
//   CurrentDevice current;
//   if (auto ok = current.use(1); !ok) return ok;
#pragma once

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include "core/result.h"
#include "cuda/runtime/error.h"

namespace flashcore::cuda {

class CurrentDevice {
 public:
  CurrentDevice() = default;
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;
  ~CurrentDevice() {
    if (changed_) (void)cudaSetDevice(before_);
  }

  core::Status use(int ordinal) {
    if (auto ok = cuda_status(cudaGetDevice(&before_), "find the current device"); !ok) return ok;
    if (before_ == ordinal) return {};
    changed_ = true;
    return cuda_status(cudaSetDevice(ordinal), fmt::format("use device {}", ordinal));
  }

 private:
  int before_ = 0;
  bool changed_ = false;
};

}  // namespace flashcore::cuda
