// Stopwatch: times single launches and replays of a graph on one stream, each with the effective clock at
// which it ran.
//
// A single launch, warm: stamp, wait, event, launch, event, stamp. The host waits for the first stamp, so the
// GPU is idle when the launch comes: the host's part of the launch is in its time, and in its clock. Cold:
// flush, stamp, event, launch, event, stamp without a wait; the flush hides the host's part.
// A warm replay: stamp, event, graph, event, stamp. The first stamp keeps the GPU busy until the host has
// enqueued the rest, so that no waiting for the host lies between the events; a second replay is enqueued
// while one runs. A cold replay has its events and stamps around each launch (timing_replay.h); its time is
// the mean of the launches, its clock their cycles over their time from stamp to stamp.
// A beat is called when all of its sample is enqueued, the last stamp too: nothing that it does is in the
// sample.
//
// Owns: its stream, events, stamps, and the flush when cold. Waits for the stream when it ends. Units: ns,
// MHz. Threads: one, with the device current. Errors: kDevice, kNoDevice; those of the launch and of the
// beat.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <optional>
#include <vector>

#include "collectors/cuda/cache_flush.h"
#include "collectors/cuda/clock_stamps.h"
#include "collectors/cuda/timing_replay.h"
#include "core/launchable.h"
#include "core/records.h"
#include "core/result.h"
#include "cuda/runtime/handles.h"

namespace flashcore::collectors {

struct Reading {
  double ns = 0;  // of one launch
  std::optional<double> effective_clock_mhz;
  std::optional<double> stamped_ns;  // that the clock is of: from stamp to stamp, of all launches
};

class Stopwatch {
 public:
  // Called with the number of each sample, 0, 1, ..., while it runs on the GPU; an error ends the sampling.
  using Beat = std::function<core::Status(int sample)>;

  Stopwatch() = default;
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  // Once, before all else. Waits for the device: inputs may have been filled on another stream.
  core::Status open(core::CacheState cache);

  cudaStream_t stream() const noexcept { return stream_.get(); }
  // Null when warm. Its stamps are those of this stopwatch.
  const ColdLaunches* cold() const noexcept { return cold_ ? &*cold_ : nullptr; }
  core::Status wait() const;

  core::Result<std::vector<Reading>> singles(core::Launchable& launchable, int count, const Beat& beat);
  core::Result<std::vector<Reading>> replays(const Replay& replay, int count, const Beat& beat);

 private:
  using Readings = std::vector<Reading>;

  core::Status single_chunk(core::Launchable& launchable, int first, int count, const Beat& beat,
                            Readings& readings);
  core::Status enqueue_single(core::Launchable& launchable, int i);
  core::Status replay_chunk(const Replay& replay, int first, int count, const Beat& beat, Readings& readings);
  core::Result<Reading> cold_replay(const Replay& replay, int sample, const Beat& beat);
  core::Status read_chunk(int count, int launches, Readings& readings);
  core::Status enqueue_replay(const Replay& replay, int i);
  core::Status record(const std::vector<cuda::Event>& events, int i) const;
  core::Result<double> elapsed_ns(int i) const;

  cuda::Stream stream_;
  std::vector<cuda::Event> starts_, stops_;
  std::optional<ClockStamps> stamps_;
  std::optional<CacheFlush> flush_;
  std::optional<ColdLaunches> cold_;  // flush_ and stamps_
  double spin_ns_ = 0;
};

}  // namespace flashcore::collectors
