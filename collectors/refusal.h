// What it means when CUPTI refuses counters, and what the user can do: a pure mapping from CUPTI's
// result codes, the same in every build, so that it is tested without a GPU.
//
// Owns: nothing. Threads: pure functions. Errors: these are the errors.
// Source: CUPTI 13.0, cupti_result.h; developer.nvidia.com/ERR_NVGPUCTRPERM for the permission.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace flashcore::collectors {

// `result` is a CUptiResult that is not success; `doing` completes "CUPTI could not ...".
core::Error refusal_of(int result, std::string_view doing, std::string detail);

// A virtual GPU whose host does not let its guests read counters.
core::Error virtual_gpu_refusal(std::string detail);

// The refusal that FLASHCORE_SIMULATE_REFUSAL asks for; its message says that it is simulated.
// None for null and "". An unknown value is answered as a refusal that names the known ones: a
// misspelt simulation must not pass for a real measurement.
std::optional<core::Error> simulated_refusal(const char* value);

// The code of the diagnostic of a measurement whose counters were refused, whoever was to take them.
inline constexpr const char* kCountersRefused = "counters_refused";

}  // namespace flashcore::collectors
