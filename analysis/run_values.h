// Run variables: what a formula may use beside counters. Each has a value for a run, or the reason why
// not, and says where it came from.
//
// Owns: plain values. Units are in the names. Threads: pure functions.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "analysis/aggregate.h"
#include "core/records.h"

namespace flashcore::analysis {

struct RunVariable {
  std::string_view name;
  std::string_view source;       // "timing", "model", "device", "resources"
  std::string_view description;  // for docs/metrics.md, which a test compares with this table
};

std::span<const RunVariable> run_variables() noexcept;
const RunVariable* find_run_variable(std::string_view name) noexcept;

struct RunValue {
  std::optional<double> value;
  std::string reason;      // why it is missing
  std::string provenance;  // "timing (graph p50 of 100)", "model", "resources (driver+ptxas)"
};

// Every run variable of a run. Timing of a run whose answer is wrong or was not checked is missing.
std::map<std::string, RunValue, std::less<>> run_values(const core::RunRecord& run);

// Empty where the run's times are a result; else why they are not. The one place that asks.
std::string timing_objection(const core::RunRecord& run);

}  // namespace flashcore::analysis
