// Nvml: the driver's management library, opened on first use: driver version, nominal clocks, power,
// temperature, why clocks are held back, who else computes on the GPU. The toolkit does not always bring
// nvml.h, so the few entry points are declared here.
//
// Owns: NVML's initialisation, for the life of the process. Threads: any (NVML is thread-safe).
// Units: MHz, W, degrees Celsius. Errors: what is missing is std::nullopt; why() says what went wrong.
// Source: NVML API reference, r580.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/records.h"

namespace flashcore::collectors {

class Nvml {
 public:
  // A GPU by NVML's handle; only valid while the process lives.
  using Device = void*;

  static const Nvml& instance();

  bool available() const noexcept { return available_; }
  const std::string& why() const noexcept { return why_; }
  std::string driver_version() const;
  std::string library_version() const;

  // By PCI bus id ("0000:1b:00.0"): CUDA's ordinals are not NVML's.
  std::optional<Device> device(const std::string& pci_bus_id) const;
  // Nominal: what the driver set. What the SMs do under load is collectors/clock_review.h's.
  std::optional<double> sm_clock_mhz(Device device) const;
  // Bits of nvmlClocksEventReasons.
  std::optional<std::uint64_t> clock_reasons(Device device) const;
  // Processes with a compute context on the GPU that are not this program's own (see count_others).
  std::optional<std::int64_t> other_processes(Device device) const;
  // Everything that a clock log holds, as it is now; at_ms is the caller's. Takes longer than a clock alone.
  core::ClockRecord clock_record(Device device) const;

 private:
  Nvml();

  bool available_ = false;
  std::string why_;
  int (*init_)() = nullptr;
  int (*driver_version_)(char*, unsigned) = nullptr;
  int (*library_version_)(char*, unsigned) = nullptr;
  int (*handle_by_bus_id_)(const char*, Device*) = nullptr;
  int (*clock_info_)(Device, int, unsigned*) = nullptr;
  int (*clock_reasons_)(Device, unsigned long long*) = nullptr;
  int (*power_usage_)(Device, unsigned*) = nullptr;
  int (*temperature_)(Device, int, unsigned*) = nullptr;
  int (*processes_)(Device, unsigned*, void*) = nullptr;
  std::size_t process_bytes_ = 0;  // of one entry that processes_ fills
};

// How many of `pids` are strangers. A program's own are `own`, its children and theirs, its parents, and who
// shares its process group: a helper that counts is not company. Nothing where `own` is not among them though
// it computes: then the driver names processes as another machine does (a container), and none can be told.
std::optional<std::int64_t> count_others(std::span<const unsigned> pids, unsigned own);

// Names of the reasons that slow a kernel down ("power cap", "thermal slowdown"); idle and the user's
// own clock settings are none.
std::vector<std::string> slowdown_names(std::uint64_t reasons);

}  // namespace flashcore::collectors
