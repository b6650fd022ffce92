#include "cuda/runtime/error.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

namespace flashcore::cuda {
namespace {

// After these the context is lost: every later call answers the same error.
bool is_sticky(cudaError_t result) noexcept {
  switch (result) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorAssert:
    case cudaErrorECCUncorrectable: return true;
    default: return false;
  }
}

core::Error no_device(cudaError_t result) {
  const std::string detail = fmt::format("{}: {}", cudaGetErrorName(result), cudaGetErrorString(result));
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible != nullptr && result == cudaErrorNoDevice) {
    return {core::ErrorCode::kNoDevice,
            fmt::format("CUDA_VISIBLE_DEVICES='{}' hides every GPU from this program", visible),
            "unset CUDA_VISIBLE_DEVICES, or set it to the number of a GPU that exists", detail};
  }
  std::error_code ignored;
  const bool module_loaded = std::filesystem::exists("/proc/driver/nvidia/version", ignored);
  if (result == cudaErrorInsufficientDriver && module_loaded) {
    return {
        core::ErrorCode::kNoDevice,
        "the NVIDIA driver is too old for this program, or libcuda.so.1 is missing",
        fmt::format("update the driver to one that serves CUDA {}.{} (nvidia-smi says which it serves); in a "
                    "container pass the GPU in (docker run --gpus all)",
                    CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10),
        detail};
  }
  if (!module_loaded) {
    return {core::ErrorCode::kNoDevice, "no NVIDIA driver is loaded on this machine",
            "install the NVIDIA driver on a machine with a GPU (in a container: docker run --gpus all), or "
            "look at "
            "a recording with --replay",
            detail};
  }
  return {core::ErrorCode::kNoDevice, "the NVIDIA driver found no GPU",
          "check nvidia-smi; in a container pass the GPU in (docker run --gpus all)", detail};
}

}  // namespace

core::Error cuda_error(cudaError_t result, std::string_view doing) {
  switch (result) {
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorStubLibrary: return no_device(result);
    default: break;
  }
  core::Error error;
  error.code = core::ErrorCode::kDevice;
  error.message = fmt::format("could not {}: {}", doing, cudaGetErrorString(result));
  error.context = cudaGetErrorName(result);
  if (result == cudaErrorMemoryAllocation) {
    error.hint = "free device memory (nvidia-smi lists who uses it) or take a smaller problem";
  } else if (result == cudaErrorNoKernelImageForDevice) {
    error.hint =
        "this build has no code for this GPU: configure with its architecture in CMAKE_CUDA_ARCHITECTURES";
  } else if (is_sticky(result)) {
    error.hint =
        "the GPU context is lost, so nothing more can run in this process: start the program again; "
        "compute-sanitizer finds the faulty access";
  } else {
    error.hint = "run flashcore-profile doctor; dmesg may hold the driver's own message (Xid)";
  }
  return error;
}

core::Status cuda_status(cudaError_t result, std::string_view doing) {
  if (result == cudaSuccess) return {};
  (void)cudaGetLastError();
  return core::fail(cuda_error(result, doing));
}

}  // namespace flashcore::cuda
