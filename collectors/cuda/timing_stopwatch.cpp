#include "collectors/cuda/timing_stopwatch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

// Samples between two readings of the stamps; what is kept on the GPU stays small whatever is asked for.
constexpr int kChunk = 32;
constexpr int kStamps = 2 * kChunk;  // more than the launches of a cold replay need
constexpr double kLeastSpinNs = 15e3;
constexpr double kMostSpinNs = 300e3;  // the host was interrupted; it will not be the next time
constexpr double kNsPerMs = 1e6;

core::Status fill(std::vector<cuda::Event>& events) {
  for (int i = 0; i < kChunk; ++i) {
    cuda::Event event;
    if (auto status = cuda_status(cudaEventCreate(event.out()), "create an event"); !status) return status;
    events.push_back(std::move(event));
  }
  return {};
}

Reading reading_of(double ns, const std::optional<WindowClock>& clock) {
  Reading reading{ns, {}, {}};
  if (clock) {
    reading.effective_clock_mhz = clock->mhz;
    reading.stamped_ns = clock->ns;
  }
  return reading;
}

}  // namespace

Stopwatch::~Stopwatch() {
  // What still runs after an error reads buffers that others are about to free.
  if (stream_.get() != nullptr) (void)cudaStreamSynchronize(stream_.get());
}

core::Status Stopwatch::open(core::CacheState cache) {
  if (auto status = cuda_status(cudaDeviceSynchronize(), "begin timing"); !status) return status;
  if (auto status = cuda_status(cudaStreamCreateWithFlags(stream_.out(), cudaStreamNonBlocking),
                                "create a stream for timing");
      !status) {
    return status;
  }
  for (auto* events : {&starts_, &stops_}) {
    if (auto status = fill(*events); !status) return status;
  }
  auto stamps = ClockStamps::create(kStamps);
  if (!stamps) return core::fail(stamps.error());
  stamps_ = std::move(*stamps);
  spin_ns_ = kLeastSpinNs;
  if (cache == core::CacheState::kCold) {
    auto flush = CacheFlush::create();
    if (!flush) return core::fail(flush.error());
    flush_ = std::move(*flush);
    cold_ = ColdLaunches{&*flush_, &*stamps_};
  }
  return {};
}

core::Status Stopwatch::wait() const {
  return cuda_status(cudaStreamSynchronize(stream_.get()), "wait for what is timed");
}

core::Status Stopwatch::record(const std::vector<cuda::Event>& events, int i) const {
  return cuda_status(cudaEventRecord(events[static_cast<std::size_t>(i)].get(), stream_.get()),
                     "time with events");
}

core::Result<double> Stopwatch::elapsed_ns(int i) const {
  const auto at = static_cast<std::size_t>(i);
  float ms = 0;
  if (auto status =
          cuda_status(cudaEventElapsedTime(&ms, starts_[at].get(), stops_[at].get()), "time with events");
      !status) {
    return core::fail(status.error());
  }
  return static_cast<double>(ms) * kNsPerMs;
}

core::Result<std::vector<Reading>> Stopwatch::singles(core::Launchable& launchable, int count,
                                                      const Beat& beat) {
  Readings readings;
  for (int first = 0; first < count; first += kChunk) {
    if (auto status = single_chunk(launchable, first, std::min(kChunk, count - first), beat, readings);
        !status) {
      return core::fail(status.error());
    }
  }
  return readings;
}

core::Result<std::vector<Reading>> Stopwatch::replays(const Replay& replay, int count, const Beat& beat) {
  Readings readings;
  if (!replay.marks.empty()) {
    for (int i = 0; i < count; ++i) {
      const auto reading = cold_replay(replay, i, beat);
      if (!reading) return core::fail(reading.error());
      readings.push_back(*reading);
    }
    return readings;
  }
  for (int first = 0; first < count; first += kChunk) {
    if (auto status = replay_chunk(replay, first, std::min(kChunk, count - first), beat, readings); !status) {
      return core::fail(status.error());
    }
  }
  return readings;
}

