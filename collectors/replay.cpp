#include "collectors/replay.h"

namespace flashcore::collectors {

void ReplayCollector::serve(Sink& sink) const {
  for (const auto& sample : recorded_.samples) sink.sample(sample);
  for (const auto& counter : recorded_.counters) sink.counter(counter);
  for (const auto& resource : recorded_.resources) sink.resource(resource);
  for (const auto& diagnostic : recorded_.diagnostics) sink.diagnostic(diagnostic);
  for (const auto& artifact : recorded_.artifacts) sink.artifact(artifact);
}

core::Status ReplayCollector::collect(core::Launchable&, Sink& sink, const core::CancelToken& cancel,
                                      const Progress& progress) {
  if (cancel.requested()) {
    return core::fail(core::ErrorCode::kCancelled, "the replay was stopped");
  }
  if (progress) progress(0, 1);
  serve(sink);
  if (progress) progress(1, 1);
  return {};
}

}  // namespace flashcore::collectors
