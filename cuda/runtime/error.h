// CUDA runtime errors as core::Error, with what the user can do.
//
// Owns: nothing. Threads: pure functions.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

#include "core/result.h"

namespace flashcore::cuda {

// kNoDevice where there is nothing to work on, else kDevice. `doing` completes "could not ...".
core::Error cuda_error(cudaError_t result, std::string_view doing);

// ok() or the error; also takes the runtime's last error off, so that it does not surface later.
core::Status cuda_status(cudaError_t result, std::string_view doing);

}  // namespace flashcore::cuda
