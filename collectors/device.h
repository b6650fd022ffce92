// The GPUs of this machine, as the CUDA runtime sees them. Links without a driver: every function
// then says what is missing (kNoDevice) and what to do.
//
// A device's chip is CUPTI's name for it; without libcupti it is assumed from the compute capability
// (collectors/chips.h), and the doctor says so.
//
// Owns: nothing. Threads: use_device() makes the device current for the calling thread.
#pragma once

#include <string>
#include <vector>

#include "core/records.h"
#include "core/result.h"

namespace flashcore::collectors {

// True when this build has a CUDA toolkit (the viewer has none).
bool built_with_cuda() noexcept;

// All devices; kNoDevice where the toolkit, the driver or the GPU is missing.
core::Result<std::vector<core::DeviceRecord>> list_devices();

// Makes `ordinal` current; kNoDevice ("device 7 does not exist; there are 1: 0 NVIDIA H200").
core::Result<core::DeviceRecord> use_device(int ordinal);

// Driver and library versions; what is missing stays empty. Git and program fields come from
// core/build_info.h; kernels_hash and catalogue_hash are the caller's.
core::EnvironmentRecord read_environment();

}  // namespace flashcore::collectors
