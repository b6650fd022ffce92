// CublasLibrary: cuBLAS opened at run time, so that programs start without it and a machine that
// lacks it is told so. Only the calls that the reference phase makes.
//
// Owns: the library (for the life of the process) and one handle a device. Threads: open() from
// any; handles from one thread at a time. Errors: kExternalTool where the library is missing or
// fails, with the remedy. Source of the numbers below: cublas_api.h and library_types.h, whose
// values are part of the library's ABI.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/launchable.h"
#include "core/result.h"

namespace flashcore::kernels {

// C = A' B, column-major, `batch` times with constant strides; halves in, FP32 arithmetic.
struct CublasProduct {
  bool transpose_a = false;
  std::int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;  // half
  std::int64_t lda = 0, stride_a = 0;
  const void* b = nullptr;  // half
  std::int64_t ldb = 0, stride_b = 0;
  void* c = nullptr;
  bool c_is_float = false;  // else half
  std::int64_t ldc = 0, stride_c = 0;
  std::int64_t batch = 1;
};

class CublasLibrary {
 public:
  // The one library of the process; opened by the first call, which may take a second.
  static core::Result<CublasLibrary*> open();

  // Ready for `stream` on the current device, with a workspace of the caller's (a captured launch
  // must not depend on memory that cuBLAS might give back).
  core::Status use(core::StreamHandle stream, void* workspace, std::size_t workspace_bytes);

  core::Status multiply(const CublasProduct& product);

 private:
  struct Api;
  CublasLibrary() = default;
  core::Result<void*> handle_of_current_device();

  Api* api_ = nullptr;
  void* handle_ = nullptr;
};

}  // namespace flashcore::kernels
