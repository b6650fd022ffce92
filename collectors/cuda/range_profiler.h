// RangeProfiler: CUPTI's range profiler on the current context, one range a kernel (auto range), each
// kernel replayed until every pass is taken (kernel replay: CUPTI saves and restores the memory that the
// kernel writes).
//
// Owns: the profiler object of the context; disabled in the destructor. Threads: one, with the device
// current. Errors: refusals as refusal_of() maps them; nothing is retried.
// Source: CUPTI 13.0 documentation, "CUPTI Range Profiling API".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collectors/cuda/cupti_host.h"

namespace flashcore::collectors {

// What the current device and context allow, found once.
struct CounterDevice {
  std::string chip;
  std::vector<std::uint8_t> availability;
  CUcontext context = nullptr;
};

// Starts CUPTI's profiler, once a process. Never undone: undoing it while a context lives makes a later
// start fail. Everything else that asks CUPTI about a device comes after it: without it
// cuptiDeviceGetChipName reads through a null pointer (seen with CUDA 13.0 on an H200).
core::Status initialize_profiler(const CuptiLibrary& cupti);

// Starts the profiler and asks whether this device may be profiled.
core::Result<CounterDevice> open_counter_device(const CuptiLibrary& cupti);

// The values of one launch's kernels.
struct RangeData {
  std::vector<std::uint8_t> image;
  std::size_t ranges = 0;
  std::size_t dropped = 0;
};

class RangeProfiler {
 public:
  static core::Result<RangeProfiler> create(const CuptiLibrary& cupti, CUcontext context);
  RangeProfiler(RangeProfiler&&) noexcept;
  RangeProfiler& operator=(RangeProfiler&&) = delete;
  ~RangeProfiler();

  // Takes all passes of `config` around `work`, which launches kernels and waits for them. When `work`
  // fails its error is returned as it is; `failed_in_work` tells the two apart.
  core::Result<RangeData> measure(const CounterConfig& config, std::size_t max_ranges,
                                  const std::function<core::Status()>& work, bool& failed_in_work);

 private:
  RangeProfiler(const CuptiLibrary& cupti, CUpti_RangeProfiler_Object* object)
      : cupti_(&cupti), object_(object) {}
  core::Status take_pass(const std::function<core::Status()>& work, bool& all_passes,
                         bool& failed_in_work) const;
  core::Status check(CUptiResult result, std::string_view doing) const;
  core::Result<std::vector<std::uint8_t>> empty_image(const CounterConfig& config,
                                                      std::size_t max_ranges) const;
  core::Status set_config(const CounterConfig& config, std::size_t max_ranges,
                          std::vector<std::uint8_t>& image) const;

  const CuptiLibrary* cupti_;
  CUpti_RangeProfiler_Object* object_;
};

}  // namespace flashcore::collectors
