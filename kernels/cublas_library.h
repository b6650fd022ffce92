// CublasLibrary: cuBLAS opened at run time, so that programs start without it and a machine that
// lacks it is told so. Only the calls that the reference phase makes.
//
// Owns: the library (for the life of the process) and one handle a device. Threads: open() and
// handle_of_current_device() from any; a device's handle from one at a time. Errors: kExternalTool where the
// library is missing or fails, with the remedy. Source of the numbers below: cublas_api.h and
// library_types.h, whose values are part of the library's ABI.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/launchable.h"
#include "core/result.h"

namespace flashcore::kernels {

enum class CublasType { kHalf, kBfloat16 };

// C = A' B, column-major, `batch` times with constant strides; FP32 arithmetic. Extents and leading
// dimensions fit an int (cuBLAS's 32-bit interface).
struct CublasProduct {
  CublasType type = CublasType::kHalf;  // of A, B and, unless c_is_float, C
  bool transpose_a = false;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t lda = 0, stride_a = 0;
  std::int64_t ldb = 0, stride_b = 0;
  bool c_is_float = false;
  std::int64_t ldc = 0, stride_c = 0;
  std::int64_t batch = 1;
};

class CublasLibrary {
 public:
  class Handle;

  // The one library of the process; opened by the first call, which may take a second.
  static core::Result<CublasLibrary*> open();

  // Made by the first call on a device, which allocates: before a launch, and outside of a capture.
  core::Result<Handle> handle_of_current_device();

 private:
  struct Api;
  CublasLibrary() = default;

  Api* api_ = nullptr;
};

// What launches call: a device's handle. A value that any number of plans may keep.
class CublasLibrary::Handle {
 public:
  // Ready for `stream`, with a workspace of the caller's (a captured launch must not depend on memory that
  // cuBLAS might give back).
  core::Status use(core::StreamHandle stream, void* workspace, std::size_t workspace_bytes) const;

  core::Status multiply(const CublasProduct& product, const void* a, const void* b, void* c) const;

 private:
  friend class CublasLibrary;
  Handle(const Api* api, void* handle) : api_(api), handle_(handle) {}

  const Api* api_;
  void* handle_;
};

}  // namespace flashcore::kernels
