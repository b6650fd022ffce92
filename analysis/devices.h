// What architectures do a clock (analysis/catalogue/devices.toml): the rates behind the ceilings.
//
// Owns: static data, parsed once. Units: FLOP, operations or bytes a clock, an SM except for L2.
// Threads: any. Errors: an architecture that is not listed is a nullptr; a rate that the vendor does not
// document has a reason in place of a value. Every rate names its document.
#pragma once

#include <optional>
#include <string>

#include "core/records.h"

namespace flashcore::analysis {

struct Rate {
  std::optional<double> value;
  std::string source;   // the vendor's document
  std::string missing;  // why there is no value
};

struct DeviceRates {
  std::string title;    // "Hopper, GH100"
  Rate tensor_f16;      // dense FP16 with FP32 accumulation by the fastest instruction, FLOP a clock and SM
  Rate tensor_f16_mma;  // the same by mma.sync, where that is slower (Hopper: wgmma alone reaches the peak)
  Rate fp32;            // FLOP a clock and SM
  Rate mufu;            // special functions a clock and SM
  Rate l2;              // bytes a clock of the whole chip
  Rate l1;              // bytes a clock and SM, shared memory and L1 together
};

// By compute capability, and by product where products of one architecture differ. For a device that is
// not listed all rates are missing, with that as the reason.
DeviceRates rates_of(const core::DeviceRecord& device);

// The chip whose formulas a device takes: its own, or, where only its compute capability is known, one of
// that architecture (all of them carry the same counters). Empty where neither is known.
std::string formula_chip(const std::optional<core::DeviceRecord>& device);

// Why a value that needs the device is missing, where a run does not say which it ran on.
inline constexpr const char* kNoDevice = "the run does not say which device it ran on";

// Bytes a second of DRAM at the device's highest memory clock (double data rate); nothing where the
// driver did not say the clock or the bus width.
std::optional<double> dram_peak_bandwidth(const core::DeviceRecord& device);

}  // namespace flashcore::analysis
