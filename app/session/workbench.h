// Workbench: everything outside that profiling needs: subjects, a device, collectors, helper processes. The
// real one stands on kernels/ and collectors/; tests put fakes in its place and need no GPU.
//
// Owns: the helper processes (app/session/helper_pool.h).
// Threads: one. Errors: as the parts behind it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/session/helper_pool.h"
#include "collectors/collector.h"
#include "collectors/registry.h"
#include "core/input_kind.h"
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
  std::function<std::int64_t(const core::Problem&)> device_bytes;  // tensors, reference, workspace together
  // The part of device_bytes that subjects prepared for one problem have together; may be empty: none.
  std::function<std::int64_t(const core::Problem&)> shared_bytes;
  std::function<core::Status()> available;  // of things outside this program; may be empty
};

// A subject with its problem's data on the device. Subjects that are prepared for one problem and device
// share their inputs and the reference: what one loads, all have.
class Prepared {
 public:
  virtual ~Prepared() = default;
  virtual core::Launchable& launchable() = 0;
  // Fills the inputs; nothing is done where they are already these.
  virtual core::Status load(core::InputKind input, std::uint64_t seed) = 0;
  // Overwrites the output with NaN, so that an element which no launch writes is seen.
  virtual core::Status poison() = 0;
  // Poisons, launches once and compares every element with the reference in fp64.
  virtual core::Result<core::CheckRecord> check() = 0;
  // Compares what the last launch left, on the inputs that are loaded: for a fault that shows only back to
  // back.
  virtual core::Result<core::CheckRecord> check_output() = 0;
};

class Workbench {
 public:
  virtual ~Workbench() = default;
  virtual std::vector<const BenchSubject*> subjects(bool with_hidden) const = 0;  // by rung
  virtual core::Result<core::DeviceRecord> use_device(int ordinal) = 0;
  virtual core::EnvironmentRecord environment() = 0;
  // With normal inputs of `seed`. kUsage where the device's memory does not hold it.
  virtual core::Result<std::unique_ptr<Prepared>> prepare(const BenchSubject& subject,
                                                          const core::Problem& problem,
                                                          std::uint64_t seed) = 0;
  virtual const collectors::Registry& registry() const = 0;
  virtual HelperPool& helpers() = 0;
  // Looks on a thread of its own for what these need of the world outside: their available(), which is asked
  // as ever, has less to wait for.
  virtual void look_for(std::span<const BenchSubject* const> subjects) { (void)subjects; }
  // Nothing is launched from this process until the next use_device(). Where the process ends with its
  // request, the device is given back while helpers work: it takes a while, and would be waited for at the
  // end.
  virtual void finish_launching() {}
  virtual collectors::Relaunch relaunch(const BenchSubject& subject, const core::Problem& problem, int device,
                                        std::uint64_t seed, int launches) const = 0;
};

// Whether the process ends with its first request.
enum class Requests { kOne, kMany };

// On this machine. `program`: flashcore-profile, for helpers and relaunches; empty: the running program.
std::unique_ptr<Workbench> machine_workbench(Requests requests = Requests::kMany,
                                             const std::string& program = {});

}  // namespace flashcore::session
