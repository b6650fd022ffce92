#include "collectors/cuda/timing_replay.h"

#include <fmt/format.h>

#include <utility>

#include "cuda/runtime/error.h"

namespace flashcore::collectors {

using cuda::cuda_status;

namespace {

constexpr double kNsPerMs = 1e6;

core::Status enqueue_mark(const cuda::Event& mark, cudaStream_t stream) {
  // External: a node that records when it runs; else the capture would take the event for an edge.
  return cuda_status(cudaEventRecordWithFlags(mark.get(), stream, cudaEventRecordExternal),
                     "put an event in a graph");
}

core::Status enqueue_stamp(const ColdLaunches& cold, int index, cudaStream_t stream) {
  return cold.stamps == nullptr ? core::Status() : cold.stamps->enqueue(stream, index);
}

// One launch after a flush, between two event nodes, and these between two stamps.
core::Status enqueue_cold(const Replay& replay, core::Launchable& launchable, const ColdLaunches& cold, int i,
                          cudaStream_t stream) {
  const auto at = static_cast<std::size_t>(2 * i);
  if (auto status = cold.flush->enqueue(stream); !status) return status;
  if (auto status = enqueue_stamp(cold, 2 * i, stream); !status) return status;
  if (auto status = enqueue_mark(replay.marks[at], stream); !status) return status;
  if (auto status = launchable.launch(stream); !status) return status;
  if (auto status = enqueue_mark(replay.marks[at + 1], stream); !status) return status;
  return enqueue_stamp(cold, 2 * i + 1, stream);
}

core::Status make_marks(Replay& replay) {
  for (int i = 0; i < 2 * replay.launches; ++i) {
    cuda::Event event;
    if (auto status = cuda_status(cudaEventCreate(event.out()), "create an event"); !status) return status;
    replay.marks.push_back(std::move(event));
  }
  return {};
}

core::Status enqueue_all(const Replay& replay, core::Launchable& launchable, const ColdLaunches* cold,
                         cudaStream_t stream) {
  for (int i = 0; i < replay.launches; ++i) {
    auto status =
        cold == nullptr ? launchable.launch(stream) : enqueue_cold(replay, launchable, *cold, i, stream);
    if (!status) return status;
  }
  return {};
}

}  // namespace

core::Result<Replay> capture_replay(core::Launchable& launchable, int launches, const ColdLaunches* cold,
                                    cudaStream_t stream) {
  if (cold != nullptr && cold->stamps != nullptr && 2 * launches > cold->stamps->room()) {
    return core::fail(core::ErrorCode::kDevice,
                      fmt::format("{} cold launches a graph need {} clock stamps, and there is room for {}",
                                  launches, 2 * launches, cold->stamps->room()),
                      "take fewer launches a graph");
  }
  Replay replay;
  replay.launches = launches;
  replay.label = launchable.label();
  if (cold != nullptr) {
    if (auto status = make_marks(replay); !status) return core::fail(status.error());
  }
  if (auto status = cuda_status(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
                                "begin the capture of a graph");
      !status) {
    return core::fail(status.error());
  }
  const auto launched = enqueue_all(replay, launchable, cold, stream);
  cuda::Graph graph;
  // In every case: a stream that stays in capture would spoil everything that follows.
  const auto ended = cuda_status(cudaStreamEndCapture(stream, graph.out()), "end the capture of a graph");
  if (!launched) return core::fail(launched.error());
  if (!ended) return core::fail(ended.error());
  if (auto status =
          cuda_status(cudaGraphInstantiate(replay.graph.out(), graph.get(), 0), "instantiate a graph");
      !status) {
    return core::fail(status.error());
  }
  // Else the first replay would upload it.
  if (auto status = cuda_status(cudaGraphUpload(replay.graph.get(), stream), "upload a graph"); !status) {
    return core::fail(status.error());
  }
  return replay;
}

core::Result<double> cold_launch_ns(const Replay& replay) {
  double sum_ms = 0;
  for (std::size_t i = 0; i + 1 < replay.marks.size(); i += 2) {
    float ms = 0;
    if (auto status = cuda_status(cudaEventElapsedTime(&ms, replay.marks[i].get(), replay.marks[i + 1].get()),
                                  fmt::format("time {}", replay.label));
        !status) {
      return core::fail(status.error());
    }
    sum_ms += static_cast<double>(ms);
  }
  return sum_ms * kNsPerMs / replay.launches;
}

}  // namespace flashcore::collectors