core::Status Stopwatch::enqueue_single(core::Launchable& launchable, int i) {
  if (cold_) {
    if (auto status = cold_->flush->enqueue(stream()); !status) return status;
  }
  if (auto status = stamps_->enqueue(stream(), 2 * i); !status) return status;
  // Without it the stamp would hide a part of the launch overhead, which a warm single has in it.
  if (!cold_) {
    if (auto status = wait(); !status) return status;
  }
  if (auto status = record(starts_, i); !status) return status;
  if (auto status = launchable.launch(stream()); !status) return status;
  if (auto status = record(stops_, i); !status) return status;
  return stamps_->enqueue(stream(), 2 * i + 1);
}

core::Status Stopwatch::single_chunk(core::Launchable& launchable, int first, int count, const Beat& beat,
                                     Readings& readings) {
  if (auto status = stamps_->clear(stream()); !status) return status;
  for (int i = 0; i < count; ++i) {
    if (auto status = enqueue_single(launchable, i); !status) return status;
    if (auto status = beat(first + i); !status) return status;
    if (auto status = wait(); !status) return status;
  }
  return read_chunk(count, 1, readings);
}

core::Status Stopwatch::read_chunk(int count, int launches, Readings& readings) {
  if (auto status = stamps_->read(stream(), 2 * count); !status) return status;
  for (int i = 0; i < count; ++i) {
    const auto ns = elapsed_ns(i);
    if (!ns) return core::fail(ns.error());
    readings.push_back(reading_of(*ns / launches, stamps_->clock_of_pairs(2 * i, 1)));
  }
  return {};
}

core::Status Stopwatch::enqueue_replay(const Replay& replay, int i) {
  const auto began = std::chrono::steady_clock::now();
  if (auto status = stamps_->enqueue(stream(), 2 * i, spin_ns_); !status) return status;
  if (auto status = record(starts_, i); !status) return status;
  if (auto status = cuda_status(cudaGraphLaunch(replay.graph.get(), stream()), "time " + replay.label);
      !status) {
    return status;
  }
  if (auto status = record(stops_, i); !status) return status;
  // A graph of many nodes takes the host longer to launch than the least spin lasts.
  const std::chrono::duration<double, std::nano> host = std::chrono::steady_clock::now() - began;
  spin_ns_ = std::clamp(2 * host.count(), kLeastSpinNs, kMostSpinNs);
  return stamps_->enqueue(stream(), 2 * i + 1);
}

core::Status Stopwatch::replay_chunk(const Replay& replay, int first, int count, const Beat& beat,
                                     Readings& readings) {
  if (auto status = stamps_->clear(stream()); !status) return status;
  for (int i = 0; i < count; ++i) {
    if (auto status = enqueue_replay(replay, i); !status) return status;
    if (auto status = beat(first + i); !status) return status;
    if (i == 0) continue;
    const cudaEvent_t before = stops_[static_cast<std::size_t>(i - 1)].get();
    if (auto status = cuda_status(cudaEventSynchronize(before), "time " + replay.label); !status) {
      return status;
    }
  }
  return read_chunk(count, replay.launches, readings);
}

// One at a time: the next replay records the same event nodes and stamps anew.
core::Result<Reading> Stopwatch::cold_replay(const Replay& replay, int sample, const Beat& beat) {
  // An SM that a stamp misses must not keep what the replay before left there.
  auto status = stamps_->clear(stream());
  if (status) status = cuda_status(cudaGraphLaunch(replay.graph.get(), stream()), "time " + replay.label);
  if (status) status = beat(sample);
  if (status) status = stamps_->read(stream(), 2 * replay.launches);
  if (!status) return core::fail(status.error());
  const auto ns = cold_launch_ns(replay);
  if (!ns) return core::fail(ns.error());
  return reading_of(*ns, stamps_->clock_of_pairs(0, replay.launches));
}

}  // namespace flashcore::collectors
