// RangeProfiler: CUPTI's range profiler on the current context, one range a kernel (auto range), the passes
// made by launching again (user replay).
//
// Owns: the profiler object of the context, disabled in the destructor, with its one configuration, its room
// for ranges, and the counter data. Threads: one, with the device current. Errors: refusals as refusal_of()
// maps them; nothing is retried.
// Source: CUPTI 13.0 documentation, "CUPTI Range Profiling API". What each call costs was measured on an
// H200.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "collectors/cuda/cupti_host.h"
#include "core/records.h"

namespace flashcore::collectors {

// What the current device and context are to CUPTI, found once.
struct CounterDevice {
  std::string chip;
  CUcontext context = nullptr;
};

// Starts CUPTI's profiler, once a process. Never undone: undoing it while a context lives makes a later
// start fail. Everything else that asks CUPTI about a device comes after it: without it
// cuptiDeviceGetChipName reads through a null pointer (seen with CUDA 13.0 on an H200).
core::Status initialize_profiler(const CuptiLibrary& cupti);

// Starts the profiler and asks whether this device may be profiled.
core::Result<CounterDevice> open_counter_device(const CuptiLibrary& cupti);

// Which counters are free here, for CuptiHost::create(). It takes 100 to 500 ms, and most GPUs have all of
// their chip's: ask only where something went wrong without it.
core::Result<std::vector<std::uint8_t>> counter_availability(const CuptiLibrary& cupti, CUcontext context);

// The counters of all kernels that a measurement launched. Valid until the profiler's next measurement.
struct RangeData {
  std::span<const std::uint8_t> image;
  std::size_t ranges = 0;
  std::size_t dropped = 0;
  std::size_t passes = 0;  // how often the work was done
};

class RangeProfiler {
 public:
  // An object has one configuration and one room for its life, because SetConfig takes effect only the first
  // time: a second one with other counters answers success, goes on with the old passes and reads the new
  // counters as not-a-number. Other counters, or more room, are another object, after this one is gone.
  // Adds the steps "enable" and "image" to `steps`.
  static core::Result<RangeProfiler> create(const CuptiLibrary& cupti, CUcontext context,
                                            CounterConfig config, std::size_t room,
                                            std::vector<core::StepRecord>& steps);
  RangeProfiler(RangeProfiler&&) noexcept;
  RangeProfiler& operator=(RangeProfiler&&) = delete;
  ~RangeProfiler();

  std::size_t room() const noexcept { return room_; }

  // Takes all passes around `work`, which launches kernels and waits for them; adds the steps "image", "first
  // start", "passes" and "decode". When `work` fails its error is returned as it is, and `failed_in_work`
  // tells the two apart. After any error the object is of no more use: its passes stand half-way.
  core::Result<RangeData> measure(const std::function<core::Status()>& work, bool& failed_in_work,
                                  std::vector<core::StepRecord>& steps);

 private:
  struct Pass {
    bool last = false, failed_in_work = false;
    double start_ms = 0;
  };
  RangeProfiler(const CuptiLibrary& cupti, CUpti_RangeProfiler_Object* object, CounterConfig config,
                std::size_t room)
      : cupti_(&cupti), object_(object), config_(std::move(config)), room_(room) {}
  core::Status begin();
  core::Status take_pass(const std::function<core::Status()>& work, Pass& pass) const;
  core::Status check(CUptiResult result, std::string_view doing) const;
  core::Status make_images();
  core::Status set_config();

  const CuptiLibrary* cupti_;
  CUpti_RangeProfiler_Object* object_;
  CounterConfig config_;
  std::size_t room_;
  std::vector<std::uint8_t> pristine_;  // as CUPTI initialised it
  std::vector<std::uint8_t> image_;  // of the measurement; stays where it is, since CUPTI keeps its address
};

}  // namespace flashcore::collectors
