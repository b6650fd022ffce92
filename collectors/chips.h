// The chip of a compute capability, for machines whose CUPTI cannot say: the largest chip of the
// generation, whose counter names its sisters share for the most part.
//
// Owns: nothing. Threads: pure function.
// Source: CUDA C++ Programming Guide 13.0, compute capabilities.
#pragma once

#include <string_view>

namespace flashcore::collectors {

// "GH100" for 9.0; empty for an unknown capability.
std::string_view assumed_chip(int compute_major, int compute_minor) noexcept;

}  // namespace flashcore::collectors
