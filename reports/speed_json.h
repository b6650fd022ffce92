// The limit of a run's problem and its speed of light as JSON values: shared by --json and the report.
//
// Owns: nothing. Units: as the key says; bytes and B/s as the metric has them. A number that is missing or
// not finite is null, with its reason beside it. Threads: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "analysis/limit.h"
#include "analysis/speed_of_light.h"

namespace flashcore::reports {

nlohmann::ordered_json limit_json(const analysis::ProblemLimit& limit);
nlohmann::ordered_json speed_of_light_json(const analysis::SpeedOfLight& speed);

}  // namespace flashcore::reports
