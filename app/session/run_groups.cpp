#include "app/session/run_groups.h"

#include <algorithm>

namespace flashcore::session {
namespace {

std::int64_t shared_bytes(const PlannedRun& run) {
  return run.subject->shared_bytes ? run.subject->shared_bytes(run.problem) : 0;
}

}  // namespace

std::int64_t bytes_together(std::span<const PlannedRun* const> runs) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    bytes += runs[i]->subject->device_bytes(runs[i]->problem);
    const bool is_there = std::any_of(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const auto* other) { return other->problem == runs[i]->problem; });
    if (is_there) bytes -= shared_bytes(*runs[i]);
  }
  return bytes;
}

std::vector<std::vector<std::size_t>> group_runs(std::span<const PlannedRun* const> runs,
                                                 const GroupLimits& limits) {
  std::vector<std::vector<std::size_t>> groups;
  std::vector<const PlannedRun*> last;  // the runs of the last group
  for (std::size_t i = 0; i < runs.size(); ++i) {
    last.push_back(runs[i]);
    const bool full = limits.runs != 0 && last.size() > limits.runs;
    const bool other = limits.one_problem && !(last.front()->problem == runs[i]->problem);
    if (groups.empty() || full || other || bytes_together(last) > limits.bytes) {
      groups.emplace_back();
      last = {runs[i]};
    }
    groups.back().push_back(i);
  }
  return groups;
}

}  // namespace flashcore::session
