// How the numbers of both sides are written in a cause or a fact.
//
// Owns: nothing. Units: of analysis/units.h; "#" stands for whole numbers. Threads: pure functions. Errors:
// none.
#pragma once

#include <string>
#include <string_view>

#include "analysis/why/cause_table.h"
#include "analysis/why/counted_run.h"

namespace flashcore::analysis {

// "64 -> 32", "4.19 MB -> 8.39 MB", "0 -> 3.14 M"
std::string from_to(double base, double now, std::string_view unit);
// "registers 64 -> 32"; empty where a side lacks it, or both have the same.
std::string both_numbers(const CountedRun& base, const CountedRun& now, const Shown& shown);
// "Long scoreboard" -> "long scoreboard"; names in capitals stay: "FMA", "MIO throttle".
std::string lower_first(std::string text);

}  // namespace flashcore::analysis
