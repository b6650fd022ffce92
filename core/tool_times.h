// The names under which tools tell how long a launch took, for runs that nobody here timed: lists (store) and
// analysis choose by the same table, so that they cannot disagree.
//
// Owns: static data. Units: the values of these counters are nanoseconds. Threads: any.
// Source: CUPTI and ncu name the first; nvbench's --json the others, the last in files of 2021.
#pragma once

#include <array>
#include <string_view>

namespace flashcore::core {

struct ToolTime {
  std::string_view counter, title;  // vendor name, and what it is called
};

// The best first.
inline constexpr std::array kToolTimes{
    ToolTime{"gpu__time_duration.sum", "gpu__time_duration.sum"}, ToolTime{"nv/cold/time/gpu/mean", "mean"},
    ToolTime{"nv/batch/time/gpu/mean", "batch mean"}, ToolTime{"Average GPU Time (Cold)", "mean"}};

}  // namespace flashcore::core
