// Replay: one launch many times in a CUDA graph, so that the host's part of a launch is out of its time.
//
// Warm: the launches follow each other. Cold: flush, stamp, event, launch, event, stamp for each of them. The
// events stand tight around the launch alone, so neither the flush nor a stamp is in its time; what is in it
// beside the kernel is the way from an event node to the kernel and back. The stamps stand around the events,
// so the flush, which runs at a clock of its own, is not in the launch's clock.
//
// Owns: the instantiated graph and its events; not the flush and the stamps, which must live while it is
// replayed. Threads: one at a time. Errors: kDevice; those of the launch.
#pragma once

#include <cuda_runtime_api.h>

#include <string>
#include <vector>

#include "collectors/cuda/cache_flush.h"
#include "collectors/cuda/clock_stamps.h"
#include "core/launchable.h"
#include "core/result.h"
#include "cuda/runtime/handles.h"

namespace flashcore::collectors {

// What a cold replay puts around each launch.
struct ColdLaunches {
  const CacheFlush* flush = nullptr;
  // Launch i is between the stamps 2 i and 2 i + 1. Null: none are taken.
  ClockStamps* stamps = nullptr;
};

struct Replay {
  cuda::GraphExec graph;
  int launches = 0;
  std::vector<cuda::Event> marks;  // cold: before and after each launch; else none
  std::string label;               // of what is launched
};

// Captures `launches` launches; cold where `cold` is given, whose stamps have room for two a launch. The
// stream is out of capture afterwards, whatever happened. An error says why the launch cannot be captured, or
// that the device failed.
core::Result<Replay> capture_replay(core::Launchable& launchable, int launches, const ColdLaunches* cold,
                                    cudaStream_t stream);

// Mean time of one launch of a cold replay that has ended, from its event nodes.
core::Result<double> cold_launch_ns(const Replay& replay);

}  // namespace flashcore::collectors
