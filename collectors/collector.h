// Collector: takes one measurement of a target. It never sees a database and never sees kernels/: what it
// measures is a core::Launchable, or a command that launches the same thing in a process of its own.
//
// Owns: nothing. Threads: one; with the device current where there is one.
// Errors: prepare() and collect() return an error only for what makes the run worthless (the kernel failed:
// kDevice; the user cancelled: kCancelled). What stands against the collector itself (counters refused, a
// tool missing or broken) is a measurement whose status and reason say so, with a diagnostic that has the
// remedy and, where counters were asked for, each of them missing with that reason.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "core/launchable.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::collectors {

// How the same launches are made by a process of its own: what a profiler from outside is pointed at. The
// process launches `launches` times and ends.
struct Relaunch {
  std::string program;
  std::vector<std::string> arguments;
};

struct Target {
  int device_ordinal = 0;
  std::optional<core::DeviceRecord> device;
  core::Launchable* launchable = nullptr;          // null where it is launched elsewhere
  std::function<Relaunch(int launches)> relaunch;  // empty where it cannot be
  std::string label;                               // "wmma on mission": for messages and NVTX
};

// What the user asked for, the same for all collectors; each takes what concerns it.
struct CollectOptions {
  int warmup = 20;  // launches at least, before anything is timed
  int iterations = 100;
  core::CacheState cache = core::CacheState::kWarm;
  std::vector<std::string> counters;  // vendor names, of the catalogue's set for the device's chip
  std::string counter_set = "standard";
  std::string nvtx_filter;            // PHASE/PROBLEM/STEP (collectors/nvtx_filter.h); empty: everything
  std::string ncu_path;               // empty: PATH, then the toolkit's places
  std::vector<std::string> ncu_sets;  // ncu's own sets ("detailed"), in place of `counters`
  bool keep_report = false;           // the .ncu-rep as an artifact
};

// done of total steps of the collector's own; called at least at the start and the end.
using Progress = std::function<void(int done, int total)>;

class Collector {
 public:
  virtual ~Collector() = default;
  virtual std::string_view id() const = 0;

  // What of prepare() needs none of the options, done for the process: opening libraries, starting a driver's
  // profiler. Another collector of this kind then finds it done, so it may be asked of one that was made with
  // no options. Optional, with the device current; what fails here prepare() finds again, and tells.
  virtual core::Status begin(int device_ordinal) {
    (void)device_ordinal;
    return {};
  }

  // What can be done before the first target is there: opening libraries, contexts, schedules. Called at
  // most once, with the device current; collect() does it by itself where it was not called.
  virtual core::Status prepare(int device_ordinal) {
    (void)device_ordinal;
    return {};
  }

  virtual core::Result<core::MeasurementRecord> collect(const Target& target, const core::CancelToken& cancel,
                                                        const Progress& progress) = 0;

  // One measurement a target, in their order. A collector that gains from having several at once overrides
  // it: timing takes its samples in turns (A B C C B A), counters share their passes. All launchables are
  // ready at the same time. Here they are taken one after another.
  virtual core::Result<std::vector<core::MeasurementRecord>> collect_together(std::span<const Target> targets,
                                                                              const core::CancelToken& cancel,
                                                                              const Progress& progress);
};

// A measurement that begins now, with its collector and tool filled in.
core::MeasurementRecord begin_measurement(std::string_view collector, std::string tool,
                                          std::string tool_version);

// Keeps what the launch chose (core::Launchable::choice()) with the measurement; nothing where it chose
// nothing.
void keep_choice(core::MeasurementRecord& measurement, const core::Launchable& launchable);

// Makes `measurement` one that was refused: status, reason, a warning of that code with the remedy, and
// each of `counters` missing with the reason.
void refuse(core::MeasurementRecord& measurement, const core::Error& why, std::string code,
            const std::vector<std::string>& counters);

// Why a collector that works in this process cannot measure a target without a launchable.
core::Error nothing_to_launch(const Target& target);

}  // namespace flashcore::collectors
