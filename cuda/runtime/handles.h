// CUDA streams, events and graphs that free themselves.
//
// Owns: one handle each. Threads: one at a time. Errors: those of the runtime's call that fills out(); see
// cuda/runtime/error.h.
//
//   Event event;
//   if (auto ok = cuda_status(cudaEventCreate(event.out()), "create an event"); !ok) return ok;
#pragma once

#include <cuda_runtime_api.h>

#include <utility>

#include "cuda/runtime/error.h"

namespace flashcore::cuda {

template <typename Handle, cudaError_t (*destroy)(Handle)>
class CudaHandle {
 public:
  CudaHandle() = default;
  explicit CudaHandle(Handle handle) noexcept : handle_(handle) {}
  CudaHandle(CudaHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  CudaHandle& operator=(CudaHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~CudaHandle() {
    if (handle_ != nullptr) (void)destroy(handle_);
  }
  Handle get() const noexcept { return handle_; }
  Handle* out() noexcept { return &handle_; }

 private:
  Handle handle_ = nullptr;
};

using Stream = CudaHandle<cudaStream_t, cudaStreamDestroy>;
using Event = CudaHandle<cudaEvent_t, cudaEventDestroy>;
using Graph = CudaHandle<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = CudaHandle<cudaGraphExec_t, cudaGraphExecDestroy>;

}  // namespace flashcore::cuda
