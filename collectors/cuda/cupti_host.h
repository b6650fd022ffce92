// CuptiHost: CUPTI's profiler host object, which knows a chip's counters, schedules them into passes
// and computes values from the collected data. It needs neither a driver nor a GPU.
//
// Owns: the host object; freed in the destructor. Threads: one at a time.
// Errors: kUsage for an unknown chip, kExternalTool for anything else that CUPTI reports.
// Source: CUPTI 13.0 documentation, "Profiling Host API".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collectors/cuda/cupti_library.h"

namespace flashcore::collectors {

// A schedule of counters that the GPU's counter hardware understands.
struct CounterConfig {
  std::vector<std::string> names;
  std::vector<std::uint8_t> image;
  std::size_t passes = 0;
};

class CuptiHost {
 public:
  // `availability` may be empty; then every counter of the chip is taken to be there.
  static core::Result<CuptiHost> create(const CuptiLibrary& cupti, const std::string& chip,
                                        std::vector<std::uint8_t> availability);
  CuptiHost(CuptiHost&&) noexcept;
  CuptiHost& operator=(CuptiHost&&) = delete;
  ~CuptiHost();

  // Asks without touching the object's schedule: an unknown name that is added spoils the object.
  bool knows(const std::string& name) const;

  // Adds the names, which must be known, and schedules them. Once an object.
  core::Result<CounterConfig> schedule(std::vector<std::string> names);

  // The values of one range, in the order of `names`; NaN and Inf as CUPTI gives them.
  core::Result<std::vector<double>> evaluate(std::span<const std::uint8_t> counter_data, std::size_t range,
                                             const std::vector<std::string>& names) const;

 private:
  CuptiHost(const CuptiLibrary& cupti, std::vector<std::uint8_t> availability)
      : cupti_(&cupti), availability_(std::move(availability)) {}
  core::Error error(std::string_view doing, CUptiResult result) const;

  const CuptiLibrary* cupti_;
  std::vector<std::uint8_t> availability_;
  CUpti_Profiler_Host_Object* object_ = nullptr;
};

std::vector<const char*> c_strings(const std::vector<std::string>& names);

}  // namespace flashcore::collectors
