// Measurements and the options of their collectors as JSON, for helper processes: what one process took is
// the same in another, bit for bit. Missing stays missing; NaN and the infinities travel as words, text that
// is no UTF-8 as its bytes. Names of enumerations are those of core/names.h; an unknown one is an error.
//
// Owns: nothing. Errors: kUsage with what is wrong: no object, a key too few or too many, a value of another
// type. Threads: pure functions.
//
//   auto back = parse_measurement(measurement_json(m));  // *back == m
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::session {

std::string measurement_json(const core::MeasurementRecord& measurement);
core::Result<core::MeasurementRecord> parse_measurement(std::string_view text);

// A list of them.
std::string measurements_json(const std::vector<core::MeasurementRecord>& measurements);
core::Result<std::vector<core::MeasurementRecord>> parse_measurements(std::string_view text);

std::string options_json(const collectors::CollectOptions& options);
core::Result<collectors::CollectOptions> parse_options_json(std::string_view text);

}  // namespace flashcore::session
