// Collector and Sink: how a measurement reaches whoever wants it. A collector measures one
// Launchable and hands records to a sink; it never sees a database.
//
// Owns: nothing. Threads: collect() runs on the caller's thread with the device current; the sink
// is called on that same thread.
// Errors: collect() returns an error only for what makes the run worthless (the kernel failed, the
// user cancelled). What is merely missing (counters refused, NVML absent) goes to the sink as a
// diagnostic, and values as missing with their reason.
#pragma once

#include <functional>
#include <string_view>

#include "core/cancel.h"
#include "core/launchable.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::collectors {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void sample(core::Sample) = 0;
  virtual void counter(core::CounterValue) = 0;
  virtual void resource(core::ResourceRecord) = 0;
  virtual void diagnostic(core::DiagnosticRecord) = 0;
  virtual void artifact(core::ArtifactRecord) = 0;
};

// done of total steps of the collector's own; called at least at the start and the end.
using Progress = std::function<void(int done, int total)>;

class Collector {
 public:
  virtual ~Collector() = default;
  virtual std::string_view id() const = 0;
  virtual core::Status collect(core::Launchable& launchable, Sink& sink, const core::CancelToken& cancel,
                               const Progress& progress) = 0;
};

}  // namespace flashcore::collectors
