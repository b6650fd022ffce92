// Launchable: something that a collector can measure. kernels/ implements it, collectors/ drives
// it, and neither knows the other.
//
// Owns: the implementation owns its device memory. A launch is idempotent: it reads inputs that it
// never writes, and overwrites its outputs whole, so a collector may repeat it as it likes.
// Threads: one thread at a time. Errors: device errors as ErrorCode::kDevice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::core {

// A cudaStream_t, kept opaque so that core includes no CUDA header. nullptr is the default stream.
using StreamHandle = void*;

// One kernel of a launch, as far as it is known before it runs.
struct KernelPlan {
  std::string name;                // readable: "attention_wmma<__half, 64>"
  const void* function = nullptr;  // for the runtime's cudaFunc* calls; null for a library's kernel
  // A CUfunction, for the driver's cuFunc* calls; of a library's kernel, which has no `function`. Valid while
  // the library is loaded.
  void* driver_function = nullptr;
  std::int64_t grid_x = 1, grid_y = 1, grid_z = 1;
  int block_x = 1, block_y = 1, block_z = 1;
  std::int64_t dynamic_shared_bytes = 0;
};

// What ptxas said of one kernel of the build, for one target. Bytes of stack and spills are a thread's, of
// shared memory a block's.
struct CompiledResources {
  int registers = 0;  // a thread
  std::int64_t stack_bytes = 0, spill_store_bytes = 0, spill_load_bytes = 0;
  std::int64_t static_shared_bytes = 0;
  std::int64_t binary_bytes = 0;  // the kernel's machine code
};

class Launchable {
 public:
  virtual ~Launchable() = default;

  // "wmma, mission": for messages and NVTX ranges.
  virtual std::string_view label() const = 0;

  // Enqueues one launch on `stream` and returns without waiting. May be captured in a graph.
  virtual Status launch(StreamHandle stream) = 0;

  // The kernels of one launch in order. A library's kernels may be left out when unknown.
  virtual std::span<const KernelPlan> kernels() const = 0;

  // How many kernels one launch enqueues (>= kernels().size() where a library is called).
  virtual int kernels_per_launch() const = 0;

  // What the launch chose for its problem and GPU, in a few words ("64 x 64 tiles, keys over 4 warps"); ""
  // where there was nothing to choose, or a library chose and does not tell.
  virtual std::string choice() const { return {}; }

  // What the compiler allotted to a kernel of kernels(), by its name, for one target (90 for sm_90a);
  // nothing where the build kept no record of it.
  virtual std::optional<CompiledResources> compiled(std::string_view kernel, int arch) const {
    (void)kernel;
    (void)arch;
    return std::nullopt;
  }
};

}  // namespace flashcore::core
