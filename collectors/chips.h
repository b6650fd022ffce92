// The chip of a GPU by what the runtime says of it, for a process that must not load CUPTI (which knows).
//
// Where a compute capability has one chip, or the count of SMs or the name leaves one, it is certain. Else it
// is the largest of its generation, whose counter names its sisters share; a counter that the chip lacks
// after all is missing in the measurement, which names the chip as CUPTI does.
//
// Owns: nothing. Threads: pure functions.
// Source: CUDA C++ Programming Guide 13.0, compute capabilities; NVIDIA's architecture white papers (GA102,
// Ada, RTX Blackwell) for the SMs of each chip.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace flashcore::collectors {

struct ChipGuess {
  std::string_view name;  // "GH100"; empty for an unknown capability
  bool certain = false;
};
ChipGuess guess_chip(int compute_major, int compute_minor, int sm_count,
                     std::string_view device_name) noexcept;

// "GPU-8a56a4bc-fd1d-3e72-9d3a-0a1b2c3d4e5f", as nvidia-smi writes a card's UUID; empty where all are zero.
std::string uuid_text(std::span<const std::uint8_t, 16> bytes);

}  // namespace flashcore::collectors
