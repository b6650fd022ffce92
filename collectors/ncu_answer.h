// What ncu's words mean: why it did not count, and what the user can do. Apart from running it, so that each
// case is tested with what ncu 2025.3.1 really said.
//
// Owns: its strings. Threads: pure functions. Errors: these are the errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/child_process.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::collectors {

struct NcuTrouble {
  core::MeasurementStatus status = core::MeasurementStatus::kFailed;
  std::string code;  // of the diagnostic: "counters_refused", "ncu_failed", ...
  core::Error error;
};

// Nothing where ncu ended well and counted something. `end.errors` holds what the target said as an error.
std::optional<NcuTrouble> ncu_trouble(const core::ChildEnd& end, std::string_view said);

// A version that cannot be used: "2021.3.1.0".
std::optional<NcuTrouble> ncu_too_old(std::string_view version, std::string_view path);

// ncu's own lines of errors, joined; cut.
std::string ncu_errors(std::string_view said);

}  // namespace flashcore::collectors
