// The GPUs of this machine, as the CUDA runtime sees them. Links without a driver: every function
// then says what is missing (kNoDevice) and what to do.
//
// None of this loads CUPTI: it is called by the process that times. A device's chip is told from what the
// runtime says (collectors/chips.h); the measurement that counts names it as CUPTI does.
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

// Frees whatever this process has on `ordinal`, its context too. Nobody may use the device meanwhile, nor
// what was made on it afterwards. From any thread.
void give_back_device(int ordinal) noexcept;

// Driver and library versions; what is missing stays empty. Git and program fields come from
// core/build_info.h; kernels_hash and catalogue_hash are the caller's. The version of CUPTI stays empty: to
// ask for it is to load it, and a measurement that counts says it (tool_version).
core::EnvironmentRecord read_environment();

}  // namespace flashcore::collectors
