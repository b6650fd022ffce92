// Workbench: everything outside that profiling needs: subjects, a device, collectors, helper processes. The
// real one stands on kernels/ and collectors/; tests put fakes in its place and need no GPU.
//
// Owns: the helper processes, which stay warm from run to run and, in a worker, from request to request.
// Threads: one. Errors: as the parts behind it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/registry.h"
#include "core/cancel.h"
#include "core/launchable.h"
#include "core/phase.h"
#include "core/records.h"
#include "core/result.h"

namespace flashcore::session {

// A subject that can be prepared and launched, without CUDA in sight.
struct BenchSubject {
  core::PhaseInfo info;
  std::string source_hash;
  std::function<core::Status(const core::Problem&)> supports;
  std::function<std::optional<core::ModelRecord>(const core::Problem&)> model;
  std::function<std::int64_t(const core::Problem&)> device_bytes;  // tensors and workspace together
  std::function<core::Status()> available;  // of things outside this program; may be empty
};

// A subject with its problem's data on the device.
class Prepared {
 public:
  virtual ~Prepared() = default;
  virtual core::Launchable& launchable() = 0;
  virtual core::Status reseed(std::uint64_t seed) = 0;
  virtual core::Result<core::CheckRecord> check() = 0;
};

// A process of its own in which one collector stays ready.
class Helper {
 public:
  virtual ~Helper() = default;
  // Tells it to set itself up; does not wait.
  virtual core::Status start(const std::string& collector, int device,
                             const collectors::CollectOptions& options) = 0;
  // Waits until it is set up, has died or `patience` is over: its set-up works on the GPU that is timed next.
  virtual void settle(std::chrono::milliseconds patience, const core::CancelToken& cancel) {
    (void)patience;
    (void)cancel;
  }
  // kExternalTool where it died or fell silent: the caller starts another for the next run.
  virtual core::Result<core::MeasurementRecord> collect(const std::string& subject,
                                                        const core::Problem& problem, std::uint64_t seed,
                                                        const core::CancelToken& cancel,
                                                        const collectors::Progress& progress) = 0;
  virtual bool alive() = 0;
};

class Workbench {
 public:
  virtual ~Workbench() = default;
  virtual std::vector<const BenchSubject*> subjects(bool with_hidden) const = 0;  // by rung
  virtual core::Result<core::DeviceRecord> use_device(int ordinal) = 0;
  virtual core::EnvironmentRecord environment() = 0;
  virtual core::Result<std::unique_ptr<Prepared>> prepare(const BenchSubject& subject,
                                                          const core::Problem& problem,
                                                          std::uint64_t seed) = 0;
  virtual const collectors::Registry& registry() const = 0;
  // Ready for `collector` on `device` with these options; the one that is warm where it fits.
  virtual core::Result<Helper*> helper(const std::string& collector, int device,
                                       const collectors::CollectOptions& options) = 0;
  // Ends it; the next helper() starts a new one.
  virtual void drop_helper(const std::string& collector) = 0;
  virtual collectors::Relaunch relaunch(const BenchSubject& subject, const core::Problem& problem, int device,
                                        std::uint64_t seed, int launches) const = 0;
};

// On this machine. `program`: flashcore-profile, for helpers and relaunches; empty: the running program.
std::unique_ptr<Workbench> machine_workbench(const std::string& program = {});

}  // namespace flashcore::session
