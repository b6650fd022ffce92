// ReplayCollector: serves a recorded run as if it were measured now. What it serves is marked as a
// recording by the session that asks for it (core::Origin::kRecording).
//
// Owns: a copy of the recorded run. Threads: any. Errors: none of its own.
#pragma once

#include "collectors/collector.h"

namespace flashcore::collectors {

class ReplayCollector final : public Collector {
 public:
  explicit ReplayCollector(core::RunRecord recorded) : recorded_(std::move(recorded)) {}
  std::string_view id() const override { return "replay"; }
  // The launchable is not launched; nullptr-like stand-ins are fine.
  core::Status collect(core::Launchable& launchable, Sink& sink, const core::CancelToken& cancel,
                       const Progress& progress) override;
  // The same without a launchable.
  void serve(Sink& sink) const;

 private:
  core::RunRecord recorded_;
};

}  // namespace flashcore::collectors
