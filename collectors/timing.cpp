#include "collectors/timing.h"

#include <algorithm>
#include <utility>

namespace flashcore::collectors {
namespace {

constexpr int kEnoughReplays = 10;

}  // namespace

int graph_samples(int iterations) {
  return std::max(iterations / 2, std::min(iterations, kEnoughReplays));
}

core::Result<core::MeasurementRecord> TimingCollector::collect(const Target& target,
                                                               const core::CancelToken& cancel,
                                                               const Progress& progress) {
  auto measurements = collect_together(std::span(&target, 1), cancel, progress);
  if (!measurements) return core::fail(measurements.error());
  return std::move(measurements->front());
}

}  // namespace flashcore::collectors
