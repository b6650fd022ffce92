// What the two halves of this folder (with and without CUDA) answer to the parts that both share.
//
// Owns: nothing. Threads: any.
#pragma once

#include <optional>
#include <string>

#include "core/launchable.h"
#include "core/result.h"

namespace flashcore::collectors {

// "13.0": the newest CUDA that the installed driver serves; empty without a driver.
std::string cuda_driver_api_version();

struct CuptiVersion {
  std::string path;
  std::string version;  // "130001"
};
core::Result<CuptiVersion> cupti_version();

// Reads one counter of an empty kernel on the current device: the proof that counters can be read.
// The error is the refusal.
core::Result<std::string> try_one_counter();

// What the driver says about a kernel; none without a GPU, without a toolkit or for a kernel of which only
// the name is known.
struct DriverResources {
  int registers = 0;
  std::int64_t static_shared_bytes = 0;
  std::int64_t local_bytes = 0;
  int binary_arch = 0;
  // How many blocks of the planned launch an SM holds at once, where it was asked (a library's kernel): it
  // knows of named barriers and other needs that the calculator is not told.
  std::optional<int> blocks_per_sm;
};
std::optional<DriverResources> driver_resources(const core::KernelPlan& kernel);

}  // namespace flashcore::collectors
