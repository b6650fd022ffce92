// CuptiSession: the set-up of the process for counting on one device (schedule, profiler object, room), and
// the passes of a batch of launches.
//
// Owns: the host object, the profiler object, a stream, the buffer that flushes the caches. Keeps one
// configuration for its life; a batch that needs more room gets a new profiler object (Disable and Enable,
// about 150 ms on an H200), a smaller batch runs in the room that is there.
// Threads: one, with the device current. Errors: what CUPTI refuses is in refusal() or Counted; an error is
// the launches' own (kDevice) or kCancelled.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/cuda/cache_flush.h"
#include "collectors/cuda/range_profiler.h"
#include "collectors/cupti_batches.h"
#include "core/cancel.h"
#include "core/launchable.h"
#include "cuda/runtime/handles.h"

namespace flashcore::collectors {

class CuptiSession {
 public:
  CuptiSession(std::vector<std::string> wanted, core::CacheState cache)
      : wanted_(std::move(wanted)), cache_(cache) {}

  // Loads libcupti and starts its profiler, once a process.
  static core::Status begin(int ordinal);

  // Sets up for the device, once; what stands against it is in refusal() from then on.
  void prepare(int ordinal);

  struct Missing {
    std::string name, reason;
  };
  const std::optional<core::Error>& refusal() const { return refusal_; }
  const std::vector<Missing>& missing() const { return missing_; }
  const std::vector<core::DiagnosticRecord>& said() const { return said_; }
  const CuptiLibrary* library() const { return cupti_; }
  const std::string& chip() const { return device_.chip; }
  // Those that can be taken; empty where none can.
  const std::vector<std::string>& names() const { return names_; }
  cudaStream_t stream() const { return stream_.get(); }

  // The values of one kernel in the order of names(), or why there are none.
  using Values = core::Result<std::vector<double>>;
  struct Counted {
    std::optional<core::Error> refused;
    std::optional<std::string> trouble;  // the ranges are not those of the launches
    bool begun_half_way = false;         // the passes were fewer than the configuration has
    std::size_t passes = 0;
    std::vector<std::vector<Values>> kernels;  // by launchable, then by kernel
    std::vector<core::StepRecord> steps;       // with those of a set-up that nobody has been given yet
  };
  // All launchables in every pass. names() must not be empty.
  core::Result<Counted> count(std::span<core::Launchable* const> launchables,
                              const core::CancelToken& cancel);

 private:
  struct Schedule {
    CuptiHost host;
    CounterConfig config;
  };
  core::Status open(int ordinal);
  core::Status open_device(int ordinal);
  core::Status find_known();
  core::Status schedule_all(std::vector<std::string> names);
  core::Result<Schedule> schedule_some(const std::vector<std::string>& names) const;
  core::Status open_profiler(std::size_t room);
  core::Status ask_availability(const core::Error& why);
  core::Status launch_all(std::span<core::Launchable* const> launchables,
                          const core::CancelToken& cancel) const;
  core::Result<Counted> attempt(std::span<core::Launchable* const> launchables,
                                const core::CancelToken& cancel);
  void evaluate(std::span<const PassShare> shares, const RangeData& data, Counted& counted) const;
  std::optional<core::Error> nothing_counted(const Counted& counted) const;

  std::vector<std::string> wanted_;
  core::CacheState cache_;
  std::optional<int> prepared_for_;
  std::optional<core::Error> refusal_;
  const CuptiLibrary* cupti_ = nullptr;
  CounterDevice device_;
  bool availability_asked_ = false;
  std::vector<std::uint8_t> availability_;
  std::vector<std::string> known_;  // to the chip
  std::vector<std::string> names_;  // that could be scheduled
  std::vector<Missing> missing_;
  std::vector<core::DiagnosticRecord> said_;
  std::vector<core::StepRecord> steps_;  // of the set-up, until a batch takes them
  cuda::Stream stream_;
  std::optional<CacheFlush> flush_;
  std::optional<Schedule> schedule_;
  std::optional<RangeProfiler> profiler_;  // after the schedule: destroyed first
};

}  // namespace flashcore::collectors
