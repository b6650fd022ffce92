// Helper: a process of its own in which one collector stays ready, as the process that times sees it.
// app/session/helper_process.h is the real one; tests put fakes in its place.
//
// Owns: what the implementation says. Threads: one. Errors: as those of helper_process.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "core/cancel.h"
#include "core/problem.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::session {

// One run that a helper is to measure.
struct HelperTask {
  std::string subject;
  core::Problem problem;
  std::uint64_t seed = 0;
};

class Helper {
 public:
  // How far settle() waits for its set-up: until its context is there, or until it could collect.
  enum class SetUp { kContext, kAll };

  virtual ~Helper() = default;
  // Starts it: it makes its context on `device` and whatever else needs no options. begin(), start() and
  // prepare() tell it and do not wait; what it cannot do is the answer to the next collect().
  virtual core::Status begin(const std::string& collector, int device,
                             std::span<const std::string> subjects) = 0;
  virtual core::Status start(const collectors::CollectOptions& options) = 0;
  // Has these on the device, launched once, for the next collect(), after which they are freed. Those that
  // fail are prepared again by collect().
  virtual core::Status prepare(std::span<const HelperTask> tasks) = 0;
  // Waits until its set-up has come so far and what it was told to prepare is done, until it has died or
  // `patience` is over.
  virtual void settle(SetUp until, std::chrono::milliseconds patience, const core::CancelToken& cancel) = 0;
  // One measurement a task, in their order; tasks of one call share what the collector can share (counter
  // passes) and are all prepared at once. kExternalTool where it died or fell silent: nothing of the call is
  // there, and the caller starts another helper and asks it for one task at a time.
  virtual core::Result<std::vector<core::MeasurementRecord>> collect(
      std::span<const HelperTask> tasks, const core::CancelToken& cancel,
      const collectors::Progress& progress) = 0;
  // Tells it to let go of what its collector holds (the GPU's counters) and to end by itself; once.
  virtual void end() = 0;
  // Until it has let go, not until its process has gone.
  virtual void await_end(std::chrono::milliseconds patience) = 0;
  virtual bool alive() = 0;
};

}  // namespace flashcore::session
