// The table behind "auto": which phase is the fastest for a call on a device, by measured times.
//
// kernels/fastest_phase.csv holds what was measured: for each problem on each device the phases with the
// times of a launch, the fastest first. scripts/measure_fastest writes it from a database or from
// `flashcore-profile --json`; the build embeds it. The answer for a call is the order of the nearest measured
// problem (fastest_order(), below), and of that order the first phase that serves the call on this device, is
// installed and can be planned. Phases that were not measured there come after it, the highest rung first: so
// does every phase where nothing was measured.
//
// Owns: the table's rows. Units: microseconds of a launch in a replayed graph, warm caches. Threads:
// immutable once read; fastest_phase() from any thread. Errors: where no phase is left, the first that
// is not kUsage (else kUsage), with each one's reason; kFile with line and cause where a table cannot be
// read.
//
//   std::unique_ptr<PlannedLaunch> plan;
//   auto phase = fastest_phase(call, device, [&](const PhaseDescriptor& phase) -> core::Status {
//     auto planned = plan_launch(phase, call, device);
//     if (!planned) return core::fail(planned.error());
//     plan = std::move(*planned);
//     return {};
//   });
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention.h"
#include "core/result.h"
#include "kernels/attention_call.h"
#include "kernels/phase.h"
#include "kernels/planned_launch.h"

namespace flashcore::kernels {

struct MeasuredPhase {
  std::string id;
  double microseconds = 0;
};

struct MeasuredProblem {
  std::string device;  // the driver's name, for the reader
  int compute = 0;     // 10 * major + minor; with sm_count: the class of device
  int sm_count = 0;
  core::AttentionProblem problem;
  std::vector<MeasuredPhase> phases;  // the fastest first
};

class FastestTable {
 public:
  FastestTable() = default;  // nothing was measured

  // Lines of kernels/fastest_phase.csv: "#" and what follows is a comment, the first other line names the
  // columns.
  static core::Result<FastestTable> parse(std::string_view text);

  std::span<const MeasuredProblem> rows() const noexcept { return rows_; }

  // The nearest measured problem; null where nothing was measured. Only rows of the nearest D count, of those
  // only rows of the nearest class of device (compute capability before count of SMs), and of those the least
  // distance in log2 of B * H, H / Hkv, Sq and Sk, where another mask counts as much as twice the keys and
  // another dtype half of that. Of rows equally near the first.
  const MeasuredProblem* nearest(const core::AttentionProblem& problem, const DeviceTraits& device) const;

 private:
  std::vector<MeasuredProblem> rows_;
};

// The table that was built in. An error only if the file in the tree is broken, which a test excludes.
const core::Result<FastestTable>& built_in_fastest_table();

// The phases in the order in which they are to be asked.
std::vector<const PhaseDescriptor*> fastest_order(const FastestTable& table,
                                                  std::span<const PhaseDescriptor* const> phases,
                                                  const core::AttentionProblem& problem,
                                                  const DeviceTraits& device);

// Whether any of `phases` serves the call on some GPU; else each one's reason (check_supported()).
core::Status check_any_supported(std::span<const PhaseDescriptor* const> phases, const AttentionCall& call);

// What stands against a phase. Plans it where only that tells: a library may refuse a call that nothing spoke
// against before (cuDNN finds no engine).
using TryPhase = std::function<core::Status(const PhaseDescriptor&)>;

// The first of them, in that order, that `attempt` lets pass; none after it is asked. Where none passes, the
// detail has each one's reason.
core::Result<const PhaseDescriptor*> fastest_phase(const FastestTable& table,
                                                   std::span<const PhaseDescriptor* const> phases,
                                                   const AttentionCall& call, const DeviceTraits& device,
                                                   const TryPhase& attempt);

// The same by the built-in table, over all phases that are not hidden.
core::Result<const PhaseDescriptor*> fastest_phase(const AttentionCall& call, const DeviceTraits& device,
                                                   const TryPhase& attempt);

}  // namespace flashcore::kernels
