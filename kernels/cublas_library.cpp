#include "kernels/cublas_library.h"

#include <fmt/format.h>

#if FLASHCORE_CUDA

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <string>

#include "cuda/dynamic_library.h"
#include "cuda/runtime/error.h"
#include "cuda/toolkit_libraries.h"

namespace flashcore::kernels {

using core::ErrorCode;
using core::fail;

struct CublasLibrary::Api {
  int (*create)(void**) = nullptr;
  int (*set_stream)(void*, cudaStream_t) = nullptr;
  int (*set_workspace)(void*, void*, std::size_t) = nullptr;
  int (*gemm)(void*, int, int, int, int, int, const void*, const void*, int, int, long long, const void*, int,
              int, long long, const void*, void*, int, int, long long, int, int, int) = nullptr;
  const char* (*status_name)(int) = nullptr;
  std::map<int, void*> handles;  // by device ordinal
  std::mutex mutex;              // of handles
};

namespace {

constexpr int kSuccess = 0;        // CUBLAS_STATUS_SUCCESS
constexpr int kPlain = 0;          // CUBLAS_OP_N
constexpr int kTransposed = 1;     // CUBLAS_OP_T
constexpr int kFloat = 0;          // CUDA_R_32F
constexpr int kHalf = 2;           // CUDA_R_16F
constexpr int kBfloat16 = 14;      // CUDA_R_16BF
constexpr int kComputeFloat = 68;  // CUBLAS_COMPUTE_32F
constexpr int kDefaultAlgo = -1;   // CUBLAS_GEMM_DEFAULT

constexpr const char* kRemedy =
    "install cuBLAS (part of the CUDA toolkit), set CUDA_HOME to the toolkit, or put the library's folder in "
    "LD_LIBRARY_PATH; the other phases do not need it";

}  // namespace

core::Result<CublasLibrary*> CublasLibrary::open() {
  static std::mutex mutex;
  static CublasLibrary library;
  const std::lock_guard lock(mutex);
  if (library.api_ != nullptr) return &library;

  const auto opened = cuda::DynamicLibrary::open(
      cuda::toolkit_library_candidates({"libcublas.so.13", "libcublas.so.12", "libcublas.so"}));
  if (!opened) {
    return fail(ErrorCode::kExternalTool, "cuBLAS (libcublas.so.13 or .12) was not found", kRemedy,
                opened.why());
  }
  static Api api;
  const bool complete = opened.find("cublasCreate_v2", api.create) &&
                        opened.find("cublasSetStream_v2", api.set_stream) &&
                        opened.find("cublasSetWorkspace_v2", api.set_workspace) &&
                        opened.find("cublasGemmStridedBatchedEx", api.gemm) &&
                        opened.find("cublasGetStatusName", api.status_name);
  if (!complete) {
    return fail(ErrorCode::kExternalTool, "the cuBLAS that was found lacks a function that the phase needs",
                "install cuBLAS 12 or 13");
  }
  library.api_ = &api;
  return &library;
}

core::Result<CublasLibrary::Handle> CublasLibrary::handle_of_current_device() {
  int device = 0;
  if (auto ok = cuda::cuda_status(cudaGetDevice(&device), "find the current device for cuBLAS"); !ok) {
    return fail(ok.error());
  }
  const std::lock_guard lock(api_->mutex);
  void*& handle = api_->handles[device];
  if (handle != nullptr) return Handle(api_, handle);
  if (const int status = api_->create(&handle); status != kSuccess) {
    handle = nullptr;
    return fail(ErrorCode::kExternalTool, "cuBLAS could not be started on this device",
                "free device memory, or install a cuBLAS that knows this GPU and driver",
                api_->status_name(status));
  }
  return Handle(api_, handle);
}

core::Status CublasLibrary::Handle::use(core::StreamHandle stream, void* workspace,
                                        std::size_t workspace_bytes) const {
  // The order counts: setting the stream gives the workspace back.
  int status = api_->set_stream(handle_, static_cast<cudaStream_t>(stream));
  if (status == kSuccess) status = api_->set_workspace(handle_, workspace, workspace_bytes);
  if (status == kSuccess) return {};
  return fail(ErrorCode::kExternalTool, "cuBLAS refused the stream or its workspace",
              "run `flashcore-profile doctor`", api_->status_name(status));
}

core::Status CublasLibrary::Handle::multiply(const CublasProduct& p, const void* a, const void* b,
                                             void* c) const {
  const float one = 1.0F;
  const float zero = 0.0F;
  const int type = p.type == CublasType::kBfloat16 ? kBfloat16 : kHalf;
  const int status = api_->gemm(handle_, p.transpose_a ? kTransposed : kPlain, kPlain, static_cast<int>(p.m),
                                static_cast<int>(p.n), static_cast<int>(p.k), &one, a, type,
                                static_cast<int>(p.lda), p.stride_a, b, type, static_cast<int>(p.ldb),
                                p.stride_b, &zero, c, p.c_is_float ? kFloat : type, static_cast<int>(p.ldc),
                                p.stride_c, static_cast<int>(p.batch), kComputeFloat, kDefaultAlgo);
  if (status == kSuccess) return {};
  return fail(ErrorCode::kExternalTool,
              fmt::format("cuBLAS refused a product of {} x {} x {}, {} times", p.m, p.n, p.k, p.batch),
              "run `flashcore-profile doctor`", api_->status_name(status));
}

}  // namespace flashcore::kernels

#else

namespace flashcore::kernels {

core::Result<CublasLibrary*> CublasLibrary::open() {
  return core::fail(core::ErrorCode::kNoDevice, "cuBLAS is not used: this build has no CUDA toolkit",
                    "build with the CUDA toolkit");
}

}  // namespace flashcore::kernels

#endif
